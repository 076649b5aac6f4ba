-- explicit joins and aliases
select ps.ps_partkey, sum(ps.ps_supplycost * ps.ps_availqty) as value
from partsupp ps
join supplier s on ps.ps_suppkey = s.s_suppkey
join nation n on s.s_nationkey = n.n_nationkey
where n.n_name = 'GERMANY'
group by ps.ps_partkey
having sum(ps.ps_supplycost * ps.ps_availqty) > (
    select sum(q.ps_supplycost * q.ps_availqty) * 0.0001
    from nation m
    join supplier t on t.s_nationkey = m.n_nationkey
    join partsupp q on q.ps_suppkey = t.s_suppkey
    where m.n_name = 'GERMANY'
)
order by 2 desc;
-- HAVING as a filter
select ps_partkey, value
from (
    select ps_partkey, sum(ps_supplycost * ps_availqty) as value
    from nation, supplier, partsupp
    where 'GERMANY' = n_name and n_nationkey = s_nationkey and s_suppkey = ps_suppkey
    group by ps_partkey
) x
where (
    select sum(ps_supplycost * ps_availqty) * 0.0001
    from nation, supplier, partsupp
    where n_name = 'GERMANY' and n_nationkey = s_nationkey and s_suppkey = ps_suppkey
) < value
order by value desc;
-- a CTE read twice
with german as (
    select ps_partkey, ps_supplycost * ps_availqty as cost
    from partsupp, supplier, nation
    where ps_suppkey = s_suppkey and s_nationkey = n_nationkey and n_name = 'GERMANY'
)
select ps_partkey, sum(cost) as value
from german
group by ps_partkey
having sum(cost) > (select sum(cost) * 0.0001 from german)
order by value desc;
