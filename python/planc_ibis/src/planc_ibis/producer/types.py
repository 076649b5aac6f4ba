"""Types as Substrait's messages."""

from __future__ import annotations

from collections.abc import Iterator

import ibis.expr.datatypes as dt
from substrait import type_pb2

from planc_ibis.producer import dtypes
from planc_ibis.producer.extensions import Extensions

Type = type_pb2.Type
REQUIRED = Type.NULLABILITY_REQUIRED
NULLABLE = Type.NULLABILITY_NULLABLE
VARIATIONS = {dtypes.LargeString: "large_utf8", dtypes.StringView: "utf8_view"}
UNSIGNED = {1: "u8", 2: "u16", 4: "u32", 8: "u64"}


def encode(dtype: dt.DataType, extensions: Extensions, *, named: bool = False) -> type_pb2.Type:
    """A settled type. Field names stand in the type itself, or are `named` beside it."""
    null = NULLABLE if dtype.nullable else REQUIRED
    if dtype.is_boolean():
        return Type(bool=Type.Boolean(nullability=null))
    if dtype.is_unsigned_integer():
        return own(UNSIGNED[dtype.nbytes], extensions, nullability=null)
    if dtype.is_int8():
        return Type(i8=Type.I8(nullability=null))
    if dtype.is_int16():
        return Type(i16=Type.I16(nullability=null))
    if dtype.is_int32():
        return Type(i32=Type.I32(nullability=null))
    if dtype.is_int64():
        return Type(i64=Type.I64(nullability=null))
    if dtype.is_float16():
        return own("fp16", extensions, nullability=null)
    if dtype.is_float32():
        return Type(fp32=Type.FP32(nullability=null))
    if dtype.is_float64():
        return Type(fp64=Type.FP64(nullability=null))
    if dtype.is_string():
        variation = VARIATIONS.get(type(dtype))
        reference = 0 if variation is None else extensions.variation(variation)
        return Type(string=Type.String(nullability=null, type_variation_reference=reference))
    if dtype.is_binary():
        return Type(binary=Type.Binary(nullability=null))
    if dtype.is_date():
        return Type(date=Type.Date(nullability=null))
    if dtype.is_time():
        return Type(precision_time=Type.PrecisionTime(precision=6, nullability=null))
    if dtype.is_decimal():
        return Type(
            decimal=Type.Decimal(precision=dtype.precision, scale=dtype.scale, nullability=null)
        )
    if dtype.is_timestamp():
        return timestamp(dtype, extensions, null)
    if dtype.is_interval():
        return Type(interval_compound=Type.IntervalCompound(precision=9, nullability=null))
    if dtype.is_array():
        item = encode(dtype.value_type, extensions, named=named)
        return Type(list=Type.List(type=item, nullability=null))
    if dtype.is_map():
        key = encode(dtype.key_type, extensions, named=named)
        value = encode(dtype.value_type, extensions, named=named)
        return Type(map=Type.Map(key=key, value=value, nullability=null))
    if dtype.is_struct():
        fields = [
            encode(t, extensions, named=True) if named else field(name, t, extensions)
            for name, t in dtype.items()
        ]
        return Type(struct=Type.Struct(types=fields, nullability=null))
    if isinstance(dtype, dtypes.Duration):
        return own("duration", extensions, Type.Parameter(integer=6), nullability=null)
    return own("null", extensions, nullability=NULLABLE)


def timestamp(
    dtype: dt.Timestamp, extensions: Extensions, null: type_pb2.Type.Nullability.ValueType
) -> type_pb2.Type:
    """A timestamp without zone, in UTC, or in another zone."""
    precision = dtype.scale
    if dtype.timezone is None:
        return Type(
            precision_timestamp=Type.PrecisionTimestamp(precision=precision, nullability=null)
        )
    if dtype.timezone == "UTC":
        return Type(
            precision_timestamp_tz=Type.PrecisionTimestampTZ(precision=precision, nullability=null)
        )
    zone = Type.Parameter(string=dtype.timezone)
    digits = Type.Parameter(integer=precision)
    return own("zoned_timestamp", extensions, digits, zone, nullability=null)


def own(
    name: str,
    extensions: Extensions,
    *parameters: type_pb2.Type.Parameter,
    nullability: type_pb2.Type.Nullability.ValueType,
) -> type_pb2.Type:
    """One of planc's types."""
    return Type(
        user_defined=Type.UserDefined(
            type_reference=extensions.type(name),
            nullability=nullability,
            type_parameters=parameters,
        )
    )


def field(name: str, dtype: dt.DataType, extensions: Extensions) -> type_pb2.Type:
    """A struct's field with its name."""
    parameters = (
        Type.Parameter(string=name),
        Type.Parameter(data_type=encode(dtype, extensions)),
    )
    return own("field", extensions, *parameters, nullability=REQUIRED)


def names_within(dtype: dt.DataType) -> Iterator[str]:
    """The names of struct fields in a type, depth first."""
    if dtype.is_struct():
        for name, inner in dtype.items():
            yield name
            yield from names_within(inner)
    elif dtype.is_array():
        yield from names_within(dtype.value_type)
    elif dtype.is_map():
        yield from names_within(dtype.key_type)
        yield from names_within(dtype.value_type)


def named_struct(
    columns: list[tuple[str, dt.DataType]], extensions: Extensions
) -> type_pb2.NamedStruct:
    """The schema of a relation that reads."""
    names: list[str] = []
    row: list[type_pb2.Type] = []
    for name, dtype in columns:
        names.append(name)
        names.extend(names_within(dtype))
        row.append(encode(dtype, extensions, named=True))
    struct = Type.Struct(types=row, nullability=REQUIRED)
    return type_pb2.NamedStruct(names=names, struct=struct)
