-- explicit joins and aliases
select l.l_orderkey, sum(l.l_extendedprice * (1 - l.l_discount)) as revenue, o.o_orderdate, o.o_shippriority
from lineitem l
join orders o on o.o_orderkey = l.l_orderkey
join customer c on o.o_custkey = c.c_custkey
where l.l_shipdate > date '1995-03-15' and o.o_orderdate < date '1995-03-15' and c.c_mktsegment = 'BUILDING'
group by o.o_shippriority, l.l_orderkey, o.o_orderdate
order by 2 desc, 3
limit 10;
-- filters in derived tables
select l_orderkey, revenue, o_orderdate, o_shippriority
from (
    select l_orderkey, o_orderdate, o_shippriority, sum(l_extendedprice * (1 - l_discount)) as revenue
    from (select * from lineitem where date '1995-03-15' < l_shipdate) i
    join (select * from orders where date '1995-03-15' > o_orderdate) o on i.l_orderkey = o.o_orderkey
    join (select c_custkey from customer where c_mktsegment in ('BUILDING')) c on c.c_custkey = o.o_custkey
    group by l_orderkey, o_orderdate, o_shippriority
) q
order by revenue desc nulls first, o_orderdate
limit 10 offset 0;
-- the other key of the join, and a CTE
with building as (select c_custkey from customer where c_mktsegment = 'BUILDING')
select o_orderkey as l_orderkey, sum(l_extendedprice * (1 - l_discount)) as revenue, o_orderdate, o_shippriority
from orders, building, lineitem
where o_custkey = c_custkey
    and o_orderkey = l_orderkey
    and not (o_orderdate >= date '1995-03-15')
    and not (l_shipdate <= date '1995-03-15')
group by o_orderkey, o_orderdate, o_shippriority
order by revenue desc, o_orderdate
limit 10;
