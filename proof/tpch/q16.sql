-- an explicit join and OR
select p_brand, p_type, p_size, count(distinct ps_suppkey) as supplier_cnt
from part
join partsupp on ps_partkey = p_partkey
where not (p_brand = 'Brand#45')
    and not (p_type like 'MEDIUM POLISHED%')
    and p_size in (3, 9, 14, 19, 23, 36, 45, 49)
    and not (ps_suppkey in (select s_suppkey from supplier where s_comment like '%Customer%Complaints%'))
group by p_size, p_type, p_brand
order by supplier_cnt desc, p_brand, p_type, p_size;
-- aliases and <> ALL
select p.p_brand, p.p_type, p.p_size, count(distinct ps.ps_suppkey) as supplier_cnt
from partsupp ps, part p
where ps.ps_suppkey <> all (select s.s_suppkey from supplier s where s.s_comment like '%Customer%Complaints%')
    and (
        p.p_size = 49 or p.p_size = 14 or p.p_size = 23 or p.p_size = 45
        or p.p_size = 19 or p.p_size = 3 or p.p_size = 36 or p.p_size = 9
    )
    and p.p_type not like 'MEDIUM POLISHED%'
    and 'Brand#45' <> p.p_brand
    and ps.ps_partkey = p.p_partkey
group by 1, 2, 3
order by 4 desc, 1, 2, 3;
-- CTEs
with wanted as (
    select p_partkey, p_brand, p_type, p_size
    from part
    where p_brand <> 'Brand#45' and p_type not like 'MEDIUM POLISHED%' and p_size in (49, 14, 23, 45, 19, 3, 36, 9)
),
blamed as (select s_suppkey from supplier where s_comment like '%Customer%Complaints%')
select p_brand, p_type, p_size, count(distinct ps_suppkey) as supplier_cnt
from (select * from partsupp where ps_suppkey not in (select s_suppkey from blamed)) ps
join wanted on p_partkey = ps_partkey
group by p_brand, p_type, p_size
order by supplier_cnt desc, p_brand, p_type, p_size;
