-- RIGHT JOIN
select c_count, count(*) as custdist
from (
    select c_custkey, count(o_orderkey) as c_count
    from orders
    right join customer on o_custkey = c_custkey and o_comment not like '%special%requests%'
    group by c_custkey
) c_orders
group by c_count
order by custdist desc, c_count desc;
-- a filter below the join
select c_count, count(*) as custdist
from (
    select c.c_custkey, count(o.o_orderkey) as c_count
    from customer c
    left join (select * from orders where not (o_comment like '%special%requests%')) o on o.o_custkey = c.c_custkey
    group by c.c_custkey
) x
group by c_count
order by 2 desc, 1 desc;
-- CTEs
with plain as (select o_orderkey, o_custkey from orders where o_comment not like '%special%requests%'),
counted as (
    select c_custkey, count(o_orderkey) as c_count
    from customer left join plain on c_custkey = o_custkey
    group by c_custkey
)
select k as c_count, count(1) as custdist
from (select c_count as k from counted) y
group by k
order by custdist desc, c_count desc;
