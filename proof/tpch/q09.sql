-- explicit joins and no derived table
select
    n_name as nation,
    extract(year from o_orderdate) as o_year,
    sum(l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity) as sum_profit
from lineitem
join part on p_partkey = l_partkey
join supplier on s_suppkey = l_suppkey
join partsupp on ps_suppkey = l_suppkey and ps_partkey = l_partkey
join orders on o_orderkey = l_orderkey
join nation on s_nationkey = n_nationkey
where p_name like '%green%'
group by n_name, extract(year from o_orderdate)
order by nation, o_year desc;
-- the equalities along other columns
select nation, o_year, sum(amount) as sum_profit
from (
    select
        n.n_name as nation,
        date_part('year', o.o_orderdate) as o_year,
        l.l_extendedprice * (1 - l.l_discount) - ps.ps_supplycost * l.l_quantity as amount
    from nation n, orders o, partsupp ps, lineitem l, supplier s, part p
    where p.p_name like '%green%'
        and p.p_partkey = ps.ps_partkey
        and l.l_partkey = p.p_partkey
        and s.s_suppkey = ps.ps_suppkey
        and s.s_suppkey = l.l_suppkey
        and n.n_nationkey = s.s_nationkey
        and l.l_orderkey = o.o_orderkey
) x
group by o_year, nation
order by 1, 2 desc;
-- CTEs
with green as (select p_partkey from part where p_name like '%green%'),
offer as (
    select ps_partkey, ps_suppkey, ps_supplycost, n_name
    from partsupp
    join supplier on ps_suppkey = s_suppkey
    join nation on n_nationkey = s_nationkey
)
select n_name as nation, extract(year from o_orderdate) as o_year, sum(l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity) as sum_profit
from green
join lineitem on l_partkey = p_partkey
join offer on ps_partkey = l_partkey and ps_suppkey = l_suppkey
join orders on o_orderkey = l_orderkey
group by 1, 2
order by nation, o_year desc nulls first;
