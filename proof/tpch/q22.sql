-- no derived table
select substring(c_phone from 1 for 2) as cntrycode, count(*) as numcust, sum(c_acctbal) as totacctbal
from customer
where substring(c_phone from 1 for 2) in ('13', '17', '18', '23', '29', '30', '31')
    and not exists (select 1 from orders where c_custkey = o_custkey)
    and c_acctbal > (
        select avg(c_acctbal)
        from customer
        where substring(c_phone from 1 for 2) in ('13', '17', '18', '23', '29', '30', '31') and c_acctbal > 0.00
    )
group by substring(c_phone from 1 for 2)
order by 1;
-- aliases and substr
select cntrycode, count(1) as numcust, sum(bal) as totacctbal
from (
    select substr(c.c_phone, 1, 2) as cntrycode, c.c_acctbal as bal
    from customer c
    where not (exists (select o.o_orderkey from orders o where o.o_custkey = c.c_custkey))
        and (
            select avg(d.c_acctbal)
            from customer d
            where substr(d.c_phone, 1, 2) in ('13', '31', '23', '29', '30', '18', '17') and 0.00 < d.c_acctbal
        ) < c.c_acctbal
        and substr(c.c_phone, 1, 2) in ('31', '13', '23', '29', '30', '18', '17')
) x
group by cntrycode
order by cntrycode;
-- CTEs
with abroad as (
    select c_custkey, c_acctbal, substring(c_phone from 1 for 2) as cntrycode
    from customer
    where substring(c_phone from 1 for 2) in ('13', '31', '23', '29', '30', '18', '17')
),
well_off as (
    select * from abroad where c_acctbal > (select avg(c_acctbal) from abroad where c_acctbal > 0.00)
)
select cntrycode, count(*) as numcust, sum(c_acctbal) as totacctbal
from well_off
where not exists (select * from orders where o_custkey = c_custkey)
group by cntrycode
order by cntrycode;
