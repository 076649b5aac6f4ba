-- How often, and by how many days, each supplier's goods arrive after the promised day.
-- planc: output = { parquet = "out/late_suppliers.parquet" }
with deliveries as (
    select
        l_suppkey,
        l_receiptdate - l_commitdate as days
    from lineitem
)

select
    s_name as supplier,
    n_name as nation,
    count(*) as deliveries,
    count(*) filter (where days > 0) as late,
    round(avg(days) filter (where days > 0), 1) as days_late
from deliveries
join supplier on s_suppkey = l_suppkey
join nation on n_nationkey = s_nationkey
group by s_suppkey, s_name, n_name
order by late desc, supplier
