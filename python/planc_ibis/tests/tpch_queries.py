"""TPC-H 1 to 22 in Ibis, as one writes them there.

SQL sorts NULLs first where it sorts downwards, Ibis does so when it is told.
"""

from __future__ import annotations

from collections.abc import Callable

import ibis
import ibis.expr.types as ir
from ibis import _

MONEY = "!decimal(15, 2)"
SCHEMAS = {
    "region": {"r_regionkey": "!int64", "r_name": "!string", "r_comment": "!string"},
    "nation": {
        "n_nationkey": "!int64",
        "n_name": "!string",
        "n_regionkey": "!int64",
        "n_comment": "!string",
    },
    "supplier": {
        "s_suppkey": "!int64",
        "s_name": "!string",
        "s_address": "!string",
        "s_nationkey": "!int64",
        "s_phone": "!string",
        "s_acctbal": MONEY,
        "s_comment": "!string",
    },
    "part": {
        "p_partkey": "!int64",
        "p_name": "!string",
        "p_mfgr": "!string",
        "p_brand": "!string",
        "p_type": "!string",
        "p_size": "!int32",
        "p_container": "!string",
        "p_retailprice": MONEY,
        "p_comment": "!string",
    },
    "partsupp": {
        "ps_partkey": "!int64",
        "ps_suppkey": "!int64",
        "ps_availqty": "!int32",
        "ps_supplycost": MONEY,
        "ps_comment": "!string",
    },
    "customer": {
        "c_custkey": "!int64",
        "c_name": "!string",
        "c_address": "!string",
        "c_nationkey": "!int64",
        "c_phone": "!string",
        "c_acctbal": MONEY,
        "c_mktsegment": "!string",
        "c_comment": "!string",
    },
    "orders": {
        "o_orderkey": "!int64",
        "o_custkey": "!int64",
        "o_orderstatus": "!string",
        "o_totalprice": MONEY,
        "o_orderdate": "!date",
        "o_orderpriority": "!string",
        "o_clerk": "!string",
        "o_shippriority": "!int32",
        "o_comment": "!string",
    },
    "lineitem": {
        "l_orderkey": "!int64",
        "l_partkey": "!int64",
        "l_suppkey": "!int64",
        "l_linenumber": "!int32",
        "l_quantity": MONEY,
        "l_extendedprice": MONEY,
        "l_discount": MONEY,
        "l_tax": MONEY,
        "l_returnflag": "!string",
        "l_linestatus": "!string",
        "l_shipdate": "!date",
        "l_commitdate": "!date",
        "l_receiptdate": "!date",
        "l_shipinstruct": "!string",
        "l_shipmode": "!string",
        "l_comment": "!string",
    },
}
TABLES = {name: ibis.table(schema, name=name) for name, schema in SCHEMAS.items()}
region, nation, supplier, part = (TABLES[n] for n in ("region", "nation", "supplier", "part"))
partsupp, customer = TABLES["partsupp"], TABLES["customer"]
orders, lineitem = TABLES["orders"], TABLES["lineitem"]


def volume(t: ir.Table) -> ir.Value:
    """What a line item costs."""
    return t.l_extendedprice * (1 - t.l_discount)


def q01() -> ir.Table:
    t = lineitem.filter(_.l_shipdate <= ibis.date("1998-12-01") - ibis.interval(days=90))
    return (
        t.group_by("l_returnflag", "l_linestatus")
        .agg(
            sum_qty=_.l_quantity.sum(),
            sum_base_price=_.l_extendedprice.sum(),
            sum_disc_price=volume(t).sum(),
            sum_charge=(volume(t) * (1 + t.l_tax)).sum(),
            avg_qty=_.l_quantity.mean(),
            avg_price=_.l_extendedprice.mean(),
            avg_disc=_.l_discount.mean(),
            count_order=_.count(),
        )
        .order_by("l_returnflag", "l_linestatus")
    )


def q02() -> ir.Table:
    def offers(ps: ir.Table) -> ir.Table:
        return (
            ps.join(supplier, ps.ps_suppkey == supplier.s_suppkey)
            .join(nation, supplier.s_nationkey == nation.n_nationkey)
            .join(region, nation.n_regionkey == region.r_regionkey)
            .filter(_.r_name == "EUROPE")
        )

    t = offers(part.join(partsupp, part.p_partkey == partsupp.ps_partkey))
    others = offers(partsupp)
    least = others.filter(others.ps_partkey == t.p_partkey).ps_supplycost.min()
    return (
        t.filter(t.p_size == 15, t.p_type.like("%BRASS"), t.ps_supplycost == least)
        .select(
            "s_acctbal",
            "s_name",
            "n_name",
            "p_partkey",
            "p_mfgr",
            "s_address",
            "s_phone",
            "s_comment",
        )
        .order_by(_.s_acctbal.desc(nulls_first=True), "n_name", "s_name", "p_partkey")
        .limit(100)
    )


def q03() -> ir.Table:
    t = customer.join(orders, customer.c_custkey == orders.o_custkey).join(
        lineitem, lineitem.l_orderkey == orders.o_orderkey
    )
    t = t.filter(
        t.c_mktsegment == "BUILDING",
        t.o_orderdate < ibis.date("1995-03-15"),
        t.l_shipdate > ibis.date("1995-03-15"),
    )
    return (
        t.group_by("l_orderkey", "o_orderdate", "o_shippriority")
        .agg(revenue=volume(t).sum())
        .select("l_orderkey", "revenue", "o_orderdate", "o_shippriority")
        .order_by(_.revenue.desc(nulls_first=True), "o_orderdate")
        .limit(10)
    )


def q04() -> ir.Table:
    late = (lineitem.l_orderkey == orders.o_orderkey) & (
        lineitem.l_commitdate < lineitem.l_receiptdate
    )
    start = ibis.date("1993-07-01")
    return (
        orders.filter(
            orders.o_orderdate >= start,
            orders.o_orderdate < start + ibis.interval(months=3),
            late.any(),
        )
        .group_by("o_orderpriority")
        .agg(order_count=_.count())
        .order_by("o_orderpriority")
    )


def q05() -> ir.Table:
    t = (
        customer.join(orders, customer.c_custkey == orders.o_custkey)
        .join(lineitem, lineitem.l_orderkey == orders.o_orderkey)
        .join(
            supplier,
            [
                lineitem.l_suppkey == supplier.s_suppkey,
                customer.c_nationkey == supplier.s_nationkey,
            ],
        )
        .join(nation, supplier.s_nationkey == nation.n_nationkey)
        .join(region, nation.n_regionkey == region.r_regionkey)
    )
    start = ibis.date("1994-01-01")
    t = t.filter(
        t.r_name == "ASIA",
        t.o_orderdate >= start,
        t.o_orderdate < start + ibis.interval(years=1),
    )
    return (
        t.group_by("n_name").agg(revenue=volume(t).sum()).order_by(_.revenue.desc(nulls_first=True))
    )


def q06() -> ir.Table:
    start = ibis.date("1994-01-01")
    t = lineitem.filter(
        _.l_shipdate >= start,
        _.l_shipdate < start + ibis.interval(years=1),
        _.l_discount.between(0.05, 0.07),
        _.l_quantity < 24,
    )
    return t.agg(revenue=(t.l_extendedprice * t.l_discount).sum())


def q07() -> ir.Table:
    n1, n2 = nation, nation.view()
    t = (
        supplier.join(lineitem, supplier.s_suppkey == lineitem.l_suppkey)
        .join(orders, orders.o_orderkey == lineitem.l_orderkey)
        .join(customer, customer.c_custkey == orders.o_custkey)
        .join(n1, supplier.s_nationkey == n1.n_nationkey)
        .join(n2, customer.c_nationkey == n2.n_nationkey)
        .select(
            supp_nation=n1.n_name,
            cust_nation=n2.n_name,
            l_shipdate=lineitem.l_shipdate,
            l_year=lineitem.l_shipdate.year(),
            volume=volume(lineitem),
        )
    )
    pair = (t.supp_nation == "FRANCE") & (t.cust_nation == "GERMANY")
    other = (t.supp_nation == "GERMANY") & (t.cust_nation == "FRANCE")
    t = t.filter(
        pair | other, t.l_shipdate.between(ibis.date("1995-01-01"), ibis.date("1996-12-31"))
    )
    keys = ("supp_nation", "cust_nation", "l_year")
    return t.group_by(*keys).agg(revenue=_.volume.sum()).order_by(*keys)


def q08() -> ir.Table:
    n1, n2 = nation, nation.view()
    t = (
        part.join(lineitem, part.p_partkey == lineitem.l_partkey)
        .join(supplier, supplier.s_suppkey == lineitem.l_suppkey)
        .join(orders, lineitem.l_orderkey == orders.o_orderkey)
        .join(customer, orders.o_custkey == customer.c_custkey)
        .join(n1, customer.c_nationkey == n1.n_nationkey)
        .join(region, n1.n_regionkey == region.r_regionkey)
        .join(n2, supplier.s_nationkey == n2.n_nationkey)
        .select(
            o_year=orders.o_orderdate.year(),
            volume=volume(lineitem),
            nation=n2.n_name,
            r_name=region.r_name,
            o_orderdate=orders.o_orderdate,
            p_type=part.p_type,
        )
    )
    t = t.filter(
        t.r_name == "AMERICA",
        t.o_orderdate.between(ibis.date("1995-01-01"), ibis.date("1996-12-31")),
        t.p_type == "ECONOMY ANODIZED STEEL",
    )
    brazil = ibis.ifelse(t.nation == "BRAZIL", t.volume, 0)
    return t.group_by("o_year").agg(mkt_share=brazil.sum() / t.volume.sum()).order_by("o_year")


def q09() -> ir.Table:
    t = (
        part.join(lineitem, part.p_partkey == lineitem.l_partkey)
        .join(supplier, supplier.s_suppkey == lineitem.l_suppkey)
        .join(
            partsupp,
            [
                partsupp.ps_suppkey == lineitem.l_suppkey,
                partsupp.ps_partkey == lineitem.l_partkey,
            ],
        )
        .join(orders, orders.o_orderkey == lineitem.l_orderkey)
        .join(nation, supplier.s_nationkey == nation.n_nationkey)
        .filter(_.p_name.like("%green%"))
    )
    t = t.select(
        nation=t.n_name,
        o_year=t.o_orderdate.year(),
        amount=volume(t) - t.ps_supplycost * t.l_quantity,
    )
    return (
        t.group_by("nation", "o_year")
        .agg(sum_profit=_.amount.sum())
        .order_by("nation", _.o_year.desc(nulls_first=True))
    )


def q10() -> ir.Table:
    start = ibis.date("1993-10-01")
    t = (
        customer.join(orders, customer.c_custkey == orders.o_custkey)
        .join(lineitem, lineitem.l_orderkey == orders.o_orderkey)
        .join(nation, customer.c_nationkey == nation.n_nationkey)
    )
    t = t.filter(
        t.o_orderdate >= start,
        t.o_orderdate < start + ibis.interval(months=3),
        t.l_returnflag == "R",
    )
    keys = ("c_custkey", "c_name", "c_acctbal", "c_phone", "n_name", "c_address", "c_comment")
    return (
        t.group_by(*keys)
        .agg(revenue=volume(t).sum())
        .select(
            "c_custkey",
            "c_name",
            "revenue",
            "c_acctbal",
            "n_name",
            "c_address",
            "c_phone",
            "c_comment",
        )
        .order_by(_.revenue.desc(nulls_first=True))
        .limit(20)
    )


def q11() -> ir.Table:
    t = (
        partsupp.join(supplier, partsupp.ps_suppkey == supplier.s_suppkey)
        .join(nation, supplier.s_nationkey == nation.n_nationkey)
        .filter(_.n_name == "GERMANY")
    )
    value = t.ps_supplycost * t.ps_availqty
    whole = t.agg(least=value.sum() * 0.0001).least.as_scalar()
    return (
        t.group_by("ps_partkey")
        .agg(value=value.sum())
        .filter(_.value > whole)
        .order_by(_.value.desc(nulls_first=True))
    )


def q12() -> ir.Table:
    start = ibis.date("1994-01-01")
    t = orders.join(lineitem, orders.o_orderkey == lineitem.l_orderkey)
    t = t.filter(
        t.l_shipmode.isin(["MAIL", "SHIP"]),
        t.l_commitdate < t.l_receiptdate,
        t.l_shipdate < t.l_commitdate,
        t.l_receiptdate >= start,
        t.l_receiptdate < start + ibis.interval(years=1),
    )
    high = (t.o_orderpriority == "1-URGENT") | (t.o_orderpriority == "2-HIGH")
    low = (t.o_orderpriority != "1-URGENT") & (t.o_orderpriority != "2-HIGH")
    return (
        t.group_by("l_shipmode")
        .agg(high_line_count=high.ifelse(1, 0).sum(), low_line_count=low.ifelse(1, 0).sum())
        .order_by("l_shipmode")
    )


def q13() -> ir.Table:
    special = orders.o_comment.like("%special%requests%")
    t = customer.left_join(orders, [customer.c_custkey == orders.o_custkey, ~special])
    counts = t.group_by("c_custkey").agg(c_count=t.o_orderkey.count())
    return (
        counts.group_by("c_count")
        .agg(custdist=_.count())
        .order_by(_.custdist.desc(nulls_first=True), _.c_count.desc(nulls_first=True))
    )


def q14() -> ir.Table:
    start = ibis.date("1995-09-01")
    t = lineitem.join(part, lineitem.l_partkey == part.p_partkey)
    t = t.filter(t.l_shipdate >= start, t.l_shipdate < start + ibis.interval(months=1))
    promo = t.p_type.like("PROMO%").ifelse(volume(t), 0)
    return t.agg(promo_revenue=100.0 * promo.sum() / volume(t).sum())


def q15() -> ir.Table:
    start = ibis.date("1996-01-01")
    t = lineitem.filter(_.l_shipdate >= start, _.l_shipdate < start + ibis.interval(months=3))
    revenue = t.group_by(supplier_no=t.l_suppkey).agg(total_revenue=volume(t).sum())
    joined = supplier.join(revenue, supplier.s_suppkey == revenue.supplier_no)
    most = revenue.total_revenue.max().as_scalar()
    return (
        joined.filter(joined.total_revenue == most)
        .select("s_suppkey", "s_name", "s_address", "s_phone", "total_revenue")
        .order_by("s_suppkey")
    )


def q16() -> ir.Table:
    t = partsupp.join(part, part.p_partkey == partsupp.ps_partkey)
    complaints = supplier.filter(supplier.s_comment.like("%Customer%Complaints%"))
    t = t.filter(
        t.p_brand != "Brand#45",
        ~t.p_type.like("MEDIUM POLISHED%"),
        t.p_size.isin([49, 14, 23, 45, 19, 3, 36, 9]),
        t.ps_suppkey.notin(complaints.s_suppkey),
    )
    keys = ("p_brand", "p_type", "p_size")
    return (
        t.group_by(*keys)
        .agg(supplier_cnt=_.ps_suppkey.nunique())
        .order_by(_.supplier_cnt.desc(nulls_first=True), *keys)
    )


def q17() -> ir.Table:
    t = lineitem.join(part, part.p_partkey == lineitem.l_partkey)
    same = lineitem.filter(lineitem.l_partkey == t.p_partkey)
    t = t.filter(
        t.p_brand == "Brand#23",
        t.p_container == "MED BOX",
        t.l_quantity < same.agg(few=0.2 * same.l_quantity.mean()).few.as_scalar(),
    )
    return t.agg(avg_yearly=t.l_extendedprice.sum() / 7.0)


def q18() -> ir.Table:
    large = lineitem.group_by("l_orderkey").agg(q=_.l_quantity.sum()).filter(_.q > 300)
    t = customer.join(orders, customer.c_custkey == orders.o_custkey).join(
        lineitem, orders.o_orderkey == lineitem.l_orderkey
    )
    t = t.filter(t.o_orderkey.isin(large.l_orderkey))
    return (
        t.group_by("c_name", "c_custkey", "o_orderkey", "o_orderdate", "o_totalprice")
        .agg(quantity=_.l_quantity.sum())
        .order_by(_.o_totalprice.desc(nulls_first=True), "o_orderdate")
        .limit(100)
        .rename({"sum(lineitem.l_quantity)": "quantity"})
    )


def q19() -> ir.Table:
    t = lineitem.join(part, part.p_partkey == lineitem.l_partkey)

    def kind(brand: str, containers: list[str], quantity: int, size: int) -> ir.BooleanValue:
        return (
            (t.p_brand == brand)
            & t.p_container.isin(containers)
            & (t.l_quantity >= quantity)
            & (t.l_quantity <= quantity + 10)
            & t.p_size.between(1, size)
            & t.l_shipmode.isin(["AIR", "AIR REG"])
            & (t.l_shipinstruct == "DELIVER IN PERSON")
        )

    t2 = t.filter(
        kind("Brand#12", ["SM CASE", "SM BOX", "SM PACK", "SM PKG"], 1, 5)
        | kind("Brand#23", ["MED BAG", "MED BOX", "MED PKG", "MED PACK"], 10, 10)
        | kind("Brand#34", ["LG CASE", "LG BOX", "LG PACK", "LG PKG"], 20, 15)
    )
    return t2.agg(revenue=volume(t2).sum())


def q20() -> ir.Table:
    start = ibis.date("1994-01-01")
    forest = part.filter(part.p_name.like("forest%"))
    sold = lineitem.filter(
        lineitem.l_partkey == partsupp.ps_partkey,
        lineitem.l_suppkey == partsupp.ps_suppkey,
        lineitem.l_shipdate >= start,
        lineitem.l_shipdate < start + ibis.interval(years=1),
    )
    surplus = partsupp.filter(
        partsupp.ps_partkey.isin(forest.p_partkey),
        partsupp.ps_availqty > 0.5 * sold.l_quantity.sum().as_scalar(),
    )
    t = supplier.join(nation, supplier.s_nationkey == nation.n_nationkey)
    return (
        t.filter(t.n_name == "CANADA", t.s_suppkey.isin(surplus.ps_suppkey))
        .select("s_name", "s_address")
        .order_by("s_name")
    )


def q21() -> ir.Table:
    l2, l3 = lineitem.view(), lineitem.view()
    t = (
        supplier.join(lineitem, supplier.s_suppkey == lineitem.l_suppkey)
        .join(orders, orders.o_orderkey == lineitem.l_orderkey)
        .join(nation, supplier.s_nationkey == nation.n_nationkey)
    )
    others = (l2.l_orderkey == t.l_orderkey) & (l2.l_suppkey != t.l_suppkey)
    late = (
        (l3.l_orderkey == t.l_orderkey)
        & (l3.l_suppkey != t.l_suppkey)
        & (l3.l_receiptdate > l3.l_commitdate)
    )
    t = t.filter(
        t.o_orderstatus == "F",
        t.l_receiptdate > t.l_commitdate,
        t.n_name == "SAUDI ARABIA",
        others.any(),
        ~late.any(),
    )
    return (
        t.group_by("s_name")
        .agg(numwait=_.count())
        .order_by(_.numwait.desc(nulls_first=True), "s_name")
        .limit(100)
    )


def q22() -> ir.Table:
    codes = ["13", "31", "23", "29", "30", "18", "17"]
    t = customer.select("c_custkey", "c_acctbal", cntrycode=customer.c_phone.substr(0, 2)).filter(
        _.cntrycode.isin(codes)
    )
    mean = t.filter(t.c_acctbal > 0).c_acctbal.mean().as_scalar()
    t = t.filter(t.c_acctbal > mean, ~(orders.o_custkey == t.c_custkey).any())
    return (
        t.group_by("cntrycode")
        .agg(numcust=_.count(), totacctbal=_.c_acctbal.sum())
        .order_by("cntrycode")
    )


QUERIES: dict[str, Callable[[], ir.Table]] = {
    name: value for name, value in list(globals().items()) if name[:1] == "q" and name[1:].isdigit()
}
