//! The condition of a `replace_where`.

use std::collections::BTreeMap;

use arrow::datatypes::{DataType, Schema};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, DFSchema, DataFusionError, ScalarValue, SchemaError};
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{Expr, ExprSchemable, Volatility, lit};
use planc_ir::Diagnostic;
use planc_ir::code::{OUTPUT_FAILED, PARAMETER, SYNTAX, UNKNOWN_COLUMN};
use planc_ir::suggest::did_you_mean;

use crate::fault;
use crate::scan::guard::holds_floats;

/// The condition as an expression over the table's columns, with the parameters' values.
///
/// # Errors
/// P0101 and P0202 where it is no SQL or names another column; P0705 where it is no condition, is volatile, holds a subquery, or reads a
/// float: files are chosen by their bounds, which leave NaN out. P0806 for a parameter without
/// a value.
pub(super) fn parse(
    state: &SessionState,
    location: &str,
    predicate: &str,
    schema: &Schema,
    params: &BTreeMap<String, ScalarValue>,
) -> Result<Expr, Diagnostic> {
    let wrong = |why: String| {
        let message = format!("`{location}`: replace_where `{predicate}`: {why}");
        Diagnostic::new(OUTPUT_FAILED, message)
    };
    let typed = DFSchema::try_from(schema.clone()).map_err(|e| wrong(fault::sentence(&e)))?;
    let expr = state
        .create_logical_expr(predicate, &typed)
        .map_err(|error| unread(location, predicate, schema, &error))?;
    for column in expr.column_refs() {
        let field = schema.field_with_name(&column.name);
        if field.is_ok_and(|field| holds_floats(field.data_type())) {
            return Err(wrong(format!("`{}` is a float, and NaN has no bounds", column.name)));
        }
    }
    let changes = expr.exists(|expr| {
        Ok(matches!(expr, Expr::ScalarFunction(call)
            if call.func.signature().volatility != Volatility::Immutable))
    });
    if changes.unwrap_or(true) {
        let why = "it gives another result at another time".to_owned();
        return Err(wrong(why).help("put a parameter in its place: `day = $day`"));
    }
    let mut missing = None;
    let expr = expr
        .transform(|expr| {
            Ok(match expr {
                Expr::Placeholder(placeholder) => {
                    let name = placeholder.id.trim_start_matches('$');
                    match params.get(name) {
                        Some(value) => Transformed::yes(lit(value.clone())),
                        None => {
                            missing = Some(name.to_owned());
                            Transformed::no(Expr::Placeholder(placeholder))
                        }
                    }
                }
                Expr::Column(column) => {
                    Transformed::yes(Expr::Column(Column::new_unqualified(column.name)))
                }
                other => Transformed::no(other),
            })
        })
        .data()
        .map_err(|error| wrong(fault::sentence(&error)))?;
    if let Some(name) = missing {
        let message = format!("replace_where: the parameter `{name}` has no value");
        let help = format!("give it: --param {name}=VALUE");
        return Err(Diagnostic::new(PARAMETER, message).help(help));
    }
    let subquery = expr.exists(|expr| {
        Ok(matches!(
            expr,
            Expr::Exists(_)
                | Expr::InSubquery(_)
                | Expr::ScalarSubquery(_)
                | Expr::SetComparison(_)
        ))
    });
    if subquery.unwrap_or(true) {
        return Err(wrong("it holds a subquery".to_owned()));
    }
    match expr.get_type(&typed) {
        Ok(DataType::Boolean | DataType::Null) | Err(_) => Ok(expr),
        Ok(other) => Err(wrong(format!("it is {other}, and no condition"))),
    }
}

/// Why a condition cannot be read, with the code that the same fault has in a rule.
fn unread(location: &str, predicate: &str, schema: &Schema, error: &DataFusionError) -> Diagnostic {
    let of = |code, why: String| {
        Diagnostic::new(code, format!("`{location}`: replace_where `{predicate}`: {why}"))
    };
    match error.find_root() {
        DataFusionError::SQL(error, _) => {
            let why = error.to_string();
            let why = why.split_once(": ").map_or(why.as_str(), |(_, why)| why).to_owned();
            of(SYNTAX, why)
        }
        DataFusionError::SchemaError(error, _) => match error.as_ref() {
            SchemaError::FieldNotFound { field, .. } => {
                let names = schema.fields().iter().map(|field| field.name().as_str());
                let help = did_you_mean(&field.name, names);
                of(UNKNOWN_COLUMN, format!("the rows have no column `{}`", field.name))
                    .help_opt(help)
            }
            _ => of(OUTPUT_FAILED, fault::sentence(&DataFusionError::Plan(error.to_string()))),
        },
        other => of(OUTPUT_FAILED, fault::sentence(other)),
    }
}
