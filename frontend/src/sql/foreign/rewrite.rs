//! What other dialects have a function or a field for and DataFusion says in other words, exactly.
//!
//! polyglot leaves these calls as they are, or gives them a name that DataFusion does not know.
//! Only what is the same for every value, NULL too, is rewritten.

use std::ops::ControlFlow;

use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, DataType, DateTimeField, Expr, ExtractSyntax, Function,
    FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, Interval,
    ObjectName, Query, UnaryOperator, Value, ValueWithSpan, VisitMut, VisitorMut,
};

use super::patterns;

/// Rewrites a query that was translated from `dialect`.
pub(crate) fn rewrite(query: &mut Query, dialect: &str) {
    let _ = query.visit(&mut Rewriter { dialect });
}

struct Rewriter<'a> {
    dialect: &'a str,
}

impl VisitorMut for Rewriter<'_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let rewritten = match expr {
            Expr::Function(call) => self.call(call),
            Expr::Extract { field, expr, .. } => self.field(field, expr),
            Expr::SimilarTo { negated, expr, pattern, escape_char: None } => {
                self.similar(*negated, expr, pattern)
            }
            _ => None,
        };
        if let Some(rewritten) = rewritten {
            *expr = rewritten;
        }
        ControlFlow::Continue(())
    }
}

impl Rewriter<'_> {
    fn is(&self, dialects: &[&str]) -> bool {
        dialects.contains(&self.dialect)
    }

    fn call(&self, call: &mut Function) -> Option<Expr> {
        let name = call.name.to_string().to_lowercase();
        let plain = call.over.is_none() && call.filter.is_none();
        let args = arguments(call)?;
        match (name.as_str(), args.as_slice()) {
            ("if" | "iif" | "iff", [condition, then]) if plain => Some(case(condition, then, None)),
            ("if" | "iif" | "iff", [condition, then, other]) if plain => {
                Some(case(condition, then, Some(other)))
            }
            ("isnull", [value, other]) if plain && self.is(&["tsql"]) => {
                Some(Expr::Function(function("coalesce", vec![value.clone(), other.clone()])))
            }
            ("count_if" | "countif", [condition]) if call.over.is_none() => {
                let both = match call.filter.take() {
                    Some(filter) => operation(*filter, BinaryOperator::And, condition.clone()),
                    None => condition.clone(),
                };
                let count = function_of("count", vec![FunctionArgExpr::Wildcard]);
                Some(Expr::Function(Function { filter: Some(Box::new(both)), ..count }))
            }
            ("year" | "month" | "day" | "dayofmonth" | "quarter" | "hour" | "minute", [value])
                if plain && !self.is(&["oracle", "sqlite"]) =>
            {
                let field = match name.as_str() {
                    "year" => DateTimeField::Year,
                    "month" => DateTimeField::Month,
                    "quarter" => DateTimeField::Quarter,
                    "hour" => DateTimeField::Hour,
                    "minute" => DateTimeField::Minute,
                    _ => DateTimeField::Day,
                };
                Some(extract(field, value))
            }
            ("dayofweek", [value]) if plain => {
                let day = extract(DateTimeField::Dow, value);
                let from_one = ["spark", "databricks", "hive", "mysql", "bigquery"];
                match self.dialect {
                    "duckdb" | "snowflake" => Some(day),
                    dialect if from_one.contains(&dialect) => Some(sunday_is_one(day)),
                    _ => None,
                }
            }
            ("length", [value]) if plain && self.is(&["tsql"]) => {
                // LEN leaves blanks at the end out.
                let trimmed = Expr::Function(function("rtrim", vec![value.clone()]));
                Some(Expr::Function(function("length", vec![trimmed])))
            }
            ("regexp_like", [value, pattern]) if plain && self.is(&["snowflake"]) => {
                let whole = patterns::whole(text(pattern)?);
                let args = vec![value.clone(), literal(&whole)];
                Some(Expr::Function(function("regexp_like", args)))
            }
            ("dateadd" | "date_add" | "timestampadd", [unit, number, value])
                if plain && !self.is(&["bigquery"]) =>
            {
                let (unit, times) = whole_days(&unit.to_string())?;
                Some(moved(value.clone(), times * whole_number(number)?, unit))
            }
            ("date_add", [value, number]) if plain && self.is(&["spark", "databricks", "hive"]) => {
                Some(moved(as_date(value), whole_number(number)?, "day"))
            }
            ("date_sub", [value, number]) if plain && self.is(&["spark", "databricks", "hive"]) => {
                Some(moved(as_date(value), -whole_number(number)?, "day"))
            }
            ("datediff", [unit, from, to])
                if plain
                    && self.is(&["snowflake", "duckdb", "redshift", "tsql"])
                    && unit.to_string().eq_ignore_ascii_case("day") =>
            {
                Some(days_between(from, to))
            }
            ("datediff", [to, from])
                if plain && self.is(&["spark", "databricks", "hive", "mysql"]) =>
            {
                Some(days_between(from, to))
            }
            _ => None,
        }
    }

    /// Fields whose numbers begin elsewhere.
    fn field(&self, field: &DateTimeField, value: &Expr) -> Option<Expr> {
        let day = matches!(field, DateTimeField::Dow | DateTimeField::DayOfWeek);
        if day && self.is(&["bigquery", "spark", "databricks", "hive"]) {
            return Some(sunday_is_one(extract(DateTimeField::Dow, value)));
        }
        if day && self.is(&["presto", "trino", "athena"]) {
            return Some(extract(DateTimeField::Isodow, value));
        }
        let iso_week = field.to_string().eq_ignore_ascii_case("isoweek");
        // Not the field WEEK, which the check refuses where it counts from Sunday.
        iso_week.then(|| extract(DateTimeField::Custom(Ident::new("WEEK")), value))
    }

    /// DataFusion takes the pattern for a regular expression that may match anywhere.
    fn similar(&self, negated: bool, value: &Expr, pattern: &Expr) -> Option<Expr> {
        let pattern = match self.dialect {
            "duckdb" => patterns::whole(text(pattern)?),
            "postgresql" | "redshift" => patterns::whole(&patterns::from_sql(text(pattern)?)?),
            _ => return None,
        };
        let op =
            if negated { BinaryOperator::PGRegexNotMatch } else { BinaryOperator::PGRegexMatch };
        Some(operation(value.clone(), op, literal(&pattern)))
    }
}

/// The unnamed arguments of a call that has nothing else in its brackets.
fn arguments(call: &Function) -> Option<Vec<Expr>> {
    let FunctionArguments::List(list) = &call.args else { return None };
    if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return None;
    }
    let unnamed = list.args.iter().map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
        _ => None,
    });
    unnamed.collect()
}

fn function(name: &str, args: Vec<Expr>) -> Function {
    function_of(name, args.into_iter().map(FunctionArgExpr::Expr).collect())
}

fn function_of(name: &str, args: Vec<FunctionArgExpr>) -> Function {
    Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: args.into_iter().map(FunctionArg::Unnamed).collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    }
}

fn case(condition: &Expr, then: &Expr, other: Option<&Expr>) -> Expr {
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![CaseWhen { condition: condition.clone(), result: then.clone() }],
        else_result: other.map(|other| Box::new(other.clone())),
    }
}

fn extract(field: DateTimeField, value: &Expr) -> Expr {
    Expr::Extract { field, syntax: ExtractSyntax::From, expr: Box::new(value.clone()) }
}

fn operation(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    let nested = |expr| Box::new(Expr::Nested(Box::new(expr)));
    Expr::Nested(Box::new(Expr::BinaryOp { left: nested(left), op, right: nested(right) }))
}

/// A day of the week that counts from 1, where DataFusion's counts from 0.
fn sunday_is_one(day: Expr) -> Expr {
    operation(day, BinaryOperator::Plus, number("1"))
}

fn number(digits: &str) -> Expr {
    Expr::Value(Value::Number(digits.to_owned(), false).into())
}

fn literal(text: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(text.to_owned()).into())
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => Some(text),
        _ => None,
    }
}

fn whole_number(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Value(ValueWithSpan { value: Value::Number(digits, _), .. }) => {
            digits.parse::<i32>().ok().map(i64::from)
        }
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => whole_number(expr).map(|n| -n),
        Expr::Nested(expr) => whole_number(expr),
        _ => None,
    }
}

/// Units that leave a date a date, as DataFusion's unit and how many of them.
fn whole_days(unit: &str) -> Option<(&'static str, i64)> {
    Some(match unit.trim_matches('\'').to_lowercase().as_str() {
        "day" | "days" => ("day", 1),
        "week" | "weeks" => ("day", 7),
        "month" | "months" => ("month", 1),
        "quarter" | "quarters" => ("month", 3),
        "year" | "years" => ("month", 12),
        _ => return None,
    })
}

fn moved(value: Expr, number: i64, unit: &str) -> Expr {
    let interval = Expr::Interval(Interval {
        value: Box::new(literal(&format!("{number} {unit}"))),
        leading_field: None,
        leading_precision: None,
        last_field: None,
        fractional_seconds_precision: None,
    });
    Expr::Nested(Box::new(Expr::BinaryOp {
        left: Box::new(Expr::Nested(Box::new(value))),
        op: BinaryOperator::Plus,
        right: Box::new(interval),
    }))
}

fn as_date(value: &Expr) -> Expr {
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(value.clone()),
        data_type: DataType::Date,
        array: false,
        format: None,
    }
}

/// The midnights between two times.
fn days_between(from: &Expr, to: &Expr) -> Expr {
    operation(as_date(to), BinaryOperator::Minus, as_date(from))
}
