-- derived tables
select s_suppkey, s_name, s_address, s_phone, total_revenue
from supplier
join (
    select l_suppkey as supplier_no, sum(l_extendedprice * (1 - l_discount)) as total_revenue
    from lineitem
    where l_shipdate >= date '1996-01-01' and l_shipdate < date '1996-04-01'
    group by l_suppkey
) r on s_suppkey = supplier_no
where total_revenue = (
    select max(t)
    from (
        select sum(l_extendedprice * (1 - l_discount)) as t
        from lineitem
        where l_shipdate >= date '1996-01-01' and l_shipdate < date '1996-04-01'
        group by l_suppkey
    ) q
)
order by s_suppkey;
-- another order and aliases
with rev as (
    select l.l_suppkey as k, sum(l.l_extendedprice * (1 - l.l_discount)) as v
    from lineitem l
    where date '1996-01-01' + interval '3' month > l.l_shipdate and date '1996-01-01' <= l.l_shipdate
    group by l.l_suppkey
)
select s.s_suppkey, s.s_name, s.s_address, s.s_phone, r.v as total_revenue
from rev r, supplier s
where (select max(m.v) from rev m) = r.v and r.k = s.s_suppkey
order by 1;
-- the other key of the join
with quarter as (
    select * from lineitem where l_shipdate >= date '1996-01-01' and l_shipdate < date '1996-01-01' + interval '3' month
),
revenue as (
    select l_suppkey, sum(l_extendedprice * (1 - l_discount)) as total_revenue from quarter group by 1
),
best as (select max(total_revenue) as best from revenue)
select l_suppkey as s_suppkey, s_name, s_address, s_phone, total_revenue
from revenue join supplier on l_suppkey = s_suppkey
where total_revenue = (select best from best)
order by s_suppkey;
