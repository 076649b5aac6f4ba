-- IN
select o_orderpriority, count(*) as order_count
from orders
where o_orderkey in (select l_orderkey from lineitem where l_commitdate < l_receiptdate)
    and o_orderdate >= date '1993-07-01'
    and o_orderdate < date '1993-07-01' + interval '3' month
group by o_orderpriority
order by o_orderpriority;
-- aliases and another EXISTS
select o.o_orderpriority, count(1) as order_count
from orders as o
where exists (
        select 1
        from lineitem as l
        where l.l_receiptdate > l.l_commitdate and o.o_orderkey = l.l_orderkey
    )
    and date '1993-10-01' > o.o_orderdate
    and date '1993-07-01' <= o.o_orderdate
group by 1
order by 1;
-- CTEs
with quarter as (
    select o_orderkey, o_orderpriority
    from orders
    where not (o_orderdate < date '1993-07-01' or o_orderdate >= date '1993-10-01')
),
late as (select distinct l_orderkey from lineitem where l_commitdate < l_receiptdate)
select o_orderpriority, count(*) as order_count
from quarter
where exists (select * from late where l_orderkey = o_orderkey)
group by o_orderpriority
order by o_orderpriority asc;
