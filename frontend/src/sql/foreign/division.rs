//! Division of exact numbers: DataFusion keeps integers integers and decimals decimals.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator};
use planc_ir::{Diagnostic, Span, code};
use sqlparser::tokenizer::Token;

use super::super::place::lexemes;

/// Dialects in which `/` keeps the fraction of integers, or divides decimals by rules of
/// their own.
const FRACTIONAL: &[&str] = &[
    "bigquery",
    "clickhouse",
    "databricks",
    "duckdb",
    "hive",
    "mysql",
    "oracle",
    "snowflake",
    "spark",
];

/// Refuses a quotient of two exact numbers in a plan whose text is of such a dialect.
pub(crate) fn check(plan: &LogicalPlan, dialect: &str, text: &str) -> Option<Diagnostic> {
    if !FRACTIONAL.contains(&dialect) || !divides_exactly(plan).unwrap_or(true) {
        return None;
    }
    // One `/` in the text is the one; of several nobody knows which.
    let slashes: Vec<Span> = lexemes(text)
        .into_iter()
        .filter(|lexeme| lexeme.token == Token::Div)
        .map(|lexeme| Span::new(lexeme.start, lexeme.end))
        .collect();
    let place = match slashes.as_slice() {
        [only] => Some(*only),
        _ => None,
    };
    let message =
        format!("`/` between exact numbers means something else in {dialect} than in DataFusion");
    let help = "cast one side: `CAST(a AS DOUBLE) / b` keeps the fraction in both";
    Some(Diagnostic::new(code::DIALECT, message).at(place).help(help))
}

fn divides_exactly(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        let schema = merge_schema(&node.inputs());
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                if let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Divide, right }) = expr {
                    found |= is_exact(left, &schema) && is_exact(right, &schema);
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(found)
}

/// An operand whose type nobody can tell counts as exact: refusing is the safe side.
fn is_exact(expr: &Expr, schema: &DFSchema) -> bool {
    expr.get_type(schema).map_or(true, |data_type| {
        data_type.is_integer() || data_type.is_decimal() || data_type.is_null()
    })
}
