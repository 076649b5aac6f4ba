-- explicit joins and aliases
select c.c_custkey, c.c_name, sum(l.l_extendedprice * (1 - l.l_discount)) as revenue, c.c_acctbal, n.n_name, c.c_address, c.c_phone, c.c_comment
from nation n
join customer c on c.c_nationkey = n.n_nationkey
join orders o on c.c_custkey = o.o_custkey
join lineitem l on l.l_orderkey = o.o_orderkey
where l.l_returnflag = 'R' and o.o_orderdate >= date '1993-10-01' and o.o_orderdate < date '1994-01-01'
group by c.c_name, c.c_custkey, c.c_phone, c.c_acctbal, c.c_comment, n.n_name, c.c_address
order by 3 desc
limit 20;
-- another order
select c_custkey, c_name, sum(l_extendedprice * (1 - l_discount)) as revenue, c_acctbal, n_name, c_address, c_phone, c_comment
from lineitem, nation, orders, customer
where n_nationkey = c_nationkey
    and 'R' = l_returnflag
    and o_orderkey = l_orderkey
    and o_custkey = c_custkey
    and not (o_orderdate < date '1993-10-01')
    and date '1993-10-01' + interval '3' month > o_orderdate
group by 1, 2, 4, 7, 5, 6, 8
order by revenue desc
limit 20;
-- CTEs
with quarter as (
    select * from orders where o_orderdate >= date '1993-10-01' and o_orderdate < date '1993-10-01' + interval '3' month
),
returned as (select * from lineitem where l_returnflag = 'R'),
buyer as (select * from customer join nation on c_nationkey = n_nationkey)
select c_custkey, c_name, sum(l_extendedprice * (1 - l_discount)) as revenue, c_acctbal, n_name, c_address, c_phone, c_comment
from buyer, quarter, returned
where o_custkey = c_custkey and l_orderkey = o_orderkey
group by c_custkey, c_name, c_acctbal, c_phone, n_name, c_address, c_comment
order by revenue desc
limit 20;
