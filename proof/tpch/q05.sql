-- explicit joins
select n_name, sum(l_extendedprice * (1 - l_discount)) as revenue
from region
join nation on r_regionkey = n_regionkey
join supplier on n_nationkey = s_nationkey
join lineitem on s_suppkey = l_suppkey
join orders on o_orderkey = l_orderkey
join customer on c_custkey = o_custkey and c_nationkey = s_nationkey
where r_name = 'ASIA' and o_orderdate >= date '1994-01-01' and o_orderdate < date '1995-01-01'
group by n_name
order by revenue desc;
-- aliases, and the equality the other way round
select n.n_name, sum(l.l_extendedprice * (1 - l.l_discount)) as revenue
from orders o, lineitem l, customer c, region r, supplier s, nation n
where l.l_orderkey = o.o_orderkey
    and s.s_suppkey = l.l_suppkey
    and o.o_custkey = c.c_custkey
    and c.c_nationkey = n.n_nationkey
    and s.s_nationkey = n.n_nationkey
    and r.r_regionkey = n.n_regionkey
    and 'ASIA' = r.r_name
    and o.o_orderdate < date '1994-01-01' + interval '1' year
    and o.o_orderdate >= date '1994-01-01'
group by n.n_name
order by 2 desc;
-- CTEs
with asia as (select n_nationkey as nk, n_name from nation, region where r_regionkey = n_regionkey and r_name = 'ASIA'),
year_orders as (
    select o_orderkey, c_nationkey
    from orders join customer on o_custkey = c_custkey
    where o_orderdate >= date '1994-01-01' and not o_orderdate >= date '1995-01-01'
)
select n_name, sum(l_extendedprice * (1 - l_discount)) as revenue
from asia
join supplier on s_nationkey = nk
join lineitem on l_suppkey = s_suppkey
join year_orders on l_orderkey = o_orderkey and c_nationkey = nk
group by n_name
order by revenue desc;
