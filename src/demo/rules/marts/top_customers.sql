-- The three best customers of every nation, as a CSV file.
-- planc: output = { csv = "out/top_customers.csv" }
with spending as (
    select
        customer_key,
        count(distinct order_key) as orders,
        sum(revenue) as revenue
    from staging.sales
    group by customer_key
),

ranked as (
    select
        n_name as nation,
        c_name as customer,
        orders,
        revenue,
        rank() over (partition by n_name order by revenue desc) as place
    from spending
    join customer on c_custkey = customer_key
    join nation on n_nationkey = c_nationkey
)

select nation, place, customer, orders, revenue
from ranked
where place <= 3
order by nation, place, customer
