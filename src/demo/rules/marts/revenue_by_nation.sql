-- What the customers of each nation spent, by year. `planc run --write marts.revenue_by_nation`
-- commits the rows to a Delta table; without `--write` nothing is written.
-- planc: output = { delta = "out/revenue_by_nation", mode = "overwrite" }
select
    n_name as nation,
    extract(year from ordered_on) as year,
    count(distinct customer_key) as customers,
    sum(revenue) as revenue
from staging.sales
join customer on c_custkey = customer_key
join nation on n_nationkey = c_nationkey
group by nation, year
