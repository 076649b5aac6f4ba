"""The corpus: expressions over every operation of Ibis, one a line.

A line is an expression over the tables of `tables.py`. A column is taken beside `id`, a scalar as
a table of one row. Lines of a family share a heading; `#` starts a remark.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import ibis.selectors as s
from ibis import _

import tables

CORPUS = """
[numeric]
t.i32 + t.i64
t.i8 + t.i8
t.i8 + 1
t.i16 - 100
t.i32 - t.i64
t.i64 * 2
t.i32 * t.i32
t.f64 + t.f32
t.f32 * 2
t.i64 / 7
t.i32 / t.i64
t.i64 / 0
t.f64 / t.f32
t.i64 // 7
t.i64 // -7
t.f64 // 0.3
t.i64 % 7
t.i32 % 3
t.i64 % -7
t.f64 % 0.7
t.i32 ** 2
t.f64 ** 2.5
-t.i64
-t.f64
-t.i8
t.dec + t.dec
t.dec - 1
1 - t.dec
t.dec * 3
t.dec * t.dec
t.dec4 * t.dec4 + t.dec4
t.dec * 1.5
t.dec / 3
t.dec / t.dec4
t.dec // 2
-t.dec
t.dec % 3
t.i64 + t.dec
t.dec + t.f64
t.i64.abs()
t.f64.abs()
t.dec.abs()
t.f64.ceil()
t.f64.floor()
t.i64.ceil()
t.dec.ceil()
t.dec.floor()
t.f64.round()
t.f64.round(1)
t.f64.round(2)
t.dec.round(1)
t.dec.round()
t.i64.round()
t.i64.round(-1)
t.f64.sign()
t.i64.sign()
t.dec.sign()
t.f64.sqrt()
t.f64.exp()
t.f64.ln()
t.f64.log2()
t.f64.log10()
t.f64.log()
t.f64.log(3)
t.i64.sqrt()
t.dec.sqrt()
t.f64.sin()
t.f64.cos()
t.f64.tan()
t.f64.cot()
t.f64.asin()
t.f64.acos()
t.f64.atan()
t.f64.atan2(t.f32)
t.f64.degrees()
t.f64.radians()
t.f64.clip(0, 1)
t.f64.clip(lower=0.5)
t.i64.clip(upper=50)
t.f64.isnan()
t.f64.isinf()
(t.f64 / 0).isinf()
(t.f64 / 0).isnan()
t.select(t.id, x=ibis.pi, y=ibis.e)
t.i64.bucket([-100, 0, 100])
t.i64.bucket([-100, 0, 100], closed="right")
t.i64.bucket([-100, 0, 100], include_under=True, include_over=True)
t.i64.bucket([0], include_under=True, include_over=True)
t.f64.bucket([0, 0.5, 1.5], close_extreme=False)
t.i32.bit_and()
t.i32.bit_or()
t.i32.bit_xor()
t.i32 & 3
t.i32 | 8
t.i32 ^ 5
t.i32 << 2
t.i64 >> 1
~t.i32
t.i64.convert_base(10, 2)
t.i64.histogram(nbins=3)
t.b.cast("int32") + 1
t.i64 + t.b.cast("int64")
ibis.greatest(t.i32, t.i64, 3)
ibis.least(t.i32, t.f64)
ibis.random() >= 0

[logic]
t.i64 == 50
t.i64 != 50
t.i64 < t.i32
t.i64 <= 50
t.i64 > t.f64
t.i64 >= t.dec
t.dec > 1.25
t.dec == 1
t.dec4 > 0.12345
t.f32 > 1.1
t.f32 == 0.25
t.s == "apple"
t.s < t.word
t.d == ibis.date("2020-02-10")
t.d > "2020-02-10"
t.d > t.ts
t.ts > ibis.timestamp("2020-03-01 12:00:00")
t.ts >= "2020-03-01"
t.b == True
t.b & (t.i64 > 0)
t.b | (t.i64 > 0)
t.b ^ (t.i64 > 0)
~t.b
~(t.i64 > 0)
(t.i64 > 0) & (t.i32 > 1) & t.b & (t.f64 < 1)
t.i64.between(-50, 100)
t.f64.between(t.f32, 1)
t.dec.between(0.5, 2.25)
t.s.between("a", "b")
t.i64.isin([50, -50])
t.i64.notin([50, -50])
t.s.isin(["apple", "ZZ", None])
t.s.isin([t.word, "apple"])
t.i64.isin([])
t.dec.isin([1, 2.5])
t.i64.isnull()
t.i64.notnull()
t.i64.identical_to(t.i32)
t.s.identical_to(t.word)
ibis.ifelse(t.i64 > 0, "p", "n")
t.b.ifelse(t.i64, 0)
t.b.ifelse(t.i32, t.f64)
ibis.cases((t.i64 > 50, "big"), (t.i64 > -100, "mid"), else_="small")
ibis.cases((t.i64 > 50, 1), (t.i64 > -100, 2.5))
t.word.cases(("ant", 1), ("bee", 2), else_=0)
t.i32.cases((1, "a"), (2, "b"))
t.i64.fill_null(0)
t.s.fill_null("?")
t.dec.fill_null(0)
ibis.coalesce(t.i64, t.i32, 7)
ibis.coalesce(t.s, t.word)
t.i64.nullif(50)
t.s.nullif("apple")
t.i32.nullif(t.i64)
t.select(t.id, x=ibis.null("int64"))
t.select(t.id, a=ibis.literal(1), b=ibis.literal("x"), c=ibis.literal(True), d=ibis.literal(1.5))
t.select(t.id, x=ibis.literal(b"ab"), y=ibis.literal(None, "string"))
t.select(t.id, x=ibis.literal("12.3450", "decimal(10, 4)"))
t.select(t.id, x=ibis.literal(200, "uint8"), y=ibis.literal(2**63, "uint64"))
t.i64.hash()
t.i64.typeof()

[strings]
t.s.upper()
t.s.lower()
t.s.reverse()
t.s.length()
t.s.ascii_str()
t.s.strip()
t.s.lstrip()
t.s.rstrip()
t.s.capitalize()
t.s.substr(0, 3)
t.s.substr(2)
t.s.substr(t.i32, 2)
t.s.substr(-3)
t.s.substr(-2, 1)
t.s[1:3]
t.s[:2]
t.s[2:]
t.s[1]
t.s.left(2)
t.s.right(2)
t.s.repeat(2)
t.s * 2
t.s.repeat(t.i32)
t.s.find("p")
t.s.find("p", 2)
t.s.find(t.word)
t.s.contains("pp")
t.s.startswith("ap")
t.s.endswith("e")
t.s.like("%pp%")
t.s.like("a_ple")
t.s.like("100%")
t.s.like("%\\\\%")
t.s.like(["a%", "Z%"])
t.s.ilike("banana")
t.s.ilike("%A%")
t.s.re_search("p+l")
t.s.re_search("^[a-z]+$")
t.s.re_extract("(a)(p*)", 2)
t.s.re_extract("p+", 0)
t.s.re_replace("[aeiou]", "-")
t.s.re_replace("(a)(p)", "\\\\2\\\\1")
t.s.re_replace("p", "$1")
t.s.re_split("p+")
t.s.replace("p", "q")
t.s.translate("ae", "xy")
t.s.lpad(8, "*")
t.s.rpad(8, "*")
t.s.lpad(2, "*")
t.s + t.word
t.s + "!"
"<" + t.s + ">"
t.s.concat(t.word, "x")
ibis.literal("-").join([t.s, t.word])
t.s.split(",")
t.s.split("p")
t.word.find_in_set(["bee", "cat"])
t.s.levenshtein("apple")
t.s.hashbytes("sha256")
t.s.hexdigest("sha256")
t.s.hexdigest("md5")
t.s.host()
t.s.protocol()
t.s.path()
t.s.query()
t.s.fragment()
t.s.authority()
t.s.userinfo()
t.s.file()

[temporal]
t.d.year()
t.d.month()
t.d.day()
t.d.quarter()
t.d.week_of_year()
t.d.iso_year()
t.d.day_of_year()
t.d.day_of_week.index()
t.d.day_of_week.full_name()
t.ts.year()
t.ts.hour()
t.ts.minute()
t.ts.second()
t.ts.millisecond()
t.ts.microsecond()
t.ts.day_of_week.index()
t.ts.epoch_seconds()
t.d.epoch_seconds()
t.tz.hour()
t.tz.date()
t.tm.hour()
t.tm.minute()
t.tm.second()
t.ts.date()
t.ts.time()
t.d.truncate("M")
t.d.truncate("Q")
t.d.truncate("Y")
t.d.truncate("W")
t.ts.truncate("D")
t.ts.truncate("h")
t.ts.truncate("m")
t.ts.truncate("s")
t.ts.truncate("ms")
t.ts.truncate("W")
t.ts.truncate("M")
t.tm.truncate("h")
t.ts.bucket(hours=6)
t.ts.bucket(minutes=45, offset=ibis.interval(minutes=5))
t.ts.bucket(months=1)
t.d + ibis.interval(days=3)
t.d - ibis.interval(weeks=2)
t.d + ibis.interval(months=1)
t.d + ibis.interval(years=1)
t.ts + ibis.interval(hours=5)
t.ts - ibis.interval(minutes=90)
t.ts + ibis.interval(months=1)
t.ts + ibis.interval(seconds=5) + ibis.interval(days=1)
t.ts + (ibis.interval(days=1) + ibis.interval(days=2))
t.ts + ibis.interval(days=1) * 3
t.d + t.i32.as_interval("D")
t.d + t.i32.as_interval("M")
t.ts + t.i64.as_interval("m")
t.ts - t.i32.as_interval("W")
t.d - ibis.date("2020-02-01")
t.ts - ibis.timestamp("2020-02-01")
t.d.delta("2020-02-01", unit="day")
t.d.delta("2020-02-01", unit="month")
t.d.delta("2018-11-30", unit="year")
t.d.delta("2020-02-05", unit="week")
t.ts.delta(ibis.timestamp("2020-02-01 11:00:00"), unit="hour")
t.ts.delta(ibis.timestamp("2020-02-01 11:00:00"), unit="day")
t.ts.delta(ibis.timestamp("2020-02-01 11:00:00"), unit="minute")
t.ts.delta(ibis.timestamp("2020-02-01 11:00:00"), unit="second")
t.ts.delta(ibis.timestamp("2020-02-01 11:00:00"), unit="quarter")
t.tm.delta(ibis.time("10:00:00"), unit="hour")
t.tm + ibis.interval(hours=1)
t.tm - ibis.time("10:00:00")
t.d.strftime("%Y/%m/%d")
t.ts.strftime("%Y-%m-%d %H:%M:%S")
t.ts.strftime("%j %y %b %B %a %A")
t.ts.strftime("%I %p %-d %-m")
t.ts.strftime("%f")
t.ts.strftime("%U %w")
t.d.strftime("%H:%M")
t.select(t.id, x=ibis.literal("2020/01/05").as_date("%Y/%m/%d"))
t.select(t.id, x=ibis.literal("2020/01/05 10:11:12").as_timestamp("%Y/%m/%d %H:%M:%S"))
t.select(t.id, x=ibis.literal("2020/01/05").as_timestamp("%Y/%m/%d"))
t.select(t.id, x=ibis.literal("10:11:12").as_time("%H:%M:%S"))
t.i64.abs().as_timestamp("s")
t.i64.abs().as_timestamp("ms")
ibis.date(2020, t.i32.fill_null(0) + 1, 5)
ibis.timestamp(2020, t.i32.fill_null(0) + 1, 5, 1, 2, 3)
ibis.time(t.i32.fill_null(0), 30, 15)
t.select(t.id, x=ibis.date("2020-01-05"), y=ibis.timestamp("2020-01-05 01:02:03.5"), z=ibis.time("01:02:03"))
t.select(t.id, x=ibis.timestamp("2020-01-05 01:02:03", timezone="UTC"))
t.select(t.id, x=ibis.interval(days=3), y=ibis.interval(hours=2))
t.tz > ibis.timestamp("2020-03-01", timezone="UTC")
t.tz + ibis.interval(days=1)
t.tz.truncate("D")
t.tm.between("03:00:00", "15:30:00")
t.ts.between("2020-02-01", "2020-03-15")
ibis.now().year() > 2020
ibis.today().year() > 2020

[casts]
t.i64.cast("string")
t.i64.cast("int8")
t.i64.cast("float64")
t.i64.cast("decimal(10, 2)")
t.i64.cast("boolean")
t.i32.cast("int64")
t.f64.cast("int64")
(t.f64 * 4).cast("int32")
(t.f64 + 0.5).cast("int64")
t.f64.cast("decimal(10, 1)")
t.f64.cast("float32")
t.f64.cast("string")
t.dec.cast("int64")
t.dec.cast("float64")
t.dec.cast("decimal(10, 1)")
t.dec.cast("decimal(20, 4)")
t.dec.cast("string")
t.b.cast("int64")
t.b.cast("string")
t.i64.cast("string").cast("int64")
t.i64.cast("string").cast("float64")
t.dec.cast("string").cast("decimal(15, 2)")
t.s.try_cast("int64")
t.s.try_cast("float64")
t.i64.cast("string").try_cast("int8")
t.d.cast("string")
t.ts.cast("string")
t.d.cast("timestamp")
t.ts.cast("date")
t.ts.cast("time")
t.d.cast("string").cast("date")
t.ts.cast("string").cast("timestamp")
t.i64.abs().cast("timestamp")
t.ts.cast("timestamp('UTC')")
t.s.cast("binary")
t.i32.cast("uint8")
t.i32.fill_null(0).cast("uint64") + 1
t.ts.cast("int64")
n.arr.cast("array<float64>")
n.arr.cast("array<string>")
n.st.cast("struct<x: string, y: string>")

[nested]
n.arr[0]
n.arr[-1]
n.arr[10]
n.arr[n.id]
n.arr.length()
n.words.length()
n.arr[1:2]
n.arr[1:]
n.arr[:2]
n.arr[:0]
n.arr[-2:]
n.arr[:-1]
n.arr + n.arr2
n.arr.concat(n.arr2, [9])
n.arr.contains(5)
n.arr.contains(n.id)
n.arr.index(5)
n.arr.index(99)
n.arr.remove(5)
n.arr.unique().sort()
n.arr.sort()
n.words.sort()
n.arr.union(n.arr2).sort()
n.arr.intersect(n.arr2).sort()
n.arr * 2
n.deep.flatten()
n.deep[0]
n.deep[0][0]
n.arr.map(lambda x: x + 1)
n.arr.map(lambda x: x.cast("string"))
n.arr.map(lambda x: x * n.id)
n.arr.map(lambda x, i: x + i)
n.arr.filter(lambda x: x > 1)
n.arr.filter(lambda x: (x > 1) & (x < 7))
n.words.map(lambda x: x.upper())
n.deep.map(lambda x: x.length())
n.arr.mins()
n.arr.maxs()
n.ints.sums()
n.floats.sums()
n.arr.sums()
n.ints.means()
n.floats.means()
n.arr.modes()
n.flags.anys()
n.flags.alls()
n.words.join("-")
n.arr.zip(n.arr2)
n.select(n.id, x=n.arr.unnest())
n.select(n.id, x=n.arr.unnest(), y=n.words.unnest())
n.select(n.id, x=n.arr.unnest() + 1)
n.select("id", "arr").unnest("arr")
n.select("id", "arr").unnest("arr", offset="at")
n.select("id", "arr").unnest("arr", keep_empty=True)
n.select("id", "words").unnest("words").group_by("words").agg(c=_.count())
n.st.x
n.st["y"]
n.st.x + 1
n.st
n.m
n.m["a"]
n.m.get("a", 0)
n.m.get("zz", 7)
n.m.contains("a")
n.m.keys()
n.m.values()
n.m.length()
n.m + n.m
n.select(n.id, x=ibis.map({"a": 1, "b": 2}))
ibis.array([n.id, 2, n.id + 1])
ibis.map(ibis.array(["k", "l"]), ibis.array([n.id, 5]))
ibis.array([n.id, 2.5])
ibis.struct({"a": n.id, "b": n.st.y})
n.select(n.id, x=ibis.literal([1, 2, None], "array<int64>"))
n.select(n.id, x=ibis.literal([], "array<int64>"))
n.select(n.id, x=ibis.literal({"a": 1, "b": "x"}, "struct<a: int64, b: string>"))
n.select(n.id, x=ibis.literal({"k": 1}, "map<string, int64>"))
ibis.range(0, n.id)
ibis.range(5, n.id, -2)
ibis.range(n.id, n.id + 3, 1).length()
ibis.range(ibis.timestamp("2020-01-01"), ibis.timestamp("2020-01-03"), ibis.interval(hours=12))
n.group_by(n.id % 2).agg(x=n.arr.length().sum())

[aggregates]
t.count()
t.i64.count()
t.i64.sum()
t.i32.sum()
t.f64.sum()
t.f32.sum()
t.dec.sum()
t.b.sum()
t.i64.mean()
t.dec.mean()
t.f32.mean()
t.b.mean()
t.i64.min()
t.i64.max()
t.s.min()
t.s.max()
t.d.min()
t.ts.max()
t.b.min()
t.b.max()
t.dec.max()
t.bin.max()
t.i64.nunique()
t.word.nunique()
t.nunique()
t.select("word", "i32").nunique()
t.i64.approx_nunique()
t.f64.std()
t.f64.std(how="pop")
t.i64.var()
t.f64.var(how="pop")
t.f64.corr(t.f32, how="pop")
t.f64.cov(t.f32)
t.f64.cov(t.f32, how="pop")
t.f64.median()
t.i64.median()
t.dec.median()
t.s.median()
t.f64.quantile(0.3)
t.i64.quantile(0.75)
t.f64.quantile([0.25, 0.5])
t.f64.approx_median()
t.f64.approx_quantile(0.5)
t.b.any()
t.b.all()
(t.i64 > 0).any()
t.word.mode()
t.f64.kurtosis()
t.i64.argmax(t.f64)
t.s.argmin(t.id)
t.i64.first(order_by=t.id)
t.i64.last(order_by=t.id)
t.i64.first(order_by=t.id.desc())
t.i64.last(order_by=t.id, include_null=True)
t.i64.collect(order_by=t.id)
t.i64.collect(order_by=t.id, include_null=True)
t.word.collect(distinct=True, order_by=t.word)
t.word.group_concat(sep="|", order_by=t.id)
t.word.group_concat(order_by=t.id.desc())
t.i64.sum(where=t.b)
t.count(where=t.i64 > 0)
t.i64.mean(where=t.word == "ant")
t.i64.nunique(where=t.b)
t.f64.median(where=t.b)
t.i64.sum(where=t.i64 > 10**6)
t.i64.collect(where=t.i64 > 10**6)
t.i64.sum() + t.i32.sum()
t.i64.sum() / t.count()
t.f64.max() - t.f64.min()
t.group_by("word").agg(x=t.i64.sum())
t.group_by("word").agg(n=_.count(), m=_.f64.mean(), s=_.dec.sum())
t.group_by("word", "b").agg(n=_.count())
t.group_by(k=t.i64 > 0).agg(n=_.count())
t.group_by(y=t.ts.year(), m=t.ts.month()).agg(n=_.count())
t.group_by(a=t.word, b=t.word).agg(n=_.count())
t.group_by("word").agg(x=t.i64.sum(where=t.b), y=t.i64.max() - t.i64.min())
t.group_by("word").agg(n=_.count()).filter(_.n > 3)
t.group_by("word").having(_.count() > 3).agg(x=_.i64.sum())
t.agg(a=t.i64.sum(), b=t.f64.mean(), c=t.word.nunique())
t.group_by("word").agg(a=(t.i64 * t.i32).sum(), r=t.i64.sum() / t.i32.sum())
t.group_by("word").agg(x=_.s.collect(order_by=_.id), y=_.i64.argmax(_.id))
t.group_by("word").agg(x=_.b.any(), y=_.b.all(), z=_.f64.std())
t.group_by("word").count()
t.filter(t.id > 100).agg(n=_.count(), s=_.i64.sum())
t.filter(t.id > 100).group_by("word").agg(n=_.count())
t.word.value_counts()
t.i64.bit_and()
t.word.arbitrary().notnull()
t.group_by("word").agg(s.across(s.numeric(), _.sum()))
t.group_by("word").agg(x=t.i64.sum()).agg(y=_.x.mean())
t.agg(p=t.i64.sum(where=t.b).fill_null(0) * 100.0 / t.i64.sum())

[windows]
ibis.row_number().over(order_by=t.id)
ibis.row_number().over(group_by=t.word, order_by=t.id)
t.i32.rank()
t.i32.dense_rank()
t.i32.percent_rank()
t.i32.cume_dist()
ibis.percent_rank().over(order_by=t.i32)
ibis.cume_dist().over(order_by=t.i32)
ibis.dense_rank().over(group_by=t.word, order_by=t.i32)
ibis.ntile(4).over(order_by=t.id)
ibis.rank().over(order_by=t.i32.desc())
ibis.rank().over(group_by=t.word, order_by=[t.i32, t.i64.desc()])
t.i64.lag().over(order_by=t.id)
t.i64.lead().over(order_by=t.id)
t.i64.lag(2).over(order_by=t.id)
t.i64.lead(2, 0).over(order_by=t.id)
t.s.lag(1, "none").over(group_by=t.word, order_by=t.id)
t.i64.first().over(order_by=t.id)
t.i64.last().over(order_by=t.id)
t.i64.first().over(group_by=t.word, order_by=t.id)
t.i64.last().over(group_by=t.word, order_by=t.id, rows=(None, 0))
t.i64.nth(2).over(order_by=t.id)
t.i64.sum().over()
t.i64.sum().over(group_by=t.word)
t.i64.sum().over(order_by=t.id)
t.i64.cumsum(order_by=t.id)
t.i64.cummax(order_by=t.id)
t.f64.cummean(order_by=t.id)
t.b.cumany(order_by=t.id)
t.b.cumall(order_by=t.id)
t.i64.sum().over(order_by=t.id, rows=(-2, 0))
t.f64.mean().over(group_by=t.word, order_by=t.id, rows=(-1, 1))
t.i64.min().over(order_by=t.id, rows=(0, 2))
t.i64.count().over(order_by=t.id, rows=(-3, -1))
t.i64.max().over(order_by=t.id, rows=(1, None))
t.i64.sum().over(order_by=t.id, range=(-2, 0))
t.i64.sum().over(order_by=t.i32, range=(-1, 1))
t.f64.sum().over(order_by=t.f64, range=(None, 0))
t.i64.sum().over(order_by=t.ts, range=(-ibis.interval(days=10), 0 * ibis.interval(days=1)))
t.i64.sum().over(order_by=t.ts, range=(-ibis.interval(days=10), ibis.interval(days=5)))
t.i64.sum().over(ibis.trailing_window(2, order_by=t.id))
t.i64.sum().over(ibis.cumulative_window(order_by=t.id))
t.i64.sum(where=t.b).over(group_by=t.word)
t.i64.nunique().over(group_by=t.word)
t.i64.collect(order_by=t.id).over(group_by=t.word)
t.f64.std().over(group_by=t.word)
t.f64 - t.f64.mean()
t.f64 - t.f64.mean().over(group_by=t.word)
(t.i64 - t.i64.lag().over(order_by=t.id)).fill_null(0)
t.mutate(r=ibis.row_number().over(order_by=t.id)).filter(_.r < 5)
t.filter(t.i64 > t.i64.mean())
t.filter(ibis.row_number().over(group_by=t.word, order_by=t.id) == 0)
t.filter(t.f64 == t.f64.max().over(group_by=t.word))
t.group_by("word").mutate(x=_.i64 - _.i64.mean())
t.group_by("word").order_by("id").mutate(x=ibis.row_number(), y=_.i64.lag())
t.mutate(a=t.i64.sum().over(group_by=t.word), b=t.f64.max().over(order_by=t.id))
t.mutate(x=t.i64.sum().over(group_by=t.word) / t.i64.sum().over())
t.mutate(x=t.i64.rank().over(order_by=t.i64.sum().over(group_by=t.word)))
t.group_by("word").agg(x=t.i64.sum()).mutate(r=_.x.rank().over(order_by=_.x.desc()))
t.filter(t.id < 0).mutate(r=ibis.row_number().over(order_by=_.id))
t.order_by(ibis.row_number().over(order_by=t.id.desc())).limit(3)

[relations]
t
t.select("id", "s")
t.select(t.id, x=t.i64 + 1, y=t.s)
t.select(s.numeric())
t[["id", "word"]]
t.mutate(x=t.i64 * 2, s=t.s.upper())
t.rename(number="id")
t.drop("bin", "tm")
t.drop("id", "i8", "i16", "i32", "i64", "f32", "f64", "dec", "dec4", "b", "s")
t.filter(t.i64 > 0)
t.filter(t.i64 > 0, t.word == "ant")
t.filter((t.i64 > 0) | t.b)
t.filter(t.b)
t.filter(True)
t.filter(ibis.literal(False))
t.filter(t.i64 > 0).select("id").filter(_.id < 10)
t.order_by("id")
t.order_by(t.i64, t.id.desc())
t.order_by(ibis.desc("i64", nulls_first=True), "id")
t.order_by(t.i64.asc(nulls_first=True), "id")
t.order_by(t.word.desc(), t.id)
t.order_by("word").order_by("id")
t.order_by(t.i64 % 7, "id")
t.order_by("id").select("s")
t.order_by("i64", "id").limit(5)
t.order_by(t.i64.desc(), "id").limit(5, offset=3)
t.order_by("id").limit(None, offset=20)
t.order_by("id").head(2)
t.limit(0)
t.distinct().count()
t.select("word").distinct()
t.select("word", "b").distinct()
t.distinct(on="word", keep="first").select("word")
t.order_by("id").distinct(on="word", keep="first").select("word")
t.distinct(on=["word"], keep=None).select("word")
t.select("id", "i64", "f64").fill_null(0)
t.fill_null({"s": "?", "i64": -1, "d": ibis.date("2000-01-01")})
t.drop_null()
t.drop_null(["i64"])
t.drop_null(["i64", "f64"], how="all")
t.union(t)
t.union(t, distinct=True)
t.select("word").union(r.select(word="g"))
t.select("word").union(r.select(word="g"), distinct=True)
t.select("id").union(r.select("id"), t.select("id"))
t.select("word").intersect(r.select(word="g"))
t.select("i32").intersect(r.select(i32="n"))
t.select("i32").intersect(r.select(i32="n"), distinct=False)
t.select("i32").difference(r.select(i32="n"))
t.select("i32").difference(r.select(i32="n"), distinct=False)
t.select("word", "b").difference(t.filter(t.b).select("word", "b"))
t.sample(0.5, seed=1)
t.alias("other").select("id")
t.sql("SELECT 1 AS x")
ibis.memtable({"a": [1, 2, None], "b": ["x", None, "z"]})
ibis.memtable({"a": [1.5, 2.5], "d": ["2020-01-01", "2020-02-01"]}).mutate(d=_.d.cast("date"))
ibis.memtable([(1, "a")], columns=["x", "y"]).cross_join(t.select("id"))
ibis.memtable({"a": []}, schema={"a": "int64"})
t.join(ibis.memtable({"word": ["ant", "cat"], "w": [1, 2]}), "word").select("id", "w")
t.cast({"i32": "float64"})
t.count().as_table()
t.select("id", "i64", "f64").pivot_longer(["i64", "f64"]).select("id", "name", "value")
t.group_by("b").agg(n=_.count()).mutate(p=_.n / _.n.sum())
t.select(t.id, x=t.i64).mutate(y=_.x + 1).filter(_.y > 0).order_by("id").limit(3)
ibis.literal(1) + 1
t.select(x=ibis.literal(1))
ibis.range(5).unnest().name("x").as_table()
t.window_by(t.ts).tumble(size=ibis.interval(days=1)).agg(n=_.count())

[joins]
t.join(r, t.id == r.tid)
t.join(r, t.id == r.tid).select(t.id, r.v, rid=r.id)
t.inner_join(r, "id").select("id", "s", "v")
t.left_join(r, t.id == r.tid).select(t.id, r.v)
t.right_join(r, t.id == r.tid).select(t.id, r.v, rid=r.id)
t.outer_join(r, t.id == r.tid).select(t.id, r.v, rid=r.id)
t.semi_join(r, t.id == r.tid)
t.anti_join(r, t.id == r.tid)
t.semi_join(r, (t.id == r.tid) & (r.v > 3))
t.cross_join(r).count()
t.cross_join(r).filter(_.id < 2).select("id", "v")
t.join(r, [t.id == r.tid, t.i32 == r.n])
t.join(r, (t.id == r.tid) & (t.i64 > r.v)).select(t.id, r.v)
t.join(r, t.id > r.tid).select(t.id, rid=r.id)
t.left_join(r, [t.id == r.tid, r.v > 3]).select(t.id, r.v)
t.join(r, t.i32 == r.n).count()
t.join(r, t.word.identical_to(r.g)).count()
t.join(r, r.tid == t.id).select(t.id, r.v)
t.join(t.view(), "id").count()
(lambda u: t.join(u, t.id == u.id + 1).select(t.id, other=u.id))(t.view())
(lambda u: t.join(u, t.i32 == u.i32).filter(t.id < u.id).select(a=t.id, b=u.id))(t.view())
(lambda u: t.left_join(u, t.id == u.id - 20).select(a=t.id, b=u.id))(t.view())
t.join(r, t.id == r.tid).join(n, t.id == n.id).select(t.id, r.v, n.st)
t.left_join(r, t.id == r.tid).left_join(n, r.id == n.id).select(t.id, r.v, n.st.y)
t.semi_join(r, t.id == r.tid).join(n, "id").select("id", "s")
t.join(r, t.id == r.tid).semi_join(n, t.id == n.id).select(t.id, r.v)
t.anti_join(r, t.id == r.tid).anti_join(n, "id").select("id")
t.join(r.group_by("tid").agg(v=_.v.sum()), [("id", "tid")]).select("id", "v")
t.join(r, [("id", "tid")], rname="{name}_r").select("id", "id_r")
t.join(r, t.id == r.tid).group_by("g").agg(n=_.count(), x=_.i64.sum())
t.select("id", "ts", "word").asof_join(r.mutate(at=_.day.cast("timestamp")).group_by("at").agg(v=_.v.max()), ("ts", "at"))
t.join(r, t.id == r.tid, how="any_inner")
t.join(r, how="positional")
t.left_join(r, t.id == r.tid).filter(_.v.isnull()).select(t.id)
t.outer_join(r, [t.id == r.tid, t.i64 > 0]).count()
t.join(r, ibis.literal(True)).count()

[subqueries]
t.filter(t.i64 > t.i64.mean().as_scalar())
t.filter(t.i64.isin(r.n.cast("int64") * 100 - 150))
t.filter(t.id.isin(r.tid))
t.filter(t.id.notin(r.filter(r.tid.notnull()).tid))
t.filter(t.id.notin(r.tid))
t.filter(~t.id.isin(r.tid))
t.filter((r.tid == t.id).any())
t.filter(~(r.tid == t.id).any())
t.filter(((r.tid == t.id) & (r.v > t.f64)).any())
(lambda u: t.filter(((u.word == t.word) & (u.id > t.id)).any()))(t.view())
t.mutate(x=r.v.max().as_scalar())
t.mutate(share=t.i64 / t.i64.sum().as_scalar())
t.filter(t.i64 > r.filter(r.tid == t.id).v.mean().as_scalar())
t.filter(t.f64 < r.filter(r.tid == t.id).v.max())
t.mutate(x=r.filter(r.tid == t.id).v.sum().as_scalar()).select("id", "x")
(lambda u: t.filter(t.f64 == u.filter(u.word == t.word).f64.max()))(t.view())
t.filter(t.id.isin(r.filter(r.v > 3).tid) | (t.i64 > 0))
t.filter(t.word.isin(r.g))
t.filter(t.i64 == t.i64.max().as_scalar()).select("id")
t.group_by("word").agg(x=_.i64.sum()).filter(_.x > t.i64.mean().as_scalar())
t.limit(3).filter(_.id.isin(t.order_by(t.id.desc()).limit(3).id)).count()

[functions]
signum(t.f64)
initcap(t.word)
gcd(t.i64.fill_null(0), ibis.literal(12, "int64"))
python_udf(t.i64)
no_such_function(t.f64)
t.agg(x=bool_or_udf(t.b))
t.select(t.id, x=ibis.uuid().cast("string").length())
"""


@ibis.udf.scalar.builtin
def signum(x: float) -> float:
    """planc's function."""


@ibis.udf.scalar.builtin
def initcap(x: str) -> str:
    """planc's function."""


@ibis.udf.scalar.builtin
def gcd(x: int, y: int) -> int:
    """planc's function."""


@ibis.udf.scalar.builtin
def no_such_function(x: float) -> float:
    """Nobody's function."""


@ibis.udf.scalar.python
def python_udf(x: int) -> int:
    """Python code."""
    return x + 1


@ibis.udf.agg.builtin(name="bool_or")
def bool_or_udf(x: bool) -> bool:
    """planc's function."""


def lines() -> list[tuple[str, str]]:
    """Family and text of every expression."""
    found = []
    family = ""
    for raw in CORPUS.splitlines():
        line = raw.strip()
        if line.startswith("[") and line.endswith("]") and "(" not in line:
            family = line.strip("[]")
        elif line and not line.startswith("#"):
            found.append((family, line))
    return found


def unbound() -> dict[str, ir.Table]:
    """The tables as Ibis knows them."""
    return {
        name: ibis.table(ibis.Schema.from_pyarrow(schema), name=name)
        for name, schema in tables.SCHEMAS.items()
    }


def namespace() -> dict[str, Any]:
    """What the expressions can name."""
    names: dict[str, Any] = {"ibis": ibis, "_": _, "s": s, **unbound()}
    names |= {
        "signum": signum,
        "initcap": initcap,
        "gcd": gcd,
        "no_such_function": no_such_function,
        "python_udf": python_udf,
        "bool_or_udf": bool_or_udf,
    }
    return names


def build(text: str, names: dict[str, Any]) -> ir.Table:
    """The table expression of a line."""
    expr = eval(text, names)
    if isinstance(expr, ir.Table):
        return expr
    if isinstance(expr, ir.Column):
        relations = [rel for rel in expr.op().relations if isinstance(rel, ops.UnboundTable)]
        if not relations:
            return expr.as_table()
        table = relations[0].to_expr()
        return table.select(table.id, x=expr)
    return expr.as_table()
