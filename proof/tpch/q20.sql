-- EXISTS and an explicit join
select s_name, s_address
from nation
join supplier on n_nationkey = s_nationkey
where n_name = 'CANADA'
    and exists (
        select 1
        from partsupp
        where ps_suppkey = s_suppkey
            and ps_partkey in (select p_partkey from part where p_name like 'forest%')
            and ps_availqty > (
                select 0.5 * sum(l_quantity)
                from lineitem
                where l_partkey = ps_partkey
                    and l_suppkey = ps_suppkey
                    and l_shipdate >= date '1994-01-01'
                    and l_shipdate < date '1995-01-01'
            )
    )
order by s_name;
-- aliases and another order
select s.s_name, s.s_address
from nation n, supplier s
where 'CANADA' = n.n_name
    and n.n_nationkey = s.s_nationkey
    and s.s_suppkey in (
        select ps.ps_suppkey
        from partsupp ps
        where (
                select 0.5 * sum(l.l_quantity)
                from lineitem l
                where l.l_shipdate < date '1994-01-01' + interval '1' year
                    and l.l_shipdate >= date '1994-01-01'
                    and ps.ps_suppkey = l.l_suppkey
                    and ps.ps_partkey = l.l_partkey
            ) < ps.ps_availqty
            and exists (select * from part p where p.p_partkey = ps.ps_partkey and p.p_name like 'forest%')
    )
order by 1;
-- CTEs
with forest as (select p_partkey from part where p_name like 'forest%'),
of_year as (
    select * from lineitem where l_shipdate >= date '1994-01-01' and l_shipdate < date '1994-01-01' + interval '1' year
),
stock as (
    select ps_suppkey
    from partsupp
    where ps_partkey in (select p_partkey from forest)
        and ps_availqty > (
            select 0.5 * sum(l_quantity) from of_year where l_partkey = ps_partkey and l_suppkey = ps_suppkey
        )
)
select s_name, s_address
from (select * from supplier where s_suppkey in (select ps_suppkey from stock)) s
join (select n_nationkey from nation where n_name = 'CANADA') n on s_nationkey = n_nationkey
order by s_name;
