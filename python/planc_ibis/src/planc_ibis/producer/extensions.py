"""Functions, types and messages beyond Substrait's core: which there are, and their anchors."""

from __future__ import annotations

import dataclasses
import functools
import importlib.resources
import json
from collections.abc import Iterable, Sequence
from typing import Any

import ibis.expr.datatypes as dt
from google.protobuf import any_pb2
from substrait import plan_pb2
from substrait.extensions import extensions_pb2

from planc_ibis.producer import dtypes

STANDARD = "extension:io.substrait:"
MESSAGE = "type.planc.dev/planc.v1."


@dataclasses.dataclass(frozen=True)
class Line:
    """A standard function with a meaning of DataFusion's."""

    file: str
    name: str
    meaning: str
    signatures: tuple[tuple[str, ...], ...]
    variadic: bool
    returns: str
    options: tuple[tuple[str, str], ...]


@dataclasses.dataclass(frozen=True)
class Mapping:
    """The table that `tools/mapping.py` makes from planc's codec."""

    urn: str
    own: dict[str, str]
    standard: dict[str, tuple[Line, ...]]
    names: dict[str, frozenset[str]]


@functools.cache
def mapping() -> Mapping:
    """The table, read once."""
    source = importlib.resources.files(__package__).joinpath("mapping.json")
    raw: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    standard: dict[str, list[Line]] = {}
    for line in raw["standard"]:
        signatures = tuple(tuple(filter(None, text.split("_"))) for text in line["signatures"])
        options = tuple(line["options"].items())
        found = Line(
            file=line["file"],
            name=line["name"],
            meaning=line["meaning"],
            signatures=signatures,
            variadic=line["variadic"],
            returns=line["returns"],
            options=options,
        )
        standard.setdefault(line["meaning"], []).append(found)
    return Mapping(
        urn=raw["urn"],
        own=raw["own"],
        standard={meaning: tuple(lines) for meaning, lines in standard.items()},
        names={kind: frozenset(names) for kind, names in raw["functions"].items()},
    )


@functools.lru_cache(maxsize=1024)
def short_name(dtype: dt.DataType) -> str | None:
    """A type's name in compound function names, where it is a standard type as it is."""
    if dtype.is_boolean():
        return "bool"
    if dtype.is_unsigned_integer():
        return None
    if dtype.is_integer():
        return f"i{dtype.nbytes * 8}"
    if dtype.is_floating():
        return {4: "fp32", 8: "fp64"}.get(dtype.nbytes)
    if dtype.is_string():
        return "str" if type(dtype) is dt.String else None
    if dtype.is_binary():
        return "vbin"
    if dtype.is_date():
        return "date"
    if dtype.is_timestamp():
        return {None: "pts", "UTC": "ptstz"}.get(dtype.timezone)
    if dtype.is_decimal():
        return "dec"
    return None


def takes(line: Line, signature: Sequence[str], arguments: Sequence[dt.DataType]) -> bool:
    """Whether a signature takes arguments of these types; all `any` are one type."""
    wanted = list(signature)
    if line.variadic:
        if len(arguments) < 2:
            return False
        wanted += wanted[-1:] * (len(arguments) - len(wanted))
    if len(wanted) != len(arguments):
        return False
    return all(
        dtypes.same(argument, arguments[0]) if name == "any" else short_name(argument) == name
        for name, argument in zip(wanted, arguments, strict=True)
    )


def returns(line: Line, arguments: Sequence[dt.DataType], result: dt.DataType) -> bool:
    """Whether the standard function's result has the type that DataFusion gives it."""
    match line.returns:
        case "Same":
            return dtypes.same(arguments[0], result)
        case "Boolean":
            return bool(result.is_boolean())
        case "Int64":
            return dtypes.same(result, dtypes.INT64)
        case "Float64":
            return dtypes.same(result, dtypes.FLOAT64)
        case "Decimal":
            one, other = arguments
            if line.meaning == "operator:Multiply":
                precision, scale = one.precision + other.precision + 1, one.scale + other.scale
            else:
                scale = max(one.scale, other.scale)
                whole = max(one.precision - one.scale, other.precision - other.scale)
                precision = whole + scale + 1
            fits = precision <= dtypes.MOST_DIGITS
            return fits and (result.precision, result.scale) == (precision, scale)
    return False


class Extensions:
    """The declarations of one plan, in the order of first use."""

    def __init__(self) -> None:
        self._functions: dict[tuple[str, str], int] = {}
        self._types: dict[str, int] = {}
        self._variations: dict[str, int] = {}
        self._messages: set[str] = set()
        self._table = mapping()

    def function(
        self, meaning: str, arguments: Sequence[dt.DataType], result: dt.DataType
    ) -> tuple[int, tuple[tuple[str, str], ...]]:
        """The anchor and options of a function: the standard one where there is one."""
        for line in self._table.standard.get(meaning, ()):
            if not returns_safely(line, arguments, result):
                continue
            for signature in line.signatures:
                if takes(line, signature, arguments):
                    name = f"{line.name}:{'_'.join(signature)}"
                    return self._anchor(STANDARD + line.file, name), line.options
        return self.own(meaning), ()

    def own(self, meaning: str) -> int:
        """The anchor of planc's function."""
        name = self._table.own.get(meaning) or meaning.partition(":")[2]
        if meaning == "form:CountRows":
            name = "count"
        return self._anchor(self._table.urn, f"{name}:any")

    def _anchor(self, urn: str, name: str) -> int:
        return self._functions.setdefault((urn, name), len(self._functions) + 1)

    def type(self, name: str) -> int:
        """The anchor of one of planc's types."""
        return self._types.setdefault(name, len(self._types) + 1)

    def variation(self, name: str) -> int:
        """The anchor of one of planc's type variations."""
        return self._variations.setdefault(name, len(self._variations) + 1)

    def packed(self, message: str, value: bytes) -> any_pb2.Any:
        """One of planc's messages."""
        url = MESSAGE + message
        self._messages.add(url)
        return any_pb2.Any(type_url=url, value=value)

    def declare(self, plan: plan_pb2.Plan) -> None:
        """Writes the declarations into the plan."""
        urns = {urn for urn, _ in self._functions}
        if self._types or self._variations:
            urns.add(self._table.urn)
        anchors = {urn: at for at, urn in enumerate(sorted(urns), start=1)}
        for urn, at in anchors.items():
            plan.extension_urns.append(
                extensions_pb2.SimpleExtensionURN(extension_urn_anchor=at, urn=urn)
            )
        declaration = extensions_pb2.SimpleExtensionDeclaration
        for (urn, name), at in self._functions.items():
            plan.extensions.append(
                declaration(
                    extension_function=declaration.ExtensionFunction(
                        extension_urn_reference=anchors[urn], function_anchor=at, name=name
                    )
                )
            )
        for name, at in self._types.items():
            plan.extensions.append(
                declaration(
                    extension_type=declaration.ExtensionType(
                        extension_urn_reference=anchors[self._table.urn], type_anchor=at, name=name
                    )
                )
            )
        for name, at in self._variations.items():
            plan.extensions.append(
                declaration(
                    extension_type_variation=declaration.ExtensionTypeVariation(
                        extension_urn_reference=anchors[self._table.urn],
                        type_variation_anchor=at,
                        name=name,
                    )
                )
            )
        plan.expected_type_urls.extend(sorted(self._messages))


def returns_safely(line: Line, arguments: Sequence[dt.DataType], result: dt.DataType) -> bool:
    """`returns`, false for arguments that the line was not written for."""
    if line.returns == "Decimal":
        decimals: Iterable[dt.DataType] = (*arguments, result)
        if len(arguments) != 2 or not all(dtype.is_decimal() for dtype in decimals):
            return False
    if line.returns == "Same" and not arguments:
        return False
    return returns(line, arguments, result)
