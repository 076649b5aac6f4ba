"""What plans say, without running them."""

from __future__ import annotations

import ibis
import pytest
from ibis import _
from substrait import plan_pb2

from planc_ibis import Refused, emit, produce

t = ibis.table({"id": "!int64", "a": "int64", "s": "string", "d": "decimal(15, 2)"}, name="t")


def functions(expr: ibis.Table) -> set[str]:
    """The functions that a plan declares."""
    written, _columns = produce(expr)
    plan = plan_pb2.Plan.FromString(written)
    return {e.extension_function.name for e in plan.extensions if e.HasField("extension_function")}


def test_standard_functions_where_they_mean_the_same() -> None:
    assert functions(t.filter(t.a + 1 > 3)) == {"add:i64_i64", "gt:any_any"}
    assert functions(t.select(x=t.s.length())) == {"character_length:any"}


def test_a_plan_is_always_the_same_bytes() -> None:
    plans = [produce(t.group_by("s").agg(n=_.count(), x=_.d.sum()))[0] for _unused in range(3)]
    assert len(set(plans)) == 1


def test_a_refusal_says_what_and_where() -> None:
    with pytest.raises(Refused) as caught:
        produce(t.mutate(x=t.s.hash()).filter(_.id > 3))
    assert "Hash is refused at Filter/Project/`x`/Hash" in str(caught.value)


def test_decimals_keep_their_digits() -> None:
    _plan, columns = produce(t.select(x=t.d * t.d, y=t.d.sum()))
    assert str(columns["x"]) == "decimal(31, 4)"
    assert str(columns["y"]) == "decimal(25, 2)"


def test_literals_do_not_depend_on_the_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    expr = t.select(x=ibis.timestamp("2026-01-02 03:04:05"))
    plans = []
    for zone in ("UTC", "Asia/Tokyo", "America/New_York"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        plans.append(produce(expr)[0])
    assert len(set(plans)) == 1


def test_a_window_within_a_window_is_at_hand_too() -> None:
    total = t.a.sum().over(group_by=t.s)
    produce(t.mutate(total=total, rank=ibis.rank().over(order_by=total)))


def test_a_deep_expression_has_a_plan() -> None:
    expr = t
    for at in range(150):
        expr = expr.mutate(a=expr.a + at).filter(_.a > at)
    assert len(produce(expr)[0]) > 150 * 20
    value = t.a
    for _at in range(150):
        value = value * 2 + 1
    assert len(produce(t.select(x=value))[0]) > 150 * 20


def test_emit_writes_a_bundle(tmp_path) -> None:
    bundle = emit(t.filter(t.a > 1), tmp_path / "rule", settings={"output": {"csv": "x.csv"}})
    assert bundle.name == "rule.toml"
    assert (tmp_path / "rule.substrait").stat().st_size > 0
    text = bundle.read_text()
    assert 'output = { "csv" = "x.csv" }' in text
    assert "SELECT" in text


def test_parameters_have_values() -> None:
    least = ibis.param("int64")
    expr = t.filter(t.a > least)
    with pytest.raises(Refused, match="params"):
        produce(expr)
    produce(expr, {least: 5})
