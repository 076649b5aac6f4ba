-- explicit joins and aliases
select s.s_acctbal, s.s_name, n.n_name, p.p_partkey, p.p_mfgr, s.s_address, s.s_phone, s.s_comment
from part p
join partsupp ps on ps.ps_partkey = p.p_partkey
join supplier s on ps.ps_suppkey = s.s_suppkey
join nation n on n.n_nationkey = s.s_nationkey
join region r on r.r_regionkey = n.n_regionkey
where p.p_size = 15
    and p.p_type like '%BRASS'
    and r.r_name = 'EUROPE'
    and ps.ps_supplycost = (
        select min(b.ps_supplycost)
        from partsupp b
        join supplier t on t.s_suppkey = b.ps_suppkey
        join nation m on t.s_nationkey = m.n_nationkey
        join region q on m.n_regionkey = q.r_regionkey
        where q.r_name = 'EUROPE' and b.ps_partkey = p.p_partkey
    )
order by s.s_acctbal desc, n.n_name, s.s_name, p.p_partkey
limit 100;
-- another order of tables and predicates
select s_acctbal, s_name, n_name, p_partkey, p_mfgr, s_address, s_phone, s_comment
from region, nation, supplier, partsupp, part
where 'EUROPE' = r_name
    and (
        select min(ps_supplycost)
        from region, nation, partsupp, supplier
        where r_name = 'EUROPE'
            and r_regionkey = n_regionkey
            and n_nationkey = s_nationkey
            and ps_suppkey = s_suppkey
            and ps_partkey = p_partkey
    ) = ps_supplycost
    and r_regionkey = n_regionkey
    and n_nationkey = s_nationkey
    and ps_suppkey = s_suppkey
    and ps_partkey = p_partkey
    and p_type like '%BRASS'
    and 15 = p_size
order by 1 desc, 3, 2, 4
limit 100;
-- CTEs
with europe as (
    select n_nationkey, n_name from nation join region on n_regionkey = r_regionkey where r_name = 'EUROPE'
),
offers as (
    select ps_partkey, ps_supplycost, s_acctbal, s_name, n_name, s_address, s_phone, s_comment
    from partsupp
    join supplier on s_suppkey = ps_suppkey
    join europe on s_nationkey = n_nationkey
)
select s_acctbal, s_name, n_name, p_partkey, p_mfgr, s_address, s_phone, s_comment
from offers
join (select p_partkey, p_mfgr from part where p_type like '%BRASS' and p_size = 15) brass on p_partkey = ps_partkey
where ps_supplycost = (
    select min(ps_supplycost)
    from partsupp
    join supplier on s_suppkey = ps_suppkey
    join europe on s_nationkey = n_nationkey
    where ps_partkey = p_partkey
)
order by s_acctbal desc, n_name, s_name, p_partkey
limit 100;
