-- Ten big orders to look at. Which ten? Without an ORDER BY nobody can say, and the next
-- run may show others: planc compiles the rule and warns.
select o_orderkey, o_orderdate, o_totalprice, o_orderpriority
from orders
where o_totalprice > 300000
limit 10
