//! Which functions of Substrait's official extension files mean what in DataFusion.
//!
//! A line stands here only where the meaning is the same, with the options set that make it
//! so. All else is written as a function of planc's own URN. A test holds every line against
//! the official files.

use arrow::datatypes::{DataType, IntervalUnit};
use datafusion::logical_expr::Operator;

use super::extension;

/// What a function of a plan is in DataFusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A binary operator; `AND` and `OR` take any number of operands.
    Operator(Operator),
    /// An expression with a variant of its own.
    Form(Form),
    /// A scalar function by DataFusion's name.
    Scalar(&'static str),
    /// An aggregate function by DataFusion's name.
    Aggregate(&'static str),
    /// A window function by DataFusion's name.
    Window(&'static str),
}

/// Expressions of DataFusion that are functions in Substrait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `NOT`.
    Not,
    /// `-`.
    Negative,
    /// `IS NULL`.
    IsNull,
    /// `IS NOT NULL`.
    IsNotNull,
    /// `IS TRUE`.
    IsTrue,
    /// `IS FALSE`.
    IsFalse,
    /// `IS NOT TRUE`.
    IsNotTrue,
    /// `IS NOT FALSE`.
    IsNotFalse,
    /// `BETWEEN`.
    Between,
    /// `LIKE`.
    Like,
    /// `ILIKE`.
    ILike,
    /// `SIMILAR TO`.
    SimilarTo,
    /// `SIMILAR TO` without regard to case.
    SimilarToIgnoringCase,
    /// Base, then pairs of value and result, then perhaps the default.
    CaseOf,
    /// `count(1)`.
    CountRows,
    /// A literal or a cast, then pairs of key and value: the metadata of its field.
    WithMetadata,
}

/// The type of a function's result, where it is not DataFusion's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Returns {
    /// The type of the first argument.
    Same,
    Boolean,
    Int64,
    Float64,
    /// As the official decimal functions compute it.
    Decimal,
}

/// A line of the table.
#[derive(Debug)]
pub(crate) struct Standard {
    /// The last part of the official URN.
    pub(crate) file: &'static str,
    pub(crate) name: &'static str,
    pub(crate) meaning: Meaning,
    /// The signatures behind the colon of the compound name.
    pub(crate) signatures: &'static [&'static str],
    /// True where the last argument repeats.
    pub(crate) variadic: bool,
    pub(crate) returns: Returns,
    pub(crate) options: &'static [(&'static str, &'static str)],
}

impl Standard {
    /// The URN of the official file.
    pub(crate) fn urn(&self) -> String {
        format!("extension:io.substrait:{}", self.file)
    }
}

const INTEGERS: &[&str] = &["i8_i8", "i16_i16", "i32_i32", "i64_i64"];
const FLOATS: &[&str] = &["fp32_fp32", "fp64_fp64"];
const INTEGER: &[&str] = &["i8", "i16", "i32", "i64"];
const FLOAT: &[&str] = &["fp32", "fp64"];
const WRAP: &[(&str, &str)] = &[("overflow", "SILENT")];
const NAN: &[(&str, &str)] = &[("on_domain_error", "NAN")];
const CASE: &[(&str, &str)] = &[("case_sensitivity", "CASE_SENSITIVE")];

macro_rules! lines {
    ($($file:ident $name:ident $meaning:expr, $signatures:expr, $returns:ident $(* $variadic:literal)? $(, $options:expr)?;)*) => {
        /// The table.
        pub(crate) static STANDARD: &[Standard] = &[$(Standard {
            file: stringify!($file),
            name: stringify!($name),
            meaning: $meaning,
            signatures: $signatures,
            variadic: false $(|| $variadic)?,
            returns: Returns::$returns,
            options: { let options: &[(&str, &str)] = &[]; $(let _ = options; let options = $options;)? options },
        }),*];
    };
}

use Meaning::{Aggregate, Form as F, Operator as Op, Scalar, Window};

lines! {
    functions_boolean and Op(Operator::And), &["bool"], Boolean * true;
    functions_boolean or Op(Operator::Or), &["bool"], Boolean * true;
    functions_boolean not F(Form::Not), &["bool"], Boolean;
    functions_comparison equal Op(Operator::Eq), &["any_any"], Boolean;
    functions_comparison not_equal Op(Operator::NotEq), &["any_any"], Boolean;
    functions_comparison lt Op(Operator::Lt), &["any_any"], Boolean;
    functions_comparison lte Op(Operator::LtEq), &["any_any"], Boolean;
    functions_comparison gt Op(Operator::Gt), &["any_any"], Boolean;
    functions_comparison gte Op(Operator::GtEq), &["any_any"], Boolean;
    functions_comparison is_distinct_from Op(Operator::IsDistinctFrom), &["any_any"], Boolean;
    functions_comparison is_not_distinct_from Op(Operator::IsNotDistinctFrom), &["any_any"], Boolean;
    functions_comparison is_null F(Form::IsNull), &["any"], Boolean;
    functions_comparison is_not_null F(Form::IsNotNull), &["any"], Boolean;
    functions_comparison is_true F(Form::IsTrue), &["bool"], Boolean;
    functions_comparison is_false F(Form::IsFalse), &["bool"], Boolean;
    functions_comparison is_not_true F(Form::IsNotTrue), &["bool"], Boolean;
    functions_comparison is_not_false F(Form::IsNotFalse), &["bool"], Boolean;
    functions_comparison between F(Form::Between), &["any_any_any"], Boolean;
    functions_comparison coalesce Scalar("coalesce"), &["any"], Same * true;
    functions_comparison nullif Scalar("nullif"), &["any_any"], Same;
    functions_comparison is_nan Scalar("isnan"), FLOAT, Boolean;
    functions_arithmetic add Op(Operator::Plus), INTEGERS, Same, WRAP;
    functions_arithmetic add Op(Operator::Plus), FLOATS, Same;
    functions_arithmetic subtract Op(Operator::Minus), INTEGERS, Same, WRAP;
    functions_arithmetic subtract Op(Operator::Minus), FLOATS, Same;
    functions_arithmetic multiply Op(Operator::Multiply), INTEGERS, Same, WRAP;
    functions_arithmetic multiply Op(Operator::Multiply), FLOATS, Same;
    functions_arithmetic divide Op(Operator::Divide), INTEGERS, Same,
        &[("overflow", "ERROR"), ("on_domain_error", "ERROR"), ("on_division_by_zero", "ERROR")];
    functions_arithmetic divide Op(Operator::Divide), FLOATS, Same,
        &[("on_domain_error", "NAN"), ("on_division_by_zero", "IEEE")];
    functions_arithmetic modulus Op(Operator::Modulo), INTEGERS, Same,
        &[("division_type", "TRUNCATE"), ("overflow", "SILENT"), ("on_domain_error", "ERROR")];
    functions_arithmetic negate F(Form::Negative), INTEGER, Same, WRAP;
    functions_arithmetic negate F(Form::Negative), FLOAT, Same;
    functions_arithmetic bitwise_and Op(Operator::BitwiseAnd), INTEGERS, Same;
    functions_arithmetic bitwise_or Op(Operator::BitwiseOr), INTEGERS, Same;
    functions_arithmetic bitwise_xor Op(Operator::BitwiseXor), INTEGERS, Same;
    functions_arithmetic abs Scalar("abs"), FLOAT, Same;
    functions_arithmetic sqrt Scalar("sqrt"), FLOAT, Same, NAN;
    functions_arithmetic exp Scalar("exp"), FLOAT, Same;
    functions_arithmetic sin Scalar("sin"), FLOAT, Same;
    functions_arithmetic cos Scalar("cos"), FLOAT, Same;
    functions_arithmetic tan Scalar("tan"), FLOAT, Same;
    functions_arithmetic sinh Scalar("sinh"), FLOAT, Same;
    functions_arithmetic cosh Scalar("cosh"), FLOAT, Same;
    functions_arithmetic tanh Scalar("tanh"), FLOAT, Same;
    functions_arithmetic asin Scalar("asin"), FLOAT, Same, NAN;
    functions_arithmetic acos Scalar("acos"), FLOAT, Same, NAN;
    functions_arithmetic atan Scalar("atan"), FLOAT, Same;
    functions_arithmetic atan2 Scalar("atan2"), FLOATS, Same;
    functions_arithmetic radians Scalar("radians"), FLOAT, Same;
    functions_arithmetic degrees Scalar("degrees"), FLOAT, Same;
    functions_arithmetic power Scalar("power"), FLOATS, Same;
    functions_arithmetic_decimal add Op(Operator::Plus), &["dec_dec"], Decimal;
    functions_arithmetic_decimal subtract Op(Operator::Minus), &["dec_dec"], Decimal;
    functions_arithmetic_decimal multiply Op(Operator::Multiply), &["dec_dec"], Decimal;
    functions_rounding ceil Scalar("ceil"), FLOAT, Same;
    functions_rounding floor Scalar("floor"), FLOAT, Same;
    functions_logarithmic ln Scalar("ln"), FLOAT, Same,
        &[("on_domain_error", "NAN"), ("on_log_zero", "MINUS_INFINITY")];
    functions_logarithmic log10 Scalar("log10"), FLOAT, Same,
        &[("on_domain_error", "NAN"), ("on_log_zero", "MINUS_INFINITY")];
    functions_logarithmic log2 Scalar("log2"), FLOAT, Same,
        &[("on_domain_error", "NAN"), ("on_log_zero", "MINUS_INFINITY")];
    functions_string like F(Form::Like), &["str_str"], Boolean, CASE;
    functions_string like F(Form::ILike), &["str_str"], Boolean,
        &[("case_sensitivity", "CASE_INSENSITIVE")];
    functions_string concat Op(Operator::StringConcat), &["str"], Same * true,
        &[("null_handling", "ACCEPT_NULLS")];
    functions_string concat Scalar("concat"), &["str"], Same * true,
        &[("null_handling", "IGNORE_NULLS")];
    functions_string starts_with Scalar("starts_with"), &["str_str"], Boolean, CASE;
    functions_string ends_with Scalar("ends_with"), &["str_str"], Boolean, CASE;
    functions_string contains Scalar("contains"), &["str_str"], Boolean, CASE;
    functions_string upper Scalar("upper"), &["str"], Same, &[("char_set", "UTF8")];
    functions_string lower Scalar("lower"), &["str"], Same, &[("char_set", "UTF8")];
    functions_string reverse Scalar("reverse"), &["str"], Same;
    functions_aggregate_generic count F(Form::CountRows), &[""], Int64, WRAP;
    functions_aggregate_generic count Aggregate("count"), &["any"], Int64, WRAP;
    functions_arithmetic sum Aggregate("sum"), &["i64"], Int64, WRAP;
    functions_arithmetic sum Aggregate("sum"), &["fp64"], Float64;
    functions_arithmetic avg Aggregate("avg"), &["fp64"], Float64;
    functions_arithmetic min Aggregate("min"), &["i8", "i16", "i32", "i64", "fp32", "fp64"], Same;
    functions_arithmetic max Aggregate("max"), &["i8", "i16", "i32", "i64", "fp32", "fp64"], Same;
    functions_arithmetic_decimal min Aggregate("min"), &["dec"], Same;
    functions_arithmetic_decimal max Aggregate("max"), &["dec"], Same;
    functions_datetime min Aggregate("min"), &["date", "pts", "ptstz"], Same;
    functions_datetime max Aggregate("max"), &["date", "pts", "ptstz"], Same;
    functions_boolean bool_and Aggregate("bool_and"), &["bool"], Boolean;
    functions_boolean bool_or Aggregate("bool_or"), &["bool"], Boolean;
    functions_arithmetic percent_rank Window("percent_rank"), &[""], Float64;
    functions_arithmetic cume_dist Window("cume_dist"), &[""], Float64;
    functions_arithmetic lead Window("lead"), &["any"], Same;
    functions_arithmetic lag Window("lag"), &["any"], Same;
    functions_arithmetic first_value Window("first_value"), &["any"], Same;
    functions_arithmetic last_value Window("last_value"), &["any"], Same;
}

/// The names of operators and forms in planc's URN. No function of DataFusion has one of
/// them; a test says so.
pub(crate) static OWN: &[(Meaning, &str)] = &[
    (Op(Operator::And), "and"),
    (Op(Operator::Or), "or"),
    (Op(Operator::Eq), "equal"),
    (Op(Operator::NotEq), "not_equal"),
    (Op(Operator::Lt), "lt"),
    (Op(Operator::LtEq), "lte"),
    (Op(Operator::Gt), "gt"),
    (Op(Operator::GtEq), "gte"),
    (Op(Operator::IsDistinctFrom), "is_distinct_from"),
    (Op(Operator::IsNotDistinctFrom), "is_not_distinct_from"),
    (Op(Operator::Plus), "add"),
    (Op(Operator::Minus), "subtract"),
    (Op(Operator::Multiply), "multiply"),
    (Op(Operator::Divide), "divide"),
    (Op(Operator::Modulo), "modulus"),
    (Op(Operator::RegexMatch), "regex_match"),
    (Op(Operator::RegexIMatch), "regex_match_ignoring_case"),
    (Op(Operator::RegexNotMatch), "regex_not_match"),
    (Op(Operator::RegexNotIMatch), "regex_not_match_ignoring_case"),
    (Op(Operator::LikeMatch), "like_match"),
    (Op(Operator::ILikeMatch), "like_match_ignoring_case"),
    (Op(Operator::NotLikeMatch), "not_like_match"),
    (Op(Operator::NotILikeMatch), "not_like_match_ignoring_case"),
    (Op(Operator::BitwiseAnd), "bitwise_and"),
    (Op(Operator::BitwiseOr), "bitwise_or"),
    (Op(Operator::BitwiseXor), "bitwise_xor"),
    (Op(Operator::BitwiseShiftRight), "bitwise_shift_right"),
    (Op(Operator::BitwiseShiftLeft), "bitwise_shift_left"),
    (Op(Operator::StringConcat), "string_concat"),
    (Op(Operator::AtArrow), "at_arrow"),
    (Op(Operator::ArrowAt), "arrow_at"),
    (Op(Operator::Arrow), "arrow"),
    (Op(Operator::LongArrow), "long_arrow"),
    (Op(Operator::HashArrow), "hash_arrow"),
    (Op(Operator::HashLongArrow), "hash_long_arrow"),
    (Op(Operator::AtAt), "at_at"),
    (Op(Operator::IntegerDivide), "integer_divide"),
    (Op(Operator::HashMinus), "hash_minus"),
    (Op(Operator::AtQuestion), "at_question"),
    (Op(Operator::Question), "question"),
    (Op(Operator::QuestionAnd), "question_and"),
    (Op(Operator::QuestionPipe), "question_pipe"),
    (Op(Operator::Colon), "colon"),
    (F(Form::Not), "not"),
    (F(Form::Negative), "negate"),
    (F(Form::IsNull), "is_null"),
    (F(Form::IsNotNull), "is_not_null"),
    (F(Form::IsTrue), "is_true"),
    (F(Form::IsFalse), "is_false"),
    (F(Form::IsNotTrue), "is_not_true"),
    (F(Form::IsNotFalse), "is_not_false"),
    (F(Form::Between), "between"),
    (F(Form::Like), "like"),
    (F(Form::ILike), "like_ignoring_case"),
    (F(Form::SimilarTo), "similar_to"),
    (F(Form::SimilarToIgnoringCase), "similar_to_ignoring_case"),
    (F(Form::CaseOf), "case_of"),
    (F(Form::WithMetadata), "field_metadata"),
];

/// The official function with this meaning for these types, and its compound name.
pub(crate) fn standard(
    meaning: Meaning,
    arguments: &[DataType],
    result: &DataType,
) -> Option<(&'static Standard, String)> {
    STANDARD.iter().filter(|line| line.meaning == meaning).find_map(|line| {
        let fits = |signature: &&&str| takes(line, signature, arguments);
        let signature = line.signatures.iter().find(fits)?;
        returns(line, arguments, result).then(|| (line, format!("{}:{signature}", line.name)))
    })
}

/// A declared function that planc does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownFunction;

/// What a declared function means; `Ok(None)` for one of planc's URN that is no operator or
/// form, but a function by DataFusion's name.
#[allow(clippy::result_unit_err, reason = "there is nothing to say but that it is unknown")]
pub fn meaning(
    urn: &str,
    name: &str,
    options: &[(&str, &str)],
) -> Result<Option<Meaning>, UnknownFunction> {
    let (base, signature) = name.split_once(':').unwrap_or((name, ""));
    if urn == extension::URN {
        let own = OWN.iter().find(|(_, own)| *own == base);
        return Ok(own.map(|(meaning, _)| *meaning));
    }
    let file = urn.strip_prefix("extension:io.substrait:").ok_or(UnknownFunction)?;
    let fits = |line: &&Standard| {
        line.file == file
            && line.name == base
            && line.signatures.contains(&signature)
            && line.options.len() == options.len()
            && line.options.iter().all(|wanted| options.contains(wanted))
    };
    STANDARD.iter().find(fits).map(|line| Some(line.meaning)).ok_or(UnknownFunction)
}

fn takes(line: &Standard, signature: &str, arguments: &[DataType]) -> bool {
    let mut wanted: Vec<&str> = signature.split('_').filter(|part| !part.is_empty()).collect();
    if let (true, Some(last)) = (line.variadic, wanted.last().copied()) {
        if arguments.len() < 2 {
            // Official lines want two at least, or mean nothing with one.
            return false;
        }
        wanted.resize(arguments.len(), last);
    }
    let first = arguments.first();
    wanted.len() == arguments.len()
        && wanted.iter().zip(arguments).all(|(wanted, argument)| match *wanted {
            // All places of `any` are one type parameter.
            "any" => Some(argument) == first,
            name => short_name(argument) == Some(name),
        })
}

fn returns(line: &Standard, arguments: &[DataType], result: &DataType) -> bool {
    match line.returns {
        Returns::Same => arguments.first() == Some(result),
        Returns::Boolean => *result == DataType::Boolean,
        Returns::Int64 => *result == DataType::Int64,
        Returns::Float64 => *result == DataType::Float64,
        Returns::Decimal => match arguments {
            [DataType::Decimal128(p1, s1), DataType::Decimal128(p2, s2)] => {
                let (p1, s1, p2, s2) =
                    (i32::from(*p1), i32::from(*s1), i32::from(*p2), i32::from(*s2));
                let (precision, scale) = match line.meaning {
                    Op(Operator::Multiply) => (p1 + p2 + 1, s1 + s2),
                    _ => (s1.max(s2) + (p1 - s1).max(p2 - s2) + 1, s1.max(s2)),
                };
                // Over 38 digits the official rule gives up scale, and DataFusion does not.
                precision <= 38
                    && matches!(result, DataType::Decimal128(p, s)
                        if i32::from(*p) == precision && i32::from(*s) == scale)
            }
            _ => false,
        },
    }
}

/// The name of a type in compound function names, for the types that are standard as they
/// are.
fn short_name(data_type: &DataType) -> Option<&'static str> {
    Some(match data_type {
        DataType::Boolean => "bool",
        DataType::Int8 => "i8",
        DataType::Int16 => "i16",
        DataType::Int32 => "i32",
        DataType::Int64 => "i64",
        DataType::Float32 => "fp32",
        DataType::Float64 => "fp64",
        DataType::Utf8 => "str",
        DataType::Binary => "vbin",
        DataType::Date32 => "date",
        DataType::Timestamp(_, None) => "pts",
        DataType::Timestamp(_, Some(zone)) if zone.as_ref() == "UTC" => "ptstz",
        DataType::Interval(IntervalUnit::YearMonth) => "iyear",
        DataType::Interval(IntervalUnit::DayTime) => "iday",
        DataType::Decimal128(precision, scale)
            if *scale >= 0 && i32::from(*scale) <= i32::from(*precision) =>
        {
            "dec"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use substrait::extensions::EXTENSIONS;

    use super::*;

    /// A type of an official file by its name in compound names.
    fn abbreviated(argument: &Value) -> String {
        let text = argument.get("value").and_then(Value::as_str).unwrap_or("enum").to_lowercase();
        let base = text.split(['<', '?']).next().unwrap_or_default();
        match base.trim_end_matches(char::is_numeric) {
            "any" => "any",
            "boolean" => "bool",
            "string" => "str",
            "decimal" => "dec",
            "precision_timestamp" => "pts",
            "precision_timestamp_tz" => "ptstz",
            _ => base,
        }
        .to_owned()
    }

    #[test]
    fn every_line_is_in_the_official_files() {
        for line in STANDARD {
            let file = EXTENSIONS.iter().find(|(urn, _)| urn.to_string() == line.urn());
            let file = serde_json::to_value(file.unwrap().1).unwrap();
            let section = match line.meaning {
                Aggregate(_) | F(Form::CountRows) => "aggregate_functions",
                Window(_) => "window_functions",
                _ => "scalar_functions",
            };
            let functions = file[section].as_array().unwrap();
            let impls: Vec<&Value> = functions
                .iter()
                .filter(|function| function["name"] == line.name)
                .flat_map(|function| function["impls"].as_array().unwrap())
                .collect();
            for signature in line.signatures {
                let found = impls.iter().find(|one| {
                    let args = one["args"].as_array().cloned().unwrap_or_default();
                    let names: Vec<String> = args.iter().map(abbreviated).collect();
                    names.join("_") == *signature
                });
                let found = found.unwrap_or_else(|| panic!("{line:?} {signature}"));
                assert_eq!(found["variadic"].is_object(), line.variadic, "{line:?}");
                for (name, value) in line.options {
                    let values = found["options"][name]["values"].as_array();
                    let values = values.unwrap_or_else(|| panic!("{line:?} {name}"));
                    assert!(values.iter().any(|known| known == value), "{line:?} {name}");
                }
            }
        }
    }

    #[test]
    fn declared_functions_mean_what_they_were_chosen_for() {
        for line in STANDARD {
            for signature in line.signatures {
                let name = format!("{}:{signature}", line.name);
                assert_eq!(meaning(&line.urn(), &name, line.options), Ok(Some(line.meaning)));
            }
        }
        let unknown = meaning("extension:io.substrait:functions_string", "concat:str", &[]);
        assert_eq!(unknown, Err(UnknownFunction));
        assert_eq!(meaning(extension::URN, "substr:any", &[]), Ok(None));
    }

    #[test]
    fn decimals_are_standard_where_both_rules_agree() {
        let op = Op(Operator::Plus);
        let decimal = DataType::Decimal128;
        let small = [decimal(10, 2), decimal(5, 1)];
        assert!(standard(op, &small, &decimal(11, 2)).is_some());
        assert!(standard(op, &small, &decimal(12, 2)).is_none());
        let large = [decimal(38, 10), decimal(38, 2)];
        assert!(standard(op, &large, &decimal(38, 10)).is_none());
    }
}
