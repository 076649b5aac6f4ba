-- an explicit join and aliases
select sum(l.l_extendedprice) / 7.0 as avg_yearly
from part p
join lineitem l on l.l_partkey = p.p_partkey
where p.p_container = 'MED BOX'
    and p.p_brand = 'Brand#23'
    and l.l_quantity < (select 0.2 * avg(i.l_quantity) from lineitem i where i.l_partkey = p.p_partkey);
-- correlated by the other key
select sum(l_extendedprice) / 7.0 as avg_yearly
from part, lineitem o
where 'Brand#23' = p_brand
    and 'MED BOX' = p_container
    and (select 0.2 * avg(i.l_quantity) from lineitem i where o.l_partkey = i.l_partkey) > l_quantity
    and l_partkey = p_partkey;
-- CTEs
with boxes as (select p_partkey from part where p_brand = 'Brand#23' and p_container = 'MED BOX'),
sold as (select p_partkey, l_quantity, l_extendedprice from lineitem join boxes on p_partkey = l_partkey)
select sum(s.l_extendedprice) / 7.0 as avg_yearly
from sold s
where s.l_quantity < (select 0.2 * avg(l_quantity) from lineitem where l_partkey = s.p_partkey);
