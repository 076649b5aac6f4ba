"""Which function translates which operation of Ibis."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import ibis.expr.operations as ops

from planc_ibis.producer.refusal import Refused

if TYPE_CHECKING:
    from planc_ibis.producer.producer import Producer
    from planc_ibis.producer.typed import Relation, Scope, Typed

Translation: TypeAlias = "Callable[[Producer, Any, Scope], Typed]"
Translator: TypeAlias = "Callable[[Producer, Any, Scope | None], Relation]"

VALUES: dict[str, Translation] = {}
RELATIONS: dict[str, Translator] = {}

# Operations that planc has no plan for, or none with the same meaning, and why.
REFUSED: dict[str, str] = {
    "Sample": "which rows a sample has is not determined",
    "RowID": "planc's tables have no row ids",
    "Hash": "every engine hashes in its own way",
    "TypeOf": "type names are the engine's own",
    "Levenshtein": "engines count bytes or characters",
    "Mode": "planc has no aggregate for the most frequent value",
    "Kurtosis": "planc has no such aggregate",
    "ArrayMode": "planc has no function for the most frequent item",
    "ArrayZip": "planc cannot name the fields of the zipped structs",
    "MapMerge": "planc has no function that merges maps",
    "BaseConvert": "planc has no function that converts between number bases",
    "RegexSplit": "planc has no function that splits by a pattern",
    "SQLQueryResult": "the text of a SQL query is no part of an expression",
    "SQLStringView": "the text of a SQL query is no part of an expression",
    "WindowAggregate": "planc has no windows over streams",
    "ScalarParameter": "it has no value; give emit its `params`",
    "AnalyticVectorizedUDF": "Python code is no part of a plan",
    "ElementWiseVectorizedUDF": "Python code is no part of a plan",
    "ReductionVectorizedUDF": "Python code is no part of a plan",
    "TimeAdd": "planc has no arithmetic on times of day",
    "TimeSub": "planc has no arithmetic on times of day",
    "TimeDiff": "planc has no arithmetic on times of day",
    "TimeDelta": "planc has no arithmetic on times of day",
    "StringToTime": "planc does not read times of day by a format",
    "ApproxMultiQuantile": "planc approximates one quantile at a time",
    "IntervalFloorDivide": "planc does not divide intervals",
}
for _name in dir(ops):
    if _name.startswith("Geo"):
        REFUSED[_name] = "planc has no geometry"
    elif _name.startswith(("JSON", "UnwrapJSON", "ToJSON")):
        REFUSED[_name] = "planc has no JSON type"
    elif _name.startswith("Extract") and issubclass(getattr(ops, _name), ops.StringUnary):
        REFUSED[_name] = "planc has no functions for URLs"


def value(*names: str) -> Callable[[Translation], Translation]:
    """Registers the translation of value operations. Names that this Ibis lacks are fine."""

    def register(translation: Translation) -> Translation:
        for name in names:
            VALUES[name] = translation
        return translation

    return register


def relation(*names: str) -> Callable[[Translator], Translator]:
    """Registers the translation of relations."""

    def register(translator: Translator) -> Translator:
        for name in names:
            RELATIONS[name] = translator
        return translator

    return register


def refusal(name: str) -> Refused:
    """Why an operation without translation is refused."""
    return Refused(name, REFUSED.get(name, "it has no translation"))
