-- aliases
select
    l.l_returnflag,
    l.l_linestatus,
    sum(l.l_quantity) as sum_qty,
    sum(l.l_extendedprice) as sum_base_price,
    sum(l.l_extendedprice * (1 - l.l_discount)) as sum_disc_price,
    sum(l.l_extendedprice * (1 - l.l_discount) * (1 + l.l_tax)) as sum_charge,
    avg(l.l_quantity) as avg_qty,
    avg(l.l_extendedprice) as avg_price,
    avg(l.l_discount) as avg_disc,
    count(1) as count_order
from lineitem as l
where date '1998-12-01' - interval '90' day >= l.l_shipdate
group by l.l_linestatus, l.l_returnflag
order by 1, 2;
-- a CTE
with shipped as (
    select *
    from lineitem
    where not (l_shipdate > date '1998-12-01' - interval '90' day)
)
select
    l_returnflag,
    l_linestatus,
    sum(l_quantity) as sum_qty,
    sum(l_extendedprice) as sum_base_price,
    sum(l_extendedprice * (1 - l_discount)) as sum_disc_price,
    sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) as sum_charge,
    avg(l_quantity) as avg_qty,
    avg(l_extendedprice) as avg_price,
    avg(l_discount) as avg_disc,
    count(*) as count_order
from shipped
group by l_returnflag, l_linestatus
order by l_returnflag asc nulls last, l_linestatus;
-- a derived table with the columns computed
select f as l_returnflag, s as l_linestatus, sum_qty, sum_base_price, sum_disc_price, sum_charge, avg_qty, avg_price, avg_disc, count_order
from (
    select
        f,
        s,
        count(*) as count_order,
        avg(d) as avg_disc,
        avg(p) as avg_price,
        avg(q) as avg_qty,
        sum(net * (1 + t)) as sum_charge,
        sum(net) as sum_disc_price,
        sum(p) as sum_base_price,
        sum(q) as sum_qty
    from (
        select
            l_returnflag as f,
            l_linestatus as s,
            l_quantity as q,
            l_extendedprice as p,
            l_discount as d,
            l_tax as t,
            l_extendedprice * (1 - l_discount) as net
        from lineitem
        where l_shipdate <= date '1998-09-02'
    ) as item
    group by s, f
) as report
order by f, s;
