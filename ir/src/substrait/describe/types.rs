//! Types as Substrait writes them: `i64?`, `decimal<10, 2>`.

use substrait::proto::r#type::parameter::Parameter as P;
use substrait::proto::r#type::{Kind, Nullability, Parameter};
use substrait::proto::{NamedStruct, Type};

use super::Text;

impl Text {
    /// The columns of a schema with their types. The names within types are left out.
    pub(super) fn columns(&self, schema: &NamedStruct) -> String {
        let types = schema.r#struct.as_ref().map_or(&[][..], |row| row.types.as_slice());
        if types.len() == schema.names.len() {
            let columns = schema.names.iter().zip(types);
            let columns = columns.map(|(name, t)| format!("{name} {}", self.data_type(t)));
            return columns.collect::<Vec<_>>().join(", ");
        }
        let types: Vec<String> = types.iter().map(|t| self.data_type(t)).collect();
        format!("{}: {}", schema.names.join(" "), types.join(", "))
    }

    /// A type.
    pub(super) fn data_type(&self, encoded: &Type) -> String {
        let Some(kind) = &encoded.kind else { return "nothing".to_owned() };
        let inner = |t: Option<&Type>| t.map_or("nothing".to_owned(), |t| self.data_type(t));
        macro_rules! plain {
            ($t:expr, $name:expr) => {
                ($name.to_string(), $t.nullability, $t.type_variation_reference)
            };
        }
        let (name, nullability, variation) = match kind {
            Kind::Bool(t) => plain!(t, "boolean"),
            Kind::I8(t) => plain!(t, "i8"),
            Kind::I16(t) => plain!(t, "i16"),
            Kind::I32(t) => plain!(t, "i32"),
            Kind::I64(t) => plain!(t, "i64"),
            Kind::Fp32(t) => plain!(t, "fp32"),
            Kind::Fp64(t) => plain!(t, "fp64"),
            Kind::String(t) => plain!(t, "string"),
            Kind::Binary(t) => plain!(t, "binary"),
            Kind::Date(t) => plain!(t, "date"),
            Kind::IntervalYear(t) => plain!(t, "interval_year"),
            Kind::IntervalDay(t) => {
                plain!(t, format_args!("interval_day<{}>", t.precision.unwrap_or(6)))
            }
            Kind::IntervalCompound(t) => {
                plain!(t, format_args!("interval_compound<{}>", t.precision))
            }
            Kind::Uuid(t) => plain!(t, "uuid"),
            Kind::FixedChar(t) => plain!(t, format_args!("fixedchar<{}>", t.length)),
            Kind::Varchar(t) => plain!(t, format_args!("varchar<{}>", t.length)),
            Kind::FixedBinary(t) => plain!(t, format_args!("fixedbinary<{}>", t.length)),
            Kind::Decimal(t) => plain!(t, format_args!("decimal<{}, {}>", t.precision, t.scale)),
            Kind::PrecisionTime(t) => plain!(t, format_args!("precision_time<{}>", t.precision)),
            Kind::PrecisionTimestamp(t) => {
                plain!(t, format_args!("precision_timestamp<{}>", t.precision))
            }
            Kind::PrecisionTimestampTz(t) => {
                plain!(t, format_args!("precision_timestamp_tz<{}>", t.precision))
            }
            Kind::Struct(t) => {
                let types: Vec<String> = t.types.iter().map(|t| self.data_type(t)).collect();
                plain!(t, format_args!("struct<{}>", types.join(", ")))
            }
            Kind::List(t) => plain!(t, format_args!("list<{}>", inner(t.r#type.as_deref()))),
            Kind::Map(t) => {
                let (key, value) = (inner(t.key.as_deref()), inner(t.value.as_deref()));
                plain!(t, format_args!("map<{key}, {value}>"))
            }
            Kind::UserDefined(t) => {
                plain!(t, self.own_type(t.type_reference, &t.type_parameters))
            }
            other => return format!("{other:?}"),
        };
        let mut name = name;
        if nullability == Nullability::Nullable as i32 {
            match name.find('<') {
                Some(at) => name.insert(at, '?'),
                None => name.push('?'),
            }
        }
        if variation != 0 {
            let variation = self.variations.get(&variation).map_or("?", String::as_str);
            name = format!("{name}[{variation}]");
        }
        name
    }

    /// An extension type with its parameters.
    pub(super) fn own_type(&self, reference: u32, parameters: &[Parameter]) -> String {
        let name = self.types.get(&reference).cloned();
        let name = name.unwrap_or_else(|| format!("type {reference}"));
        if parameters.is_empty() {
            return format!("u!{name}");
        }
        let parameters = parameters.iter().map(|parameter| match &parameter.parameter {
            Some(P::DataType(t)) => self.data_type(t),
            Some(P::Boolean(v)) => v.to_string(),
            Some(P::Integer(v)) => v.to_string(),
            Some(P::Enum(v)) => v.clone(),
            Some(P::String(v)) => format!("{v:?}"),
            Some(P::Null(_)) | None => "null".to_owned(),
        });
        format!("u!{name}<{}>", parameters.collect::<Vec<_>>().join(", "))
    }
}
