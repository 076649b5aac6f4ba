-- explicit joins
select s_name, count(*) as numwait
from lineitem l1
join supplier on s_suppkey = l1.l_suppkey
join orders on o_orderkey = l1.l_orderkey
join nation on n_nationkey = s_nationkey
where n_name = 'SAUDI ARABIA'
    and o_orderstatus = 'F'
    and l1.l_commitdate < l1.l_receiptdate
    and not exists (
        select 1
        from lineitem l3
        where l3.l_receiptdate > l3.l_commitdate
            and l3.l_orderkey = l1.l_orderkey
            and l3.l_suppkey <> l1.l_suppkey
    )
    and exists (
        select 1 from lineitem l2 where l2.l_suppkey <> l1.l_suppkey and l2.l_orderkey = l1.l_orderkey
    )
group by s_name
order by numwait desc, s_name
limit 100;
-- aliases and another order
select s.s_name, count(1) as numwait
from nation n, orders o, lineitem a, supplier s
where n.n_name = 'SAUDI ARABIA'
    and n.n_nationkey = s.s_nationkey
    and not (exists (
        select c.l_orderkey
        from lineitem c
        where a.l_orderkey = c.l_orderkey and not (c.l_suppkey = a.l_suppkey) and c.l_commitdate < c.l_receiptdate
    ))
    and exists (select b.l_comment from lineitem b where a.l_orderkey = b.l_orderkey and a.l_suppkey <> b.l_suppkey)
    and a.l_receiptdate > a.l_commitdate
    and 'F' = o.o_orderstatus
    and a.l_orderkey = o.o_orderkey
    and a.l_suppkey = s.s_suppkey
group by 1
order by 2 desc, 1
limit 100;
-- CTEs
with late as (select l_orderkey as k, l_suppkey as s from lineitem where l_receiptdate > l_commitdate),
saudi as (select s_suppkey, s_name from supplier join nation on s_nationkey = n_nationkey where n_name = 'SAUDI ARABIA')
select s_name, count(*) as numwait
from late l1
join saudi on s_suppkey = l1.s
join (select o_orderkey from orders where o_orderstatus = 'F') f on f.o_orderkey = l1.k
where exists (select * from lineitem l2 where l2.l_orderkey = l1.k and l2.l_suppkey <> l1.s)
    and not exists (select * from late l3 where l3.k = l1.k and l3.s <> l1.s)
group by s_name
order by numwait desc, s_name
limit 100;
