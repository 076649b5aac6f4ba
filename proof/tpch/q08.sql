-- explicit joins
select o_year, sum(case when nation = 'BRAZIL' then volume else 0 end) / sum(volume) as mkt_share
from (
    select
        extract(year from o_orderdate) as o_year,
        l_extendedprice * (1 - l_discount) as volume,
        n2.n_name as nation
    from lineitem
    join part on p_partkey = l_partkey
    join supplier on s_suppkey = l_suppkey
    join orders on o_orderkey = l_orderkey
    join customer on c_custkey = o_custkey
    join nation n1 on n1.n_nationkey = c_nationkey
    join region on r_regionkey = n1.n_regionkey
    join nation n2 on n2.n_nationkey = s_nationkey
    where r_name = 'AMERICA'
        and p_type = 'ECONOMY ANODIZED STEEL'
        and o_orderdate between date '1995-01-01' and date '1996-12-31'
) all_nations
group by o_year
order by o_year;
-- another order and other aliases
select y as o_year, sum(case n when 'BRAZIL' then v else 0 end) / sum(v) as mkt_share
from (
    select b.n_name as n, l.l_extendedprice * (1 - l.l_discount) as v, date_part('year', o.o_orderdate) as y
    from region r, nation a, nation b, customer c, orders o, lineitem l, supplier s, part p
    where r.r_name = 'AMERICA'
        and o.o_orderdate >= date '1995-01-01'
        and date '1996-12-31' >= o.o_orderdate
        and 'ECONOMY ANODIZED STEEL' = p.p_type
        and l.l_partkey = p.p_partkey
        and l.l_suppkey = s.s_suppkey
        and o.o_orderkey = l.l_orderkey
        and c.c_custkey = o.o_custkey
        and a.n_nationkey = c.c_nationkey
        and a.n_regionkey = r.r_regionkey
        and b.n_nationkey = s.s_nationkey
) z
group by y
order by 1;
-- CTEs
with steel as (select p_partkey from part where p_type = 'ECONOMY ANODIZED STEEL'),
american as (
    select c_custkey
    from customer, nation, region
    where c_nationkey = n_nationkey and n_regionkey = r_regionkey and r_name = 'AMERICA'
),
sold as (
    select o_orderdate, l_extendedprice * (1 - l_discount) as volume, n_name as nation
    from lineitem
    join steel on l_partkey = p_partkey
    join orders on l_orderkey = o_orderkey
    join american on o_custkey = c_custkey
    join supplier on l_suppkey = s_suppkey
    join nation on s_nationkey = n_nationkey
    where o_orderdate between date '1995-01-01' and date '1996-12-31'
)
select extract(year from o_orderdate) as o_year, sum(case when nation = 'BRAZIL' then volume else 0 end) / sum(volume) as mkt_share
from sold
group by extract(year from o_orderdate)
order by o_year;
