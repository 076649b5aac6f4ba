//! Types.

use std::collections::BTreeMap;

use arrow::datatypes::{DataType, Field, FieldRef, IntervalUnit, TimeUnit, UnionMode};
use substrait::proto::Type;
use substrait::proto::r#type::parameter::Parameter as P;
use substrait::proto::r#type::{self as t, Kind, Nullability, Parameter};

use super::{Encoder, Result, refuse};

/// The names of planc's types.
pub(crate) mod own {
    pub(crate) const NULL: &str = "null";
    pub(crate) const U8: &str = "u8";
    pub(crate) const U16: &str = "u16";
    pub(crate) const U32: &str = "u32";
    pub(crate) const U64: &str = "u64";
    pub(crate) const FP16: &str = "fp16";
    pub(crate) const DATE64: &str = "date64";
    pub(crate) const DURATION: &str = "duration";
    pub(crate) const ZONED: &str = "zoned_timestamp";
    pub(crate) const DECIMAL32: &str = "decimal32";
    pub(crate) const DECIMAL64: &str = "decimal64";
    pub(crate) const DECIMAL128: &str = "decimal128";
    pub(crate) const DECIMAL256: &str = "decimal256";
    pub(crate) const FIELD: &str = "field";
    pub(crate) const FIXED_SIZE_LIST: &str = "fixed_size_list";
    pub(crate) const MAP: &str = "entries_map";
    pub(crate) const DICTIONARY: &str = "dictionary";
    pub(crate) const RUN_END_ENCODED: &str = "run_end_encoded";
    pub(crate) const UNION: &str = "union";
    /// Of literals only: a value of the type that is the parameter.
    pub(crate) const VALUE: &str = "value";
}

/// The names of planc's type variations.
pub(crate) mod variation {
    pub(crate) const LARGE_UTF8: &str = "large_utf8";
    pub(crate) const UTF8_VIEW: &str = "utf8_view";
    pub(crate) const LARGE_BINARY: &str = "large_binary";
    pub(crate) const BINARY_VIEW: &str = "binary_view";
    pub(crate) const LARGE_LIST: &str = "large_list";
    pub(crate) const LIST_VIEW: &str = "list_view";
    pub(crate) const LARGE_LIST_VIEW: &str = "large_list_view";
}

/// The name of a list's item unless its type says another.
pub(crate) const ITEM: &str = Field::LIST_FIELD_DEFAULT_NAME;
/// The names within a map unless its type says others.
pub(crate) const ENTRIES: &str = "entries";
pub(crate) const KEY: &str = "key";
pub(crate) const VALUE: &str = "value";

/// `NULLABILITY_NULLABLE` or `NULLABILITY_REQUIRED`.
pub(super) fn nullability(nullable: bool) -> i32 {
    let nullability = if nullable { Nullability::Nullable } else { Nullability::Required };
    nullability as i32
}

/// The number of decimal digits behind the second.
pub(crate) fn digits(unit: TimeUnit) -> i32 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}

/// Adds the field's name and those of the struct fields within, in depth-first order, as the
/// names of a `NamedStruct` go. A field with metadata is a leaf: its type says its names.
pub(in crate::substrait) fn names_in_depth(field: &Field, names: &mut Vec<String>) {
    names.push(field.name().clone());
    names_within(field.data_type(), names);
}

fn names_within(data_type: &DataType, names: &mut Vec<String>) {
    match data_type {
        DataType::Struct(fields) => {
            for field in fields {
                names.push(field.name().clone());
                if field.metadata().is_empty() {
                    names_within(field.data_type(), names);
                }
            }
        }
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
            if is_plain(item, ITEM) =>
        {
            names_within(item.data_type(), names);
        }
        DataType::Map(entries, false) => {
            if let Some((key, value)) = plain_map(entries) {
                for part in [(key, KEY), (value, VALUE)] {
                    if is_plain(part.0, part.1) {
                        names_within(part.0.data_type(), names);
                    }
                }
            }
        }
        _ => {}
    }
}

fn is_plain(field: &Field, name: &str) -> bool {
    field.name() == name && field.metadata().is_empty()
}

/// Key and value of a map whose entries are as usual.
fn plain_map(entries: &FieldRef) -> Option<(&FieldRef, &FieldRef)> {
    let DataType::Struct(fields) = entries.data_type() else { return None };
    let [key, value] = fields.as_ref() else { return None };
    (is_plain(entries, ENTRIES) && !entries.is_nullable()).then_some((key, value))
}

impl Encoder<'_> {
    /// A type by itself: the names of struct fields are part of it.
    pub(super) fn data_type(&mut self, data_type: &DataType, nullable: bool) -> Result<Type> {
        self.type_of(data_type, nullable, false)
    }

    /// A type of which [`names_in_depth`] gives the names.
    pub(super) fn named_type(&mut self, field: &Field) -> Result<Type> {
        self.type_of(field.data_type(), field.is_nullable(), true)
    }

    fn type_of(&mut self, data_type: &DataType, nullable: bool, named: bool) -> Result<Type> {
        let nullability = nullability(nullable);
        let plain = 0;
        macro_rules! simple {
            ($kind:ident, $message:ident) => {
                Kind::$kind(t::$message { type_variation_reference: plain, nullability })
            };
            ($kind:ident, $message:ident, $variation:expr) => {
                Kind::$kind(t::$message {
                    type_variation_reference: self.variation(Some($variation)),
                    nullability,
                })
            };
        }
        let kind = match data_type {
            DataType::Boolean => simple!(Bool, Boolean),
            DataType::Int8 => simple!(I8, I8),
            DataType::Int16 => simple!(I16, I16),
            DataType::Int32 => simple!(I32, I32),
            DataType::Int64 => simple!(I64, I64),
            DataType::Float32 => simple!(Fp32, Fp32),
            DataType::Float64 => simple!(Fp64, Fp64),
            DataType::Utf8 => simple!(String, String),
            DataType::LargeUtf8 => simple!(String, String, variation::LARGE_UTF8),
            DataType::Utf8View => simple!(String, String, variation::UTF8_VIEW),
            DataType::Binary => simple!(Binary, Binary),
            DataType::LargeBinary => simple!(Binary, Binary, variation::LARGE_BINARY),
            DataType::BinaryView => simple!(Binary, Binary, variation::BINARY_VIEW),
            DataType::Date32 => simple!(Date, Date),
            DataType::Interval(IntervalUnit::YearMonth) => simple!(IntervalYear, IntervalYear),
            DataType::Interval(IntervalUnit::DayTime) => Kind::IntervalDay(t::IntervalDay {
                type_variation_reference: plain,
                nullability,
                precision: Some(3),
            }),
            DataType::Interval(IntervalUnit::MonthDayNano) => {
                Kind::IntervalCompound(t::IntervalCompound {
                    type_variation_reference: plain,
                    nullability,
                    precision: 9,
                })
            }
            DataType::FixedSizeBinary(length) => Kind::FixedBinary(t::FixedBinary {
                length: *length,
                type_variation_reference: plain,
                nullability,
            }),
            DataType::Time32(unit) | DataType::Time64(unit) => {
                Kind::PrecisionTime(t::PrecisionTime {
                    precision: digits(*unit),
                    type_variation_reference: plain,
                    nullability,
                })
            }
            DataType::Timestamp(unit, None) => Kind::PrecisionTimestamp(t::PrecisionTimestamp {
                precision: digits(*unit),
                type_variation_reference: plain,
                nullability,
            }),
            DataType::Timestamp(unit, Some(zone)) if zone.as_ref() == "UTC" => {
                Kind::PrecisionTimestampTz(t::PrecisionTimestampTz {
                    precision: digits(*unit),
                    type_variation_reference: plain,
                    nullability,
                })
            }
            DataType::Decimal128(precision, scale)
                if *scale >= 0 && i32::from(*scale) <= i32::from(*precision) =>
            {
                Kind::Decimal(t::Decimal {
                    scale: i32::from(*scale),
                    precision: i32::from(*precision),
                    type_variation_reference: plain,
                    nullability,
                })
            }
            DataType::List(item) => self.list(item, None, nullability, named)?,
            DataType::LargeList(item) => {
                self.list(item, Some(variation::LARGE_LIST), nullability, named)?
            }
            DataType::ListView(item) => {
                self.list(item, Some(variation::LIST_VIEW), nullability, named)?
            }
            DataType::LargeListView(item) => {
                self.list(item, Some(variation::LARGE_LIST_VIEW), nullability, named)?
            }
            DataType::Map(entries, false) if plain_map(entries).is_some() => {
                let Some((key, value)) = plain_map(entries) else {
                    return Err(refuse(data_type));
                };
                Kind::Map(Box::new(t::Map {
                    key: Some(Box::new(self.member(key, KEY, named)?)),
                    value: Some(Box::new(self.member(value, VALUE, named)?)),
                    type_variation_reference: plain,
                    nullability,
                }))
            }
            DataType::Struct(fields) => {
                let members = fields.iter().map(|field| {
                    if named && field.metadata().is_empty() {
                        self.named_type(field)
                    } else {
                        self.field(field)
                    }
                });
                Kind::Struct(t::Struct {
                    types: members.collect::<Result<_>>()?,
                    type_variation_reference: plain,
                    nullability,
                })
            }
            other => {
                let (name, parameters) = self.own_kind(other)?;
                Kind::UserDefined(self.user_defined(name, parameters, nullability))
            }
        };
        Ok(Type { kind: Some(kind) })
    }

    /// A type of planc's as its name and parameters.
    pub(super) fn own_kind(&mut self, data_type: &DataType) -> Result<(&'static str, Vec<P>)> {
        let integer = |value: i64| P::Integer(value);
        let decimal = |precision: &u8, scale: &i8| {
            vec![integer(i64::from(*precision)), integer(i64::from(*scale))]
        };
        Ok(match data_type {
            DataType::Null => (own::NULL, vec![]),
            DataType::UInt8 => (own::U8, vec![]),
            DataType::UInt16 => (own::U16, vec![]),
            DataType::UInt32 => (own::U32, vec![]),
            DataType::UInt64 => (own::U64, vec![]),
            DataType::Float16 => (own::FP16, vec![]),
            DataType::Date64 => (own::DATE64, vec![]),
            DataType::Duration(unit) => (own::DURATION, vec![integer(i64::from(digits(*unit)))]),
            DataType::Timestamp(unit, Some(zone)) => {
                (own::ZONED, vec![integer(i64::from(digits(*unit))), P::String(zone.to_string())])
            }
            DataType::Decimal32(precision, scale) => (own::DECIMAL32, decimal(precision, scale)),
            DataType::Decimal64(precision, scale) => (own::DECIMAL64, decimal(precision, scale)),
            DataType::Decimal128(precision, scale) => (own::DECIMAL128, decimal(precision, scale)),
            DataType::Decimal256(precision, scale) => (own::DECIMAL256, decimal(precision, scale)),
            DataType::FixedSizeList(item, size) => {
                let item = self.member(item, ITEM, false)?;
                (own::FIXED_SIZE_LIST, vec![integer(i64::from(*size)), P::DataType(item)])
            }
            DataType::Map(entries, sorted) => {
                (own::MAP, vec![P::Boolean(*sorted), P::DataType(self.field(entries)?)])
            }
            DataType::Dictionary(key, value) => {
                let key = self.data_type(key, false)?;
                let value = self.data_type(value, true)?;
                (own::DICTIONARY, vec![P::DataType(key), P::DataType(value)])
            }
            DataType::RunEndEncoded(ends, values) => {
                let parts = [self.field(ends)?, self.field(values)?];
                (own::RUN_END_ENCODED, parts.into_iter().map(P::DataType).collect())
            }
            DataType::Union(fields, mode) => {
                let mut parameters = vec![P::Boolean(*mode == UnionMode::Dense)];
                for (id, field) in fields.iter() {
                    parameters.push(integer(i64::from(id)));
                    parameters.push(P::DataType(self.field(field)?));
                }
                (own::UNION, parameters)
            }
            other => return Err(refuse(format_args!("the type {other}"))),
        })
    }

    /// A use of one of planc's types.
    pub(super) fn user_defined(
        &mut self,
        name: &'static str,
        parameters: Vec<P>,
        nullability: i32,
    ) -> t::UserDefined {
        t::UserDefined {
            type_reference: self.own_type(name),
            type_variation_reference: 0,
            nullability,
            type_parameters: wrapped(parameters),
        }
    }

    fn list(
        &mut self,
        item: &FieldRef,
        variation: Option<&'static str>,
        nullability: i32,
        named: bool,
    ) -> Result<Kind> {
        Ok(Kind::List(Box::new(t::List {
            r#type: Some(Box::new(self.member(item, ITEM, named)?)),
            type_variation_reference: self.variation(variation),
            nullability,
        })))
    }

    /// The type of a list's item, or of a map's key or value: bare where its name is the
    /// usual one.
    pub(super) fn member(&mut self, field: &Field, usual: &str, named: bool) -> Result<Type> {
        if is_plain(field, usual) {
            self.type_of(field.data_type(), field.is_nullable(), named)
        } else {
            self.field(field)
        }
    }

    /// A type together with a field's name and metadata.
    fn field(&mut self, field: &Field) -> Result<Type> {
        let data_type = self.data_type(field.data_type(), field.is_nullable())?;
        let mut parameters = vec![P::String(field.name().clone()), P::DataType(data_type)];
        let metadata: BTreeMap<_, _> = field.metadata().iter().collect();
        for (key, value) in metadata {
            parameters.push(P::String(key.clone()));
            parameters.push(P::String(value.clone()));
        }
        let nullability = nullability(field.is_nullable());
        let kind = Kind::UserDefined(self.user_defined(own::FIELD, parameters, nullability));
        Ok(Type { kind: Some(kind) })
    }
}

/// Parameters in their messages.
pub(super) fn wrapped(parameters: Vec<P>) -> Vec<Parameter> {
    parameters.into_iter().map(|parameter| Parameter { parameter: Some(parameter) }).collect()
}
