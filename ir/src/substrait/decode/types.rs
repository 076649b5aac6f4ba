//! Types.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{
    DataType, Field, FieldRef, Fields, IntervalUnit, Schema, SchemaRef, TimeUnit, UnionFields,
    UnionMode,
};
use substrait::proto::r#type::parameter::Parameter as P;
use substrait::proto::r#type::{Kind, Nullability, Parameter};
use substrait::proto::{NamedStruct, Type};

use super::{Decoder, Result, malformed, unknown};
use crate::substrait::encode::types::{ENTRIES, ITEM, KEY, VALUE, own, variation};

/// The names of struct fields in depth-first order, or none: then types say them.
type FieldNames<'a, 'b> = Option<&'a mut std::slice::Iter<'b, String>>;

impl Decoder<'_> {
    /// The columns of a named struct.
    pub(super) fn schema(&mut self, named: &NamedStruct) -> Result<SchemaRef> {
        let row = named.r#struct.as_ref().ok_or_else(|| malformed("a schema has no types"))?;
        let mut names = named.names.iter();
        let mut fields = Vec::new();
        for encoded in &row.types {
            let name = next_name(&mut names)?;
            let (data_type, nullable) = self.named_type(encoded, Some(&mut names))?;
            fields.push(Field::new(name, data_type, nullable));
        }
        if names.next().is_some() {
            return Err(malformed("a schema has more names than fields"));
        }
        self.spend(fields.len())?;
        Ok(Arc::new(Schema::new(fields)))
    }

    /// A type and whether it is nullable.
    pub(super) fn data_type(&mut self, encoded: &Type) -> Result<(DataType, bool)> {
        self.named_type(encoded, None)
    }

    fn named_type(
        &mut self,
        encoded: &Type,
        names: FieldNames<'_, '_>,
    ) -> Result<(DataType, bool)> {
        self.nested(|decoder| decoder.type_of(encoded, names))
    }

    fn type_of(&mut self, encoded: &Type, names: FieldNames<'_, '_>) -> Result<(DataType, bool)> {
        let kind = encoded.kind.as_ref().ok_or_else(|| malformed("a type says nothing"))?;
        macro_rules! plain {
            ($message:expr, $data_type:expr) => {{
                self.no_variation($message.type_variation_reference)?;
                ($data_type, $message.nullability)
            }};
        }
        let (data_type, nullability) = match kind {
            Kind::Bool(t) => plain!(t, DataType::Boolean),
            Kind::I8(t) => plain!(t, DataType::Int8),
            Kind::I16(t) => plain!(t, DataType::Int16),
            Kind::I32(t) => plain!(t, DataType::Int32),
            Kind::I64(t) => plain!(t, DataType::Int64),
            Kind::Fp32(t) => plain!(t, DataType::Float32),
            Kind::Fp64(t) => plain!(t, DataType::Float64),
            Kind::Date(t) => plain!(t, DataType::Date32),
            Kind::IntervalYear(t) => plain!(t, DataType::Interval(IntervalUnit::YearMonth)),
            Kind::IntervalDay(t) => {
                if t.precision != Some(3) {
                    return Err(unknown("a day interval of another precision than milliseconds"));
                }
                plain!(t, DataType::Interval(IntervalUnit::DayTime))
            }
            Kind::IntervalCompound(t) => {
                if t.precision != 9 {
                    return Err(unknown("a compound interval of other than nanoseconds"));
                }
                plain!(t, DataType::Interval(IntervalUnit::MonthDayNano))
            }
            Kind::FixedBinary(t) => {
                if t.length < 0 {
                    return Err(malformed("a fixed binary has a negative length"));
                }
                plain!(t, DataType::FixedSizeBinary(t.length))
            }
            Kind::Decimal(t) => plain!(t, decimal(t.precision, t.scale)?),
            Kind::PrecisionTime(t) => plain!(
                t,
                match time_unit(i64::from(t.precision))? {
                    unit @ (TimeUnit::Second | TimeUnit::Millisecond) => DataType::Time32(unit),
                    unit => DataType::Time64(unit),
                }
            ),
            Kind::PrecisionTimestamp(t) => {
                let unit = time_unit(i64::from(t.precision))?;
                plain!(t, DataType::Timestamp(unit, None))
            }
            Kind::PrecisionTimestampTz(t) => {
                let unit = time_unit(i64::from(t.precision))?;
                plain!(t, DataType::Timestamp(unit, Some("UTC".into())))
            }
            Kind::String(t) => {
                let data_type = match self.variation(t.type_variation_reference)? {
                    None => DataType::Utf8,
                    Some(variation::LARGE_UTF8) => DataType::LargeUtf8,
                    Some(variation::UTF8_VIEW) => DataType::Utf8View,
                    Some(other) => return Err(unknown(format_args!("the variation {other}"))),
                };
                (data_type, t.nullability)
            }
            Kind::Binary(t) => {
                let data_type = match self.variation(t.type_variation_reference)? {
                    None => DataType::Binary,
                    Some(variation::LARGE_BINARY) => DataType::LargeBinary,
                    Some(variation::BINARY_VIEW) => DataType::BinaryView,
                    Some(other) => return Err(unknown(format_args!("the variation {other}"))),
                };
                (data_type, t.nullability)
            }
            Kind::List(t) => {
                let item = self.member(t.r#type.as_deref(), ITEM, names)?;
                let data_type = self.list_of(item, t.type_variation_reference)?;
                (data_type, t.nullability)
            }
            Kind::Map(t) => {
                self.no_variation(t.type_variation_reference)?;
                let mut names = names;
                let key = self.member(t.key.as_deref(), KEY, names.as_deref_mut())?;
                let value = self.member(t.value.as_deref(), VALUE, names)?;
                let entries = DataType::Struct(Fields::from(vec![key, value]));
                (DataType::Map(Arc::new(Field::new(ENTRIES, entries, false)), false), t.nullability)
            }
            Kind::Struct(t) => {
                self.no_variation(t.type_variation_reference)?;
                let mut names = names;
                let mut fields = Vec::with_capacity(t.types.len());
                for (at, member) in t.types.iter().enumerate() {
                    let name = match names.as_deref_mut() {
                        Some(names) => next_name(names)?,
                        None => format!("c{at}"),
                    };
                    fields.push(self.member(Some(member), &name, names.as_deref_mut())?);
                }
                (DataType::Struct(Fields::from(fields)), t.nullability)
            }
            Kind::UserDefined(t) => {
                self.no_variation(t.type_variation_reference)?;
                (self.own_type(t.type_reference, &t.type_parameters)?, t.nullability)
            }
            other => return Err(unknown(format_args!("the type {other:?}"))),
        };
        let nullable = match Nullability::try_from(nullability) {
            Ok(Nullability::Nullable) => true,
            Ok(Nullability::Required) => false,
            _ => return Err(malformed("a type does not say whether it is nullable")),
        };
        Ok((data_type, nullable))
    }

    /// A list's item, a map's key or value, or a struct's field.
    fn member(
        &mut self,
        encoded: Option<&Type>,
        usual: &str,
        names: FieldNames<'_, '_>,
    ) -> Result<FieldRef> {
        let encoded = encoded.ok_or_else(|| malformed("a type lacks the type within"))?;
        if let Some(Kind::UserDefined(own)) = &encoded.kind
            && self.own_name(own.type_reference)? == own::FIELD
        {
            return self.nested(|decoder| decoder.field(&own.type_parameters));
        }
        let (data_type, nullable) = self.named_type(encoded, names)?;
        Ok(Arc::new(Field::new(usual, data_type, nullable)))
    }

    /// A field with its name and metadata.
    fn field(&mut self, parameters: &[Parameter]) -> Result<FieldRef> {
        let wrong = || malformed("a field has other parameters than name, type and metadata");
        let mut parameters = parameters.iter().map(|parameter| parameter.parameter.as_ref());
        let Some(Some(P::String(name))) = parameters.next() else { return Err(wrong()) };
        let Some(Some(P::DataType(encoded))) = parameters.next() else { return Err(wrong()) };
        let (data_type, nullable) = self.data_type(encoded)?;
        let mut metadata = HashMap::new();
        while let Some(key) = parameters.next() {
            match (key, parameters.next()) {
                (Some(P::String(key)), Some(Some(P::String(value)))) => {
                    metadata.insert(key.clone(), value.clone());
                }
                _ => return Err(wrong()),
            }
        }
        Ok(Arc::new(Field::new(name, data_type, nullable).with_metadata(metadata)))
    }

    /// A list of the kind that the variation says.
    pub(super) fn list_of(&self, item: FieldRef, reference: u32) -> Result<DataType> {
        Ok(match self.variation(reference)? {
            None => DataType::List(item),
            Some(variation::LARGE_LIST) => DataType::LargeList(item),
            Some(variation::LIST_VIEW) => DataType::ListView(item),
            Some(variation::LARGE_LIST_VIEW) => DataType::LargeListView(item),
            Some(other) => return Err(unknown(format_args!("the variation {other}"))),
        })
    }

    /// One of planc's types.
    pub(super) fn own_type(
        &mut self,
        reference: u32,
        parameters: &[Parameter],
    ) -> Result<DataType> {
        let name = self.own_name(reference)?.to_owned();
        let given: Vec<Option<&P>> =
            parameters.iter().map(|parameter| parameter.parameter.as_ref()).collect();
        let wrong = || malformed(format_args!("the type {name} has wrong parameters"));
        Ok(match (name.as_str(), given.as_slice()) {
            (own::NULL, []) => DataType::Null,
            (own::U8, []) => DataType::UInt8,
            (own::U16, []) => DataType::UInt16,
            (own::U32, []) => DataType::UInt32,
            (own::U64, []) => DataType::UInt64,
            (own::FP16, []) => DataType::Float16,
            (own::DATE64, []) => DataType::Date64,
            (own::DURATION, [Some(P::Integer(digits))]) => DataType::Duration(time_unit(*digits)?),
            (own::ZONED, [Some(P::Integer(digits)), Some(P::String(zone))]) => {
                DataType::Timestamp(time_unit(*digits)?, Some(zone.as_str().into()))
            }
            (
                own::DECIMAL32 | own::DECIMAL64 | own::DECIMAL128 | own::DECIMAL256,
                [Some(P::Integer(precision)), Some(P::Integer(scale))],
            ) => {
                let precision = u8::try_from(*precision).map_err(|_| wrong())?;
                let scale = i8::try_from(*scale).map_err(|_| wrong())?;
                let (most, data_type) = match name.as_str() {
                    own::DECIMAL32 => (9, DataType::Decimal32(precision, scale)),
                    own::DECIMAL64 => (18, DataType::Decimal64(precision, scale)),
                    own::DECIMAL128 => (38, DataType::Decimal128(precision, scale)),
                    _ => (76, DataType::Decimal256(precision, scale)),
                };
                // Arrow bounds the scale above, and not below zero.
                if precision == 0 || precision > most || i16::from(scale) > i16::from(most) {
                    return Err(wrong());
                }
                data_type
            }
            (own::FIXED_SIZE_LIST, [Some(P::Integer(size)), Some(P::DataType(item))]) => {
                let size = i32::try_from(*size).ok().filter(|size| *size >= 0);
                let item = self.member(Some(item), ITEM, None)?;
                DataType::FixedSizeList(item, size.ok_or_else(wrong)?)
            }
            (own::MAP, [Some(P::Boolean(sorted)), Some(P::DataType(entries))]) => {
                let entries = self.member(Some(entries), ENTRIES, None)?;
                match entries.data_type() {
                    DataType::Struct(fields) if fields.len() == 2 => {}
                    _ => return Err(wrong()),
                }
                DataType::Map(entries, *sorted)
            }
            (own::DICTIONARY, [Some(P::DataType(key)), Some(P::DataType(value))]) => {
                let (key, _) = self.data_type(key)?;
                let (value, _) = self.data_type(value)?;
                if !key.is_dictionary_key_type() {
                    return Err(wrong());
                }
                DataType::Dictionary(Box::new(key), Box::new(value))
            }
            (own::RUN_END_ENCODED, [Some(P::DataType(ends)), Some(P::DataType(values))]) => {
                let ends = self.member(Some(ends), "run_ends", None)?;
                let values = self.member(Some(values), "values", None)?;
                if !ends.data_type().is_run_ends_type() {
                    return Err(wrong());
                }
                DataType::RunEndEncoded(ends, values)
            }
            (own::UNION, [Some(P::Boolean(dense)), members @ ..]) => {
                let mut fields: Vec<(i8, FieldRef)> = Vec::new();
                for pair in members.chunks(2) {
                    let [Some(P::Integer(id)), Some(P::DataType(member))] = pair else {
                        return Err(wrong());
                    };
                    let id = i8::try_from(*id).ok().filter(|id| *id >= 0).ok_or_else(wrong)?;
                    fields.push((id, self.member(Some(member), "", None)?));
                }
                let mode = if *dense { UnionMode::Dense } else { UnionMode::Sparse };
                {
                    let (ids, fields): (Vec<i8>, Vec<FieldRef>) = fields.into_iter().unzip();
                    DataType::Union(UnionFields::try_new(ids, fields)?, mode)
                }
            }
            (own::VALUE, [Some(P::DataType(encoded))]) => self.data_type(encoded)?.0,
            _ => return Err(unknown(format_args!("the type {name} with these parameters"))),
        })
    }

    fn own_name(&self, reference: u32) -> Result<&str> {
        let name = self.types.get(&reference);
        name.map(String::as_str)
            .ok_or_else(|| malformed(format_args!("no type has the anchor {reference}")))
    }

    /// The name of a type variation; the standard's own has none.
    pub(super) fn variation(&self, reference: u32) -> Result<Option<&str>> {
        if reference == 0 {
            return Ok(None);
        }
        let name = self.variations.get(&reference);
        name.map(|name| Some(name.as_str()))
            .ok_or_else(|| malformed(format_args!("no type variation has the anchor {reference}")))
    }

    fn no_variation(&self, reference: u32) -> Result<()> {
        match self.variation(reference)? {
            None => Ok(()),
            Some(other) => Err(unknown(format_args!("the variation {other} of such a type"))),
        }
    }
}

fn next_name(names: &mut std::slice::Iter<'_, String>) -> Result<String> {
    names.next().cloned().ok_or_else(|| malformed("a schema has fewer names than fields"))
}

/// A standard decimal.
pub(super) fn decimal(precision: i32, scale: i32) -> Result<DataType> {
    let wrong = || malformed(format_args!("a decimal cannot be ({precision}, {scale})"));
    if !(1..=38).contains(&precision) || !(0..=precision).contains(&scale) {
        return Err(wrong());
    }
    let precision = u8::try_from(precision).map_err(|_| wrong())?;
    Ok(DataType::Decimal128(precision, i8::try_from(scale).map_err(|_| wrong())?))
}

/// The unit with so many decimal digits behind the second.
pub(super) fn time_unit(digits: i64) -> Result<TimeUnit> {
    Ok(match digits {
        0 => TimeUnit::Second,
        3 => TimeUnit::Millisecond,
        6 => TimeUnit::Microsecond,
        9 => TimeUnit::Nanosecond,
        other => return Err(unknown(format_args!("times of {other} digits"))),
    })
}
