-- explicit joins and no derived table
select
    n1.n_name as supp_nation,
    n2.n_name as cust_nation,
    extract(year from l_shipdate) as l_year,
    sum(l_extendedprice * (1 - l_discount)) as revenue
from lineitem
join supplier on s_suppkey = l_suppkey
join orders on o_orderkey = l_orderkey
join customer on c_custkey = o_custkey
join nation n1 on s_nationkey = n1.n_nationkey
join nation n2 on c_nationkey = n2.n_nationkey
where (n1.n_name = 'FRANCE' and n2.n_name = 'GERMANY' or n1.n_name = 'GERMANY' and n2.n_name = 'FRANCE')
    and l_shipdate >= date '1995-01-01'
    and l_shipdate <= date '1996-12-31'
group by n1.n_name, n2.n_name, extract(year from l_shipdate)
order by 1, 2, 3;
-- the nations in the other order
select supp_nation, cust_nation, l_year, sum(volume) as revenue
from (
    select
        b.n_name as supp_nation,
        a.n_name as cust_nation,
        date_part('year', l.l_shipdate) as l_year,
        l.l_extendedprice * (1 - l.l_discount) as volume
    from nation a, nation b, customer c, orders o, lineitem l, supplier s
    where (
            (a.n_name = 'FRANCE' and b.n_name = 'GERMANY')
            or (b.n_name = 'FRANCE' and a.n_name = 'GERMANY')
        )
        and l.l_shipdate between date '1995-01-01' and date '1996-12-31'
        and a.n_nationkey = c.c_nationkey
        and b.n_nationkey = s.s_nationkey
        and o.o_custkey = c.c_custkey
        and l.l_orderkey = o.o_orderkey
        and l.l_suppkey = s.s_suppkey
) x
group by l_year, cust_nation, supp_nation
order by supp_nation, cust_nation, l_year;
-- CTEs
with seller as (select s_suppkey, n_name as supp_nation from supplier join nation on s_nationkey = n_nationkey),
buyer as (
    select o_orderkey, n_name as cust_nation
    from orders
    join customer on o_custkey = c_custkey
    join nation on c_nationkey = n_nationkey
)
select supp_nation, cust_nation, extract(year from l_shipdate) as l_year, sum(l_extendedprice * (1 - l_discount)) as revenue
from lineitem
join seller on l_suppkey = s_suppkey
join buyer on l_orderkey = o_orderkey
where l_shipdate between date '1995-01-01' and date '1996-12-31'
    and (
        (supp_nation = 'GERMANY' and cust_nation = 'FRANCE')
        or (supp_nation = 'FRANCE' and cust_nation = 'GERMANY')
    )
group by 1, 2, 3
order by supp_nation, cust_nation, l_year;
