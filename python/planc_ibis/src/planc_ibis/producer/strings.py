"""Strings. Ibis counts from zero, DataFusion from one."""

from __future__ import annotations

import string
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops

from planc_ibis.producer import dtypes, regex
from planc_ibis.producer.casts import constant_text
from planc_ibis.producer.nested import array
from planc_ibis.producer.producer import Producer
from planc_ibis.producer.refusal import Refused
from planc_ibis.producer.registry import value
from planc_ibis.producer.typed import Scope, Typed

STRING = dtypes.STRING
INT64 = dtypes.INT64
LIST = dt.Array(STRING)
# Functions of strings that give strings, arguments as they stand.
PLAIN = {
    "Uppercase": "upper",
    "Lowercase": "lower",
    "Reverse": "reverse",
    "StringReplace": "replace",
    "Translate": "translate",
}
PREDICATES = {"StartsWith": "starts_with", "EndsWith": "ends_with", "StringContains": "contains"}
TRIMS = {"Strip": "btrim", "LStrip": "ltrim", "RStrip": "rtrim"}


def text(producer: Producer, typed: str) -> Typed:
    """A string literal."""
    return producer.literal(typed, STRING)


def length_of(producer: Producer, typed: Typed) -> Typed:
    """The number of characters, as an int64."""
    count = producer.scalar(
        "character_length", typed, returns=dtypes.INT32, nullable=typed.nullable
    )
    return producer.cast(count, INT64)


@value(*PLAIN)
def plain(producer: Producer, op: Any, scope: Scope) -> Typed:
    return producer.call(
        f"scalar:{PLAIN[type(op).__name__]}", producer.values(op.args, scope), STRING
    )


@value(*PREDICATES)
def predicate(producer: Producer, op: Any, scope: Scope) -> Typed:
    arguments = producer.values(op.args, scope)
    return producer.call(f"scalar:{PREDICATES[type(op).__name__]}", arguments, dtypes.BOOLEAN)


@value(*TRIMS)
def trim(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    spaces = text(producer, string.whitespace)
    return producer.call(f"scalar:{TRIMS[type(op).__name__]}", (argument, spaces), STRING)


@value("StringLength")
def length(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    return producer.call("scalar:character_length", (argument,), dtypes.INT32)


@value("StringAscii")
def ascii_code(producer: Producer, op: Any, scope: Scope) -> Typed:
    return producer.scalar("ascii", producer.value(op.arg, scope), returns=dtypes.INT32)


@value("StringConcat")
def concat(producer: Producer, op: Any, scope: Scope) -> Typed:
    return joined(producer, producer.values(op.arg, scope))


def joined(producer: Producer, parts: list[Typed]) -> Typed:
    """Strings behind each other; NULL where one is."""
    parts = [producer.cast(part, STRING) for part in parts]
    return parts[0] if len(parts) == 1 else producer.call("operator:StringConcat", parts, STRING)


@value("StringJoin")
def join(producer: Producer, op: Any, scope: Scope) -> Typed:
    separator = producer.value(op.sep, scope)
    parts = producer.values(op.arg, scope)
    return producer.scalar("concat_ws", separator, *parts, returns=STRING)


@value("ArrayStringJoin")
def join_items(producer: Producer, op: Any, scope: Scope) -> Typed:
    items, separator = producer.value(op.arg, scope), producer.value(op.sep, scope)
    return producer.scalar("array_to_string", items, separator, returns=STRING)


@value("StringSplit")
def split(producer: Producer, op: Any, scope: Scope) -> Typed:
    arguments = producer.values((op.arg, op.delimiter), scope)
    if not arguments[1].is_literal or arguments[1].value == "":
        raise Refused("StringSplit", "its delimiter is no constant text")
    whole, _ = arguments
    empty = producer.compare("Eq", whole, text(producer, ""))
    parts = producer.scalar("string_to_array", *arguments, returns=LIST)
    return producer.case([(empty, array(producer, [text(producer, "")], STRING))], parts, LIST)


@value("Substring")
def substring(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    start = producer.cast(producer.value(op.start, scope), INT64)
    begin = first_place(producer, argument, start)
    if op.length is None:
        return producer.scalar("substr", argument, begin, returns=STRING)
    count = producer.cast(producer.value(op.length, scope), INT64)
    if count.is_literal and count.value < 0:
        raise Refused("Substring", "its length is negative")
    if not count.is_literal:
        zero = producer.literal(0, INT64)
        positive = producer.scalar("greatest", count, zero, returns=INT64)
        count = producer.null_with([count], positive)
    return producer.scalar("substr", argument, begin, count, returns=STRING)


def first_place(producer: Producer, argument: Typed, start: Typed) -> Typed:
    """Where a substring begins, from 1; a negative start counts from the end."""
    if start.is_literal and start.value >= 0:
        return producer.plus(start, 1)
    zero = producer.literal(0, INT64)
    behind = producer.plus(
        producer.operator("Plus", start, length_of(producer, argument), INT64), 1
    )
    one = producer.literal(1, INT64)
    at_least = producer.scalar("greatest", behind, one, returns=INT64)
    if start.is_literal:
        return at_least
    forward = producer.compare("GtEq", start, zero)
    place = producer.case([(forward, producer.plus(start, 1))], at_least, INT64)
    return producer.null_with([start], place)


@value("StringSlice")
def slice_(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    zero = producer.literal(0, INT64)
    start, end = (
        None if bound is None else producer.cast(producer.value(bound, scope), INT64)
        for bound in (op.start, op.end)
    )
    for bound in (start, end):
        if bound is not None and (not bound.is_literal or bound.value < 0):
            raise Refused("StringSlice", "its bounds are no constants from 0 on")
    start = zero if start is None else start
    begin = producer.plus(start, 1)
    if end is None:
        return producer.scalar("substr", argument, begin, returns=STRING)
    count = producer.literal(max(end.value - start.value, 0), INT64)
    return producer.scalar("substr", argument, begin, count, returns=STRING)


@value("StrRight")
def right(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    count = producer.cast(producer.value(op.nchars, scope), INT64)
    return producer.scalar("right", argument, count, returns=STRING)


@value("Repeat")
def repeat(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    times = producer.cast(producer.value(op.times, scope), INT64)
    return producer.scalar("repeat", argument, times, returns=STRING)


@value("LPad", "RPad")
def pad(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    width = producer.cast(producer.value(op.length, scope), INT64)
    filler = text(producer, " ") if op.pad is None else producer.value(op.pad, scope)
    if not filler.is_literal or len(filler.value) != 1:
        raise Refused(type(op).__name__, "what it pads with is no constant character")
    missing = producer.operator("Minus", width, length_of(producer, argument), INT64)
    padding = producer.scalar("repeat", filler, missing, returns=STRING)
    parts = [padding, argument] if isinstance(op, ops.LPad) else [argument, padding]
    enough = producer.compare("LtEq", missing, producer.literal(0, INT64))
    return producer.case([(enough, argument)], joined(producer, parts), STRING)


@value("Capitalize")
def capitalize(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument = producer.value(op.arg, scope)
    one, two = producer.literal(1, INT64), producer.literal(2, INT64)
    first = producer.scalar("substr", argument, one, one, returns=STRING)
    rest = producer.scalar("substr", argument, two, returns=STRING)
    upper = producer.call("scalar:upper", (first,), STRING)
    lower = producer.call("scalar:lower", (rest,), STRING)
    return joined(producer, [upper, lower])


@value("StringFind")
def find(producer: Producer, op: Any, scope: Scope) -> Typed:
    if op.end is not None:
        raise Refused("StringFind", "it has an end")
    argument, wanted = producer.values((op.arg, op.substr), scope)
    if op.start is None:
        place = producer.scalar("strpos", argument, wanted, returns=dtypes.INT32)
        return producer.plus(producer.cast(place, INT64), -1)
    start = producer.cast(producer.value(op.start, scope), INT64)
    if not start.is_literal or start.value < 0:
        raise Refused("StringFind", "its start is no constant from 0 on")
    rest = producer.scalar("substr", argument, producer.plus(start, 1), returns=STRING)
    place = producer.scalar("strpos", rest, wanted, returns=dtypes.INT32)
    place = producer.cast(place, INT64)
    found = producer.compare("Gt", place, producer.literal(0, INT64))
    there = producer.plus(producer.operator("Plus", place, start, INT64), -1)
    nowhere = producer.literal(-1, INT64)
    # As in all of Ibis's backends, NULL is not found.
    return producer.case([(found, there)], nowhere, INT64)


@value("FindInSet")
def find_in_set(producer: Producer, op: Any, scope: Scope) -> Typed:
    needle = producer.value(op.needle, scope)
    items = array(producer, producer.values(op.values, scope), STRING)
    place = producer.scalar("array_position", items, needle, returns=dtypes.UINT64)
    nowhere = producer.literal(0, INT64)
    place = producer.coalesce((producer.cast(place, INT64), nowhere), INT64)
    return producer.null_with([needle], producer.plus(place, -1))


@value("StringSQLLike", "StringSQLILike")
def like(producer: Producer, op: Any, scope: Scope) -> Typed:
    if op.escape is not None:
        raise Refused(type(op).__name__, "it has an escape character")
    argument, pattern = producer.values((op.arg, op.pattern), scope)
    # Ibis's patterns have no escape, DataFusion's have the backslash.
    if pattern.is_literal:
        pattern = text(producer, pattern.value.replace("\\", "\\\\"))
    else:
        single, double = text(producer, "\\"), text(producer, "\\\\")
        pattern = producer.scalar("replace", pattern, single, double, returns=STRING)
    form = "form:ILike" if isinstance(op, ops.StringSQLILike) else "form:Like"
    if pattern.is_literal and "\\" not in pattern.value:
        return producer.call(form, (argument, pattern), dtypes.BOOLEAN)
    return producer.own_call(form, (argument, pattern), dtypes.BOOLEAN)


def pattern_of(producer: Producer, op: Any, scope: Scope) -> Typed:
    """A regular expression, which both engines must read in the same way."""
    pattern = producer.value(op.pattern, scope)
    if not pattern.is_literal:
        raise Refused(type(op).__name__, "its pattern is no constant")
    return text(producer, regex.ascii_pattern(pattern.value))


@value("RegexSearch")
def regex_search(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument, pattern = producer.value(op.arg, scope), pattern_of(producer, op, scope)
    return producer.scalar("regexp_like", argument, pattern, returns=dtypes.BOOLEAN)


@value("RegexExtract")
def regex_extract(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument, pattern = producer.value(op.arg, scope), pattern_of(producer, op, scope)
    index = getattr(op.index, "value", None)
    if index is None or not 0 <= index <= regex.groups(pattern.value):
        raise Refused("RegexExtract", "its group is no constant, or no group of the pattern")
    # The text is replaced with its group: DataFusion's list of groups leaves out those that took
    # no part in the match.
    whole = text(producer, f"(?s:^.*?)({pattern.value})(?s:.*$)")
    wanted = text(producer, f"${{{int(index) + 1}}}")
    group = producer.scalar("regexp_replace", argument, whole, wanted, returns=STRING)
    matches = producer.scalar("regexp_like", argument, pattern, returns=dtypes.BOOLEAN)
    found = producer.case([(matches, group)], text(producer, ""), STRING)
    return producer.null_with([argument], found)


@value("RegexReplace")
def regex_replace(producer: Producer, op: Any, scope: Scope) -> Typed:
    argument, pattern = producer.value(op.arg, scope), pattern_of(producer, op, scope)
    written = constant_text(op.replacement, "RegexReplace", "its replacement")
    replacement = text(producer, written.replace("$", "$$"))
    everywhere = text(producer, "g")
    return producer.scalar(
        "regexp_replace", argument, pattern, replacement, everywhere, returns=STRING
    )
