-- an explicit join
select
    100.00 * sum(case when p_type like 'PROMO%' then l_extendedprice * (1 - l_discount) else 0 end)
    / sum(l_extendedprice * (1 - l_discount)) as promo_revenue
from part
join lineitem on l_partkey = p_partkey
where l_shipdate >= date '1995-09-01' and l_shipdate < date '1995-10-01';
-- aliases and another order
select
    100.00 * sum(case when p.p_type like 'PROMO%' then l.l_extendedprice * (1 - l.l_discount) else 0 end)
    / sum(l.l_extendedprice * (1 - l.l_discount)) as promo_revenue
from part p, lineitem l
where date '1995-09-01' + interval '1' month > l.l_shipdate
    and date '1995-09-01' <= l.l_shipdate
    and p.p_partkey = l.l_partkey;
-- a CTE with the columns computed
with sold as (
    select p_type, l_extendedprice * (1 - l_discount) as price
    from lineitem, part
    where l_partkey = p_partkey and l_shipdate >= date '1995-09-01' and not (l_shipdate >= date '1995-10-01')
)
select 100.00 * promo / total as promo_revenue
from (
    select sum(price) as total, sum(case when p_type like 'PROMO%' then price else 0 end) as promo
    from sold
) x;
