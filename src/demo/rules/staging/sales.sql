-- One row for each line of an order: who bought what, when, and for how much.
-- Other rules read it as the table `staging.sales`.
select
    o_orderkey as order_key,
    o_orderdate as ordered_on,
    o_custkey as customer_key,
    l_partkey as part_key,
    l_suppkey as supplier_key,
    l_quantity as quantity,
    l_extendedprice * (1 - l_discount) as revenue
from orders
join lineitem on l_orderkey = o_orderkey
