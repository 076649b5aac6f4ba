-- the common conjuncts in front
select sum(l_extendedprice * (1 - l_discount)) as revenue
from lineitem
join part on p_partkey = l_partkey
where l_shipmode in ('AIR', 'AIR REG')
    and l_shipinstruct = 'DELIVER IN PERSON'
    and (
        (
            p_brand = 'Brand#12'
            and p_container in ('SM CASE', 'SM BOX', 'SM PACK', 'SM PKG')
            and l_quantity >= 1
            and l_quantity <= 11
            and p_size between 1 and 5
        )
        or (
            p_brand = 'Brand#23'
            and p_container in ('MED BAG', 'MED BOX', 'MED PKG', 'MED PACK')
            and l_quantity >= 10
            and l_quantity <= 20
            and p_size between 1 and 10
        )
        or (
            p_brand = 'Brand#34'
            and p_container in ('LG CASE', 'LG BOX', 'LG PACK', 'LG PKG')
            and l_quantity >= 20
            and l_quantity <= 30
            and p_size between 1 and 15
        )
    );
-- the alternatives in another order, BETWEEN and OR
select sum(l.l_extendedprice * (1 - l.l_discount)) as revenue
from part p, lineitem l
where (
        p.p_brand = 'Brand#34'
        and l.l_shipinstruct = 'DELIVER IN PERSON'
        and p.p_container in ('LG PKG', 'LG PACK', 'LG BOX', 'LG CASE')
        and l.l_quantity between 20 and 30
        and p.p_size >= 1 and p.p_size <= 15
        and (l.l_shipmode = 'AIR REG' or l.l_shipmode = 'AIR')
        and p.p_partkey = l.l_partkey
    )
    or (
        p.p_brand = 'Brand#12'
        and l.l_shipinstruct = 'DELIVER IN PERSON'
        and p.p_container in ('SM PKG', 'SM PACK', 'SM BOX', 'SM CASE')
        and l.l_quantity between 1 and 11
        and p.p_size >= 1 and p.p_size <= 5
        and (l.l_shipmode = 'AIR REG' or l.l_shipmode = 'AIR')
        and p.p_partkey = l.l_partkey
    )
    or (
        p.p_brand = 'Brand#23'
        and l.l_shipinstruct = 'DELIVER IN PERSON'
        and p.p_container in ('MED PACK', 'MED PKG', 'MED BOX', 'MED BAG')
        and l.l_quantity between 10 and 20
        and p.p_size >= 1 and p.p_size <= 10
        and (l.l_shipmode = 'AIR REG' or l.l_shipmode = 'AIR')
        and p.p_partkey = l.l_partkey
    );
-- a CTE for what is common
with by_air as (
    select * from lineitem where l_shipinstruct = 'DELIVER IN PERSON' and (l_shipmode = 'AIR' or l_shipmode = 'AIR REG')
)
select sum(l_extendedprice * (1 - l_discount)) as revenue
from by_air, part
where l_partkey = p_partkey
    and (
        (
            p_brand = 'Brand#12'
            and p_size between 1 and 5
            and l_quantity between 1 and 11
            and p_container in ('SM CASE', 'SM BOX', 'SM PACK', 'SM PKG')
        )
        or (
            p_brand = 'Brand#23'
            and p_size between 1 and 10
            and l_quantity between 10 and 20
            and p_container in ('MED BAG', 'MED BOX', 'MED PKG', 'MED PACK')
        )
        or (
            p_brand = 'Brand#34'
            and p_size between 1 and 15
            and l_quantity between 20 and 30
            and p_container in ('LG CASE', 'LG BOX', 'LG PACK', 'LG PKG')
        )
    );
