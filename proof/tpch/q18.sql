-- explicit joins
select c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity) as "sum(lineitem.l_quantity)"
from lineitem
join orders on l_orderkey = o_orderkey
join customer on o_custkey = c_custkey
where o_orderkey in (select l_orderkey from lineitem group by l_orderkey having sum(l_quantity) > 300)
group by o_orderkey, o_totalprice, o_orderdate, c_custkey, c_name
order by o_totalprice desc, o_orderdate
limit 100;
-- IN of the other key, and a filter for HAVING
select c.c_name, c.c_custkey, o.o_orderkey, o.o_orderdate, o.o_totalprice, sum(l.l_quantity) as "sum(lineitem.l_quantity)"
from lineitem l, customer c, orders o
where l.l_orderkey = o.o_orderkey
    and o.o_custkey = c.c_custkey
    and l.l_orderkey in (
        select k from (select l_orderkey as k, sum(l_quantity) as q from lineitem group by l_orderkey) x where 300 < q
    )
group by 1, 2, 3, 4, 5
order by 5 desc, 4
limit 100;
-- CTEs and EXISTS
with large as (select l_orderkey as k from lineitem group by l_orderkey having sum(l_quantity) > 300),
big as (select * from orders where exists (select 1 from large where k = o_orderkey))
select c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity) as "sum(lineitem.l_quantity)"
from big
join customer on c_custkey = o_custkey
join lineitem on l_orderkey = o_orderkey
group by c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice
order by o_totalprice desc, o_orderdate
limit 100;
