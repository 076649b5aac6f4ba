"""Builds expressions: calls by DataFusion's names, casts, conditions."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

import ibis.expr.datatypes as dt
from substrait import algebra_pb2

from planc_ibis.producer import dtypes, literals, types, wire
from planc_ibis.producer.extensions import Extensions
from planc_ibis.producer.refusal import Refused
from planc_ibis.producer.typed import Typed

Expression = algebra_pb2.Expression
Cast = Expression.Cast
IfClause = Expression.IfThen.IfClause


class Builder:
    """What all translations build with."""

    def __init__(self) -> None:
        self.extensions = Extensions()

    def type(self, dtype: dt.DataType) -> Any:
        """A type's message."""
        return types.encode(dtype, self.extensions)

    def field(self, ordinal: int, dtype: dt.DataType, steps: int = 0) -> Typed:
        """A column of this relation, or of one some steps out."""
        reference = Expression.FieldReference(
            direct_reference=Expression.ReferenceSegment(
                struct_field=Expression.ReferenceSegment.StructField(field=ordinal)
            )
        )
        if steps:
            reference.outer_reference.steps_out = steps
        else:
            reference.root_reference.SetInParent()
        expr = wire.around(Expression(selection=reference))
        return Typed(expr, dtype, ordinal=None if steps else ordinal)

    def literal(self, value: Any, dtype: dt.DataType) -> Typed:
        """A value of a settled type."""
        if value is None:
            null = literals.null(dtype, self.extensions)
            return Typed(null, dtype.copy(nullable=True), None)
        expr = literals.scalar(value, dtype)
        if expr is None:
            return self._cast_literal(value, dtype)
        return Typed(expr, dtype.copy(nullable=False), value)

    def _cast_literal(self, value: Any, dtype: dt.DataType) -> Typed:
        """A value of a type without literals: a cast of one that has them."""
        if dtype.is_unsigned_integer():
            wide = dt.Decimal(20, 0) if value >= 1 << 63 else dt.int64
        elif dtype.is_float16():
            wide = dt.float64
        elif dtype.is_timestamp():
            wide = dt.string
            value = value.isoformat(sep=" ")
        else:
            raise Refused("Literal", f"there are no literals of {dtype}")
        inner = self.literal(value, wide)
        return Typed(self._cast(inner, dtype, safe=False).expr, dtype.copy(nullable=False), value)

    def call(
        self,
        meaning: str,
        arguments: Sequence[Typed],
        returns: dt.DataType,
        *,
        nullable: bool | None = None,
    ) -> Typed:
        """A function by its meaning (`scalar:substr`, `operator:Plus`, `form:Not`)."""
        if nullable is None:
            nullable = any(argument.nullable for argument in arguments)
        result = returns.copy(nullable=nullable)
        kinds = [argument.dtype for argument in arguments]
        anchor, options = self.extensions.function(meaning, kinds, result)
        call = Expression.ScalarFunction(
            function_reference=anchor,
            output_type=self.type(result),
        )
        for name, value in options:
            call.options.add(name=name, preference=[value])
        return Typed(called(call, arguments), result)

    def own_call(self, meaning: str, arguments: Sequence[Typed], returns: dt.DataType) -> Typed:
        """planc's own function, where the standard one means something else."""
        nullable = any(argument.nullable for argument in arguments)
        result = returns.copy(nullable=nullable)
        call = Expression.ScalarFunction(
            function_reference=self.extensions.own(meaning),
            output_type=self.type(result),
        )
        return Typed(called(call, arguments), result)

    def scalar(
        self, name: str, *arguments: Typed, returns: dt.DataType, nullable: bool = True
    ) -> Typed:
        """A scalar function by DataFusion's name."""
        return self.call(f"scalar:{name}", arguments, returns, nullable=nullable)

    def operator(self, name: str, left: Typed, right: Typed, returns: dt.DataType) -> Typed:
        """A binary operator by DataFusion's name; the operands have the types that it takes."""
        return self.call(f"operator:{name}", (left, right), returns)

    def compare(self, name: str, left: Typed, right: Typed) -> Typed:
        """A comparison, the operands brought to one type."""
        left, right = self.alike((left, right))
        nullable = None if "Distinct" not in name else False
        return self.call(f"operator:{name}", (left, right), dtypes.BOOLEAN, nullable=nullable)

    def plus(self, left: Typed, number: int) -> Typed:
        """An int64 expression and a constant."""
        if left.is_literal:
            return self.literal(left.value + number, dtypes.INT64)
        if number == 0:
            return left
        name = "Plus" if number > 0 else "Minus"
        return self.operator(name, left, self.literal(abs(number), dtypes.INT64), dtypes.INT64)

    def alike(self, operands: Sequence[Typed], target: dt.DataType | None = None) -> list[Typed]:
        """All operands in one type. Literals adapt where they lose nothing."""
        if target is None:
            target = self.common(operands)
        return [self.cast(operand, target) for operand in operands]

    def common(self, operands: Sequence[Typed]) -> dt.DataType:
        """The type for operands that are compared or mixed."""
        fixed = [operand for operand in operands if not operand.is_literal] or list(operands)
        target = fixed[0].dtype
        for operand in fixed[1:]:
            target = dtypes.unified(target, operand.dtype)
        for operand in operands:
            if operand in fixed:
                continue
            value = literals.recast(operand.value, operand.dtype, target)
            if value is not None or dtypes.same(operand.dtype, target):
                continue
            source = operand.dtype
            if target.is_float32() and source.is_numeric():
                continue
            if isinstance(operand.value, float) and target.is_decimal():
                source = exact_decimal(operand.value) or source
            elif isinstance(operand.value, float) and target.is_integer():
                source = dtypes.FLOAT64
            target = dtypes.unified(target, source)
        return target

    def cast(self, operand: Typed, to: dt.DataType, *, safe: bool = False) -> Typed:
        """The operand in another type; a literal becomes one of that type."""
        if dtypes.same(operand.dtype, to):
            return operand
        if operand.value is None:
            return self.literal(None, to)
        if operand.is_literal:
            value = literals.recast(operand.value, operand.dtype, to)
            if value is not None:
                return self.literal(value, to)
        if operand.anew is not None and to.is_numeric():
            return operand.anew(to)
        return self._cast(operand, to, safe=safe)

    def _cast(self, operand: Typed, to: dt.DataType, *, safe: bool) -> Typed:
        failure = (
            Cast.FAILURE_BEHAVIOR_RETURN_NULL if safe else Cast.FAILURE_BEHAVIOR_THROW_EXCEPTION
        )
        result = to.copy(nullable=safe or operand.nullable)
        cast = Cast(type=self.type(result), failure_behavior=failure)
        body = wire.around(cast, input=operand.expr)
        return Typed(wire.expression(cast=body), result)

    def all_of(self, conditions: Iterable[Typed]) -> Typed:
        """AND of conditions; true where there are none."""
        return self._chain("And", list(conditions), neutral=True)

    def any_of(self, conditions: Iterable[Typed]) -> Typed:
        """OR of conditions; false where there are none."""
        return self._chain("Or", list(conditions), neutral=False)

    def _chain(self, name: str, conditions: list[Typed], *, neutral: bool) -> Typed:
        if not conditions:
            return self.literal(neutral, dtypes.BOOLEAN)
        if len(conditions) == 1:
            return conditions[0]
        return self.call(f"operator:{name}", conditions, dtypes.BOOLEAN)

    def negate(self, condition: Typed) -> Typed:
        """NOT."""
        return self.call("form:Not", (condition,), dtypes.BOOLEAN)

    def is_null(self, operand: Typed) -> Typed:
        """IS NULL."""
        return self.call("form:IsNull", (operand,), dtypes.BOOLEAN, nullable=False)

    def is_not_null(self, operand: Typed) -> Typed:
        """IS NOT NULL."""
        return self.call("form:IsNotNull", (operand,), dtypes.BOOLEAN, nullable=False)

    def case(
        self, branches: Sequence[tuple[Typed, Typed]], default: Typed | None, dtype: dt.DataType
    ) -> Typed:
        """The first branch whose condition is true, all results in one type."""
        results = [self.cast(result, dtype) for _, result in branches]
        other = self.literal(None, dtype) if default is None else self.cast(default, dtype)
        ifs = [
            wire.around(IfClause(), **{"if": condition.expr, "then": result.expr})
            for (condition, _), result in zip(branches, results, strict=True)
        ]
        parts: dict[str, wire.Part] = {"ifs": ifs, "else": other.expr}
        body = wire.around(Expression.IfThen(), **parts)
        nullable = other.nullable or any(result.nullable for result in results)
        values = [result for _, result in branches] + ([] if default is None else [default])
        anew = None
        if dtype.is_integer() and all(value.is_literal or value.value is None for value in values):
            # SQL's integer literals have the type that the place wants, and so have these.
            anew = functools.partial(self.case, branches, default)
        expr = wire.expression(if_then=body)
        return Typed(expr, dtype.copy(nullable=nullable), anew=anew)

    def null_where(self, condition: Typed, otherwise: Typed) -> Typed:
        """NULL where the condition is true."""
        nothing = self.literal(None, otherwise.dtype)
        return self.case([(condition, nothing)], otherwise, otherwise.dtype)

    def null_with(self, operands: Sequence[Typed], otherwise: Typed) -> Typed:
        """NULL where one of the operands is."""
        nullable = [operand for operand in operands if operand.nullable]
        if not nullable:
            return otherwise
        return self.null_where(self.any_of(self.is_null(o) for o in nullable), otherwise)

    def coalesce(self, operands: Sequence[Typed], dtype: dt.DataType) -> Typed:
        """The first operand that is not NULL."""
        cast = [self.cast(operand, dtype) for operand in operands]
        if len(cast) == 1:
            return cast[0]
        nullable = all(operand.nullable for operand in cast)
        return self.call("scalar:coalesce", cast, dtype, nullable=nullable)


def called(call: Expression.ScalarFunction, arguments: Sequence[Typed]) -> bytes:
    """A call with its arguments."""
    written = [wire.argument(argument.expr) for argument in arguments]
    return wire.expression(scalar_function=wire.around(call, arguments=written))


def exact_decimal(value: float) -> dt.Decimal | None:
    """The decimal type in which a float's shortest text is exact."""
    text = repr(value)
    if not text.replace(".", "", 1).lstrip("-").isdigit():
        return None
    whole, _, fraction = text.lstrip("-").partition(".")
    if fraction == "0":
        fraction = ""
    return dt.Decimal(max(len(whole) + len(fraction), 1), len(fraction))
