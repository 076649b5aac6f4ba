//! What only the types tell: casts that round, lengths of lists, means of decimals.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator};
use planc_ir::{Code, Diagnostic, Span, code};
use sqlparser::tokenizer::Token;

use super::super::place::lexemes;

/// Dialects whose casts to integers round; the others cut, as DataFusion does.
const ROUNDING: &[&str] = &[
    "athena",
    "bigquery",
    "duckdb",
    "mysql",
    "oracle",
    "postgresql",
    "presto",
    "redshift",
    "snowflake",
    "trino",
];

/// Dialects in which the mean of decimals is no decimal of four more digits.
const OTHER_MEANS: &[&str] = &["duckdb", "oracle", "postgresql", "redshift", "snowflake"];

/// Functions of text that are functions of lists in other dialects, too.
const OF_TEXT: &[&str] =
    &["character_length", "contains", "repeat", "replace", "reverse", "strpos", "substr"];

/// A difference, and the word of the text that it hangs on.
struct Difference {
    code: Code,
    words: &'static [&'static str],
    message: String,
    help: &'static str,
}

/// Errors and warnings about a plan whose text is of `dialect`.
pub(crate) fn check(plan: &LogicalPlan, dialect: &str, text: &str) -> Vec<Diagnostic> {
    let mut found: Vec<Difference> = Vec::new();
    let walked = plan.apply_with_subqueries(|node| {
        let schema = merge_schema(&node.inputs());
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                if let Some(difference) = difference(expr, &schema, dialect)
                    && found.iter().all(|known| known.message != difference.message)
                {
                    found.push(difference);
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    // What cannot be walked is refused elsewhere.
    drop(walked);
    let diagnostic = |difference: Difference| {
        Diagnostic::new(difference.code, difference.message)
            .at(only(text, difference.words))
            .help(difference.help)
    };
    found.into_iter().map(diagnostic).collect()
}

fn difference(expr: &Expr, schema: &DFSchema, dialect: &str) -> Option<Difference> {
    let type_of = |expr: &Expr| -> Result<DataType> { expr.get_type(schema) };
    let refused = |words, message: String, help| {
        Some(Difference { code: code::DIALECT, words, message, help })
    };
    match expr {
        Expr::Cast(cast) if ROUNDING.contains(&dialect) && !is_whole(&cast.expr) => {
            let from = type_of(&cast.expr).ok()?;
            let broken = from.is_floating()
                || matches!(from, DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) if scale > 0);
            if !broken || !cast.field.data_type().is_integer() {
                return None;
            }
            let to = cast.field.data_type();
            refused(
                &["cast", "::", "try_cast", "safe_cast"],
                format!("the cast from {from} to {to} rounds in {dialect} and cuts in DataFusion"),
                "say which: `CAST(round(x) AS …)` or `CAST(trunc(x) AS …)`",
            )
        }
        Expr::ScalarFunction(call) => {
            let first = type_of(call.args.first()?).ok()?;
            let name = call.func.name();
            if OF_TEXT.contains(&name) && first.is_nested() {
                return refused(
                    &["length", "len", "reverse", "contains", "repeat", "replace", "substr"],
                    format!(
                        "`{name}` of a {first} is of the list in {dialect}, and of its text here"
                    ),
                    "write this rule in DataFusion's dialect: `cardinality(list)` is a list's length",
                );
            }
            if name == "round"
                && first.is_floating()
                && matches!(dialect, "postgresql" | "redshift")
            {
                return refused(
                    &["round"],
                    format!("`round` of a float rounds halves to even in {dialect}"),
                    "round a decimal: `round(CAST(x AS DECIMAL(38, 10)))` is the same in both",
                );
            }
            None
        }
        Expr::AggregateFunction(call)
            if call.func.name() == "avg" && OTHER_MEANS.contains(&dialect) =>
        {
            let of = type_of(call.params.args.first()?).ok()?;
            of.is_decimal().then(|| Difference {
                code: code::UNVERIFIED_TRANSLATION,
                words: &["avg"],
                message: format!(
                    "`avg` of {of} has four more digits here, and others in {dialect}"
                ),
                help: "`avg(CAST(x AS DOUBLE))` says which type is meant",
            })
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Divide, .. })
            if matches!(dialect, "presto" | "sqlite") =>
        {
            let Expr::Cast(cast) = left.as_ref() else { return None };
            let exact = type_of(&cast.expr).is_ok_and(|of| of.is_integer());
            if !exact || !cast.field.data_type().is_floating() {
                return None;
            }
            refused(
                &["/"],
                format!("`/` between integers cuts in {dialect}, and its translation does not"),
                "write this rule in DataFusion's dialect, where it cuts as well",
            )
        }
        _ => None,
    }
}

/// Whether a value has no digits behind the point, so that nothing is cut or rounded.
fn is_whole(expr: &Expr) -> bool {
    match expr {
        Expr::ScalarFunction(call) => {
            matches!(call.func.name(), "round" | "trunc" | "floor" | "ceil") && call.args.len() == 1
        }
        Expr::Alias(alias) => is_whole(&alias.expr),
        _ => false,
    }
}

/// The one place in the text where one of these words stands; of several nobody knows which.
fn only(text: &str, words: &[&str]) -> Option<Span> {
    let mut found = lexemes(text).into_iter().filter(|lexeme| match &lexeme.token {
        Token::Word(word) => words.contains(&word.value.to_lowercase().as_str()),
        Token::DoubleColon => words.contains(&"::"),
        Token::Div => words.contains(&"/"),
        _ => false,
    });
    match (found.next(), found.next()) {
        (Some(only), None) => Some(Span::new(only.start, only.end)),
        _ => None,
    }
}
