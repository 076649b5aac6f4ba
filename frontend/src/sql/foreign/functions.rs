//! Functions that bear one name in two dialects.

use planc_ir::{Diagnostic, Span, code};
use sqlparser::ast::{
    CharacterLength, DataType, DateTimeField, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, Query, Value, ValueWithSpan,
};
use sqlparser::tokenizer::Token;

use super::super::place::{Places, lexemes};
use super::super::walk;

/// Functions that mean the same wherever they are known.
const SAME: &[&str] = &[
    "abs",
    "acos",
    "array_agg",
    "asin",
    "atan",
    "atan2",
    "avg",
    "bool_and",
    "bool_or",
    "btrim",
    "cbrt",
    "ceil",
    "ceiling",
    "char_length",
    "character_length",
    "coalesce",
    "corr",
    "cos",
    "count",
    "cume_dist",
    "current_date",
    "current_timestamp",
    "date_part",
    "date_trunc",
    "dense_rank",
    "exp",
    "first_value",
    "floor",
    "lag",
    "last_value",
    "lead",
    "length",
    "ln",
    "lower",
    "lpad",
    "ltrim",
    "max",
    "min",
    "mod",
    "now",
    "nth_value",
    "ntile",
    "nullif",
    "percent_rank",
    "pi",
    "pow",
    "power",
    "radians",
    "rank",
    "repeat",
    "replace",
    "reverse",
    "round",
    "row_number",
    "rpad",
    "rtrim",
    "sign",
    "sin",
    "sqrt",
    "starts_with",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "string_agg",
    "strpos",
    "substr",
    "sum",
    "tan",
    "trim",
    "upper",
    "var_pop",
    "var_samp",
];

const WHOLE: &str = "the pattern must match the whole text there, and any part of it here";

const FROM_ELSEWHERE: &str = "a start that is not a positive number counts from another place";

/// Errors where a call means something else in DataFusion than in `dialect`, warnings where
/// nobody has compared the two.
pub(crate) fn check(query: &Query, dialect: &str, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut calls = Calls { dialect, places, found: Vec::new() };
    walk::expressions(query, &mut |expr| calls.expression(expr));
    calls.found
}

/// Functions that the translation gives the name of another one, with what is lost.
const LOST: &[(&str, &str, &str)] =
    &[("duckdb", "regexp_full_match", "the pattern must match the whole text there")];

/// Errors for calls in the text as it was written.
pub(crate) fn lost(text: &str, dialect: &str) -> Vec<Diagnostic> {
    let lexemes = lexemes(text);
    let mut found = Vec::new();
    for (at, lexeme) in lexemes.iter().enumerate() {
        let Token::Word(word) = &lexeme.token else { continue };
        let opens = lexemes.get(at + 1).is_some_and(|next| next.token == Token::LParen);
        let known = LOST
            .iter()
            .find(|(of, name, _)| *of == dialect && opens && word.value.eq_ignore_ascii_case(name));
        if let Some((_, name, difference)) = known {
            let message = format!("`{name}` has no translation to DataFusion");
            found.push(
                Diagnostic::new(code::DIALECT, message)
                    .at(Some(Span::new(lexeme.start, lexeme.end)))
                    .help(format!("{difference}; write this rule in DataFusion's dialect")),
            );
        }
    }
    found
}

/// Dialects in which a cast to text of a length cuts it.
const CUTTING: &[&str] = &[
    "athena",
    "mysql",
    "oracle",
    "postgresql",
    "presto",
    "redshift",
    "snowflake",
    "trino",
    "tsql",
];

/// Whether a type is text of a length, other than the longest.
fn has_length(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Char(Some(_))
            | DataType::Character(Some(_))
            | DataType::Varchar(Some(CharacterLength::IntegerLength { .. }))
            | DataType::CharVarying(Some(_))
            | DataType::CharacterVarying(Some(CharacterLength::IntegerLength { .. }))
            | DataType::Nvarchar(Some(CharacterLength::IntegerLength { .. }))
    )
}

struct Calls<'a, 't> {
    dialect: &'a str,
    places: &'a Places<'t>,
    found: Vec<Diagnostic>,
}

impl Calls<'_, '_> {
    fn refuse(&mut self, expr: &Expr, what: &str, difference: &str) {
        let message = format!("{what} means something else in {} than in DataFusion", self.dialect);
        let help = format!("{difference}; write this rule in DataFusion's dialect");
        let place = self.places.expression(expr);
        self.found.push(Diagnostic::new(code::DIALECT, message).at(place).help(help));
    }

    fn call(&mut self, expr: &Expr, call: &Function) {
        let name = call.name.to_string().to_lowercase();
        if let Some(difference) = difference(&name, self.dialect, call) {
            self.refuse(expr, &format!("`{name}`"), difference);
        } else if !SAME.contains(&name.as_str()) {
            let message =
                format!("`{name}` is taken to mean the same in {} and in DataFusion", self.dialect);
            self.found.push(
                Diagnostic::new(code::UNVERIFIED_TRANSLATION, message)
                    .at(self.places.expression(expr))
                    .help("compare the rows once, then silence this, or write the rule in DataFusion's dialect"),
            );
        }
    }

    fn expression(&mut self, expr: &Expr) {
        match expr {
            Expr::Function(call) => self.call(expr, call),
            Expr::Substring { substring_from: Some(from), .. }
                if !is_positive(from) && !matches!(self.dialect, "postgresql" | "redshift") =>
            {
                self.refuse(expr, "`substring`", FROM_ELSEWHERE);
            }
            Expr::CompoundFieldAccess { access_chain, .. }
                if access_chain
                    .iter()
                    .any(|access| matches!(access, sqlparser::ast::AccessExpr::Subscript(_)))
                    && matches!(
                        self.dialect,
                        "spark" | "databricks" | "hive" | "bigquery" | "snowflake"
                    ) =>
            {
                self.refuse(
                    expr,
                    "the subscript",
                    "DataFusion counts the elements of a list from 1",
                );
            }
            Expr::Cast { data_type, .. }
                if has_length(data_type) && CUTTING.contains(&self.dialect) =>
            {
                let what = format!("a cast to {data_type}");
                self.refuse(
                    expr,
                    &what,
                    "it cuts or fills the text there, and not here: `left(x, n)` cuts",
                );
            }
            Expr::SimilarTo { .. } => self.refuse(
                expr,
                "SIMILAR TO with this pattern",
                "here it is a regular expression that may match anywhere",
            ),
            Expr::RLike { .. } if self.dialect == "snowflake" => {
                self.refuse(expr, "RLIKE", WHOLE);
            }
            Expr::Extract { field: DateTimeField::Week(_), .. }
                if matches!(self.dialect, "bigquery" | "mysql" | "tsql") =>
            {
                self.refuse(
                    expr,
                    "WEEK",
                    "weeks begin on Sunday there; ISOWEEK is the same in both",
                );
            }
            Expr::Like { .. } if matches!(self.dialect, "mysql" | "sqlite" | "tsql") => {
                self.refuse(expr, "LIKE", "it ignores case there and not here: `ILIKE` ignores it");
            }
            _ => {}
        }
    }
}

/// How the function differs, where it is known to.
fn difference(name: &str, dialect: &str, call: &Function) -> Option<&'static str> {
    Some(match name {
        "date_format" | "to_char" | "strftime" | "to_date" | "to_timestamp" | "date_parse"
        | "parse_date" | "parse_timestamp" | "strptime" | "str_to_date" | "from_unixtime"
        | "unix_timestamp" | "format" => "the languages of date and number formats differ",
        "concat" if !matches!(dialect, "postgresql" | "duckdb" | "tsql") => {
            "there NULL makes the whole text NULL, here it is skipped: `a || b` is NULL in both"
        }
        "greatest" | "least"
            if !matches!(
                dialect,
                "postgresql" | "duckdb" | "spark" | "databricks" | "redshift" | "tsql"
            ) =>
        {
            "there one NULL makes the result NULL, here it is skipped"
        }
        "regexp_like" if dialect == "snowflake" && !is_anchored(call) => WHOLE,
        "regexp_like" if dialect == "mysql" => "it ignores case there",
        "date_trunc"
            if matches!(dialect, "bigquery" | "tsql" | "mysql") && begins_with_week(call) =>
        {
            "weeks begin on Sunday there and on Monday here"
        }
        "log"
            if !matches!(
                dialect,
                "postgresql" | "duckdb" | "redshift" | "sqlite" | "snowflake"
            ) =>
        {
            "its base, or the order of its arguments, differs"
        }
        "substr" if !matches!(dialect, "postgresql" | "redshift") && !second_is_positive(call) => {
            FROM_ELSEWHERE
        }
        _ => return None,
    })
}

/// The text of the argument at this place.
fn literal(call: &Function, place: usize) -> Option<&str> {
    let FunctionArguments::List(list) = &call.args else { return None };
    match list.args.get(place)? {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(ValueWithSpan {
            value: Value::SingleQuotedString(text),
            ..
        }))) => Some(text),
        _ => None,
    }
}

/// A pattern that was made to match the whole text.
fn is_anchored(call: &Function) -> bool {
    literal(call, 1).is_some_and(|text| text.starts_with("\\A(?:") && text.ends_with(")\\z"))
}

fn begins_with_week(call: &Function) -> bool {
    [0, 1].into_iter().any(|place| {
        literal(call, place).is_some_and(|text| text.to_lowercase().starts_with("week"))
    })
}

fn second_is_positive(call: &Function) -> bool {
    let FunctionArguments::List(list) = &call.args else { return false };
    match list.args.get(1) {
        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))) => is_positive(expr),
        _ => false,
    }
}

fn is_positive(expr: &Expr) -> bool {
    let Expr::Value(ValueWithSpan { value: Value::Number(number, _), .. }) = expr else {
        return false;
    };
    number.parse::<u64>().is_ok_and(|number| number > 0)
}
