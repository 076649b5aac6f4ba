-- BETWEEN written out
select sum(l_extendedprice * l_discount) as revenue
from lineitem
where l_quantity < 24
    and l_discount >= 0.05
    and l_discount <= 0.07
    and l_shipdate >= date '1994-01-01'
    and l_shipdate < date '1995-01-01';
-- aliases and another order
select sum(i.l_extendedprice * i.l_discount) as revenue
from lineitem i
where 24 > i.l_quantity
    and not (i.l_discount < 0.05 or i.l_discount > 0.07)
    and date '1994-01-01' + interval '1' year > i.l_shipdate
    and date '1994-01-01' <= i.l_shipdate;
-- filters one in the other
with of_year as (
    select * from (select * from lineitem where l_shipdate >= date '1994-01-01') a
    where l_shipdate < date '1994-01-01' + interval '1' year
)
select sum(p * d) as revenue
from (select l_extendedprice as p, l_discount as d from of_year where l_quantity < 24) b
where d between 0.05 and 0.07;
