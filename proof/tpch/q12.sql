-- explicit joins and IN
select
    l_shipmode,
    sum(case when o_orderpriority in ('1-URGENT', '2-HIGH') then 1 else 0 end) as high_line_count,
    sum(case when o_orderpriority not in ('1-URGENT', '2-HIGH') then 1 else 0 end) as low_line_count
from lineitem
join orders on l_orderkey = o_orderkey
where (l_shipmode = 'MAIL' or l_shipmode = 'SHIP')
    and l_commitdate < l_receiptdate
    and l_shipdate < l_commitdate
    and l_receiptdate >= date '1994-01-01'
    and l_receiptdate < date '1995-01-01'
group by l_shipmode
order by l_shipmode;
-- aliases and another order
select
    l.l_shipmode,
    sum(case when o.o_orderpriority = '2-HIGH' or o.o_orderpriority = '1-URGENT' then 1 else 0 end) as high_line_count,
    sum(case when not (o.o_orderpriority = '1-URGENT' or o.o_orderpriority = '2-HIGH') then 1 else 0 end) as low_line_count
from lineitem l, orders o
where l.l_receiptdate < date '1994-01-01' + interval '1' year
    and l.l_receiptdate >= date '1994-01-01'
    and l.l_commitdate > l.l_shipdate
    and l.l_receiptdate > l.l_commitdate
    and l.l_shipmode in ('SHIP', 'MAIL')
    and o.o_orderkey = l.l_orderkey
group by 1
order by 1;
-- CTEs
with late as (
    select l_orderkey, l_shipmode
    from lineitem
    where l_shipmode in ('MAIL', 'SHIP')
        and l_shipdate < l_commitdate
        and l_commitdate < l_receiptdate
        and l_receiptdate >= date '1994-01-01'
        and l_receiptdate < date '1994-01-01' + interval '1' year
),
line as (select l_shipmode, o_orderpriority as p from late join orders on o_orderkey = l_orderkey)
select l_shipmode, high_line_count, low_line_count
from (
    select
        l_shipmode,
        sum(case when p <> '1-URGENT' and p <> '2-HIGH' then 1 else 0 end) as low_line_count,
        sum(case when p = '1-URGENT' or p = '2-HIGH' then 1 else 0 end) as high_line_count
    from line
    group by l_shipmode
) x
order by l_shipmode;
