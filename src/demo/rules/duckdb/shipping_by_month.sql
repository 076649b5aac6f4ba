-- A rule may be written for another engine. This one speaks DuckDB: GROUP BY ALL and
-- ORDER BY ALL name no columns, `if` is a function, `::` is a cast.
-- planc: dialect = "duckdb"
select
    date_trunc('month', l_shipdate)::date as month,
    l_shipmode as mode,
    count(*) as lines,
    sum(if(l_receiptdate > l_commitdate, 1, 0)) as late,
    max(l_receiptdate - l_commitdate) as most_days_late
from lineitem
where l_shipmode in ('MAIL', 'SHIP')
group by all
order by all
