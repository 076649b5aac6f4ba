//! The SQL that Ibis writes for DataFusion: where it means something else than Ibis does.
//!
//! Ibis says what an operation gives, and its backends come near it. These are the functions
//! and casts of DataFusion's that were found to give other values than Ibis's own engine on the
//! same rows, in the way that Ibis calls them. They are refused (P0512).

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Cast, Expr, ExprSchemable, Operator, TryCast};
use planc_ir::{Diagnostic, Plan, code};

/// Functions that are refused in any call, and what differs.
const FUNCTIONS: [(&str, &str); 10] = [
    ("regexp_match", "what does not match is null, and not the empty text"),
    ("string_to_array", "the empty text has no part, and not an empty one"),
    ("array_position", "null lists and elements are not found, and not null"),
    ("levenshtein", "it counts bytes, and not characters"),
    ("from_unixtime", "the result is a number, or in another zone"),
    ("array_sort", "nulls come first, and not last"),
    ("array_union", "a null list makes the result null"),
    ("array_intersect", "a null list makes the result null"),
    ("array_to_string", "an empty list gives null, and not the empty text"),
    ("map_extract", "the second element is asked for, and there is one"),
];

/// What in a plan gives other values than Ibis means: P0512, once for each function and cast.
pub fn check(plan: &Plan) -> Vec<Diagnostic> {
    let mut found: Vec<String> = Vec::new();
    let walked = plan.logical.apply_with_subqueries(|node| {
        let schema = merge_schema(&node.inputs());
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                if let Some(message) = differs(part, &schema)
                    && !found.contains(&message)
                {
                    found.push(message);
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    if let Err(error) = walked {
        found.push(format!("the plan cannot be looked through: {}", error.strip_backtrace()));
    }
    let help = "say it in another way in Ibis, or let `planc-ibis` write a plan";
    found
        .into_iter()
        .map(|message| Diagnostic::new(code::ENGINES_DIFFER, message).help(help))
        .collect()
}

fn differs(expr: &Expr, schema: &DFSchema) -> Option<String> {
    match expr {
        Expr::ScalarFunction(call) => function(call, schema),
        Expr::Cast(Cast { expr: inner, .. }) | Expr::TryCast(TryCast { expr: inner, .. }) => {
            let (found, wanted) = (inner.get_type(schema).ok()?, expr.get_type(schema).ok()?);
            cast(inner, &found, &wanted)
        }
        Expr::BinaryExpr(binary) => {
            let regex = matches!(
                binary.op,
                Operator::RegexMatch
                    | Operator::RegexIMatch
                    | Operator::RegexNotMatch
                    | Operator::RegexNotIMatch
            );
            let plain = matches!(
                binary.right.as_ref(),
                Expr::Literal(ScalarValue::Utf8(Some(text)), _) if !text.contains('\\')
            );
            (regex && !plain).then(|| CLASSES.to_owned())
        }
        _ => None,
    }
}

/// What patterns mean differently.
const CLASSES: &str = "Ibis means something else by a pattern with `\\`: its classes hold the \
                       letters of all languages in one engine, and those of ASCII in another";

fn function(call: &ScalarFunction, schema: &DFSchema) -> Option<String> {
    let name = call.func.name();
    let text = |at: usize| match call.args.get(at) {
        Some(Expr::Literal(ScalarValue::Utf8(Some(text)), _)) => Some(text.as_str()),
        _ => None,
    };
    let said = |why: &str| Some(format!("Ibis means something else by {name}: {why}"));
    match name {
        "isnan" => {
            let nullable =
                call.args.first().is_some_and(|arg| arg.nullable(schema).unwrap_or(true));
            if nullable { said("for null it is false, and not null") } else { None }
        }
        "regexp_like" | "regexp_replace" | "regexp_count" | "regexp_instr"
            if text(1).is_none_or(|pattern| pattern.contains('\\')) =>
        {
            Some(CLASSES.to_owned())
        }
        "regexp_replace" => match text(2) {
            Some(text) if !text.contains(['$', '\\']) => None,
            _ => said("`$` and `\\` stand for parts of the match in one engine only"),
        },
        "to_char" | "date_format" => match text(1) {
            Some(format) if !format.contains("%f") => None,
            _ => said("fractions of seconds have other digits"),
        },
        "arrow_cast" => {
            let found = call.args.first()?.get_type(schema).ok()?;
            let instant = text(1).is_some_and(|wanted| wanted.starts_with("Timestamp"));
            if instant && found.is_numeric() {
                return said("a number of seconds becomes a time of another unit");
            }
            None
        }
        _ => FUNCTIONS.iter().find(|(known, _)| *known == name).and_then(|(_, why)| said(why)),
    }
}

fn cast(inner: &Expr, found: &DataType, wanted: &DataType) -> Option<String> {
    let fractional =
        found.is_floating() || matches!(found, DataType::Decimal128(_, scale) if *scale > 0);
    let whole = matches!(
        inner,
        Expr::ScalarFunction(call)
            if matches!(call.func.name(), "round" | "floor" | "ceil" | "trunc" | "signum")
    );
    let instant = |t: &DataType| matches!(t, DataType::Timestamp(..));
    let literal = matches!(inner, Expr::Literal(..));
    let differs = fractional && wanted.is_integer() && !whole
        || found.is_numeric() && instant(wanted)
        || instant(found) && (wanted.is_numeric() || *wanted == DataType::Utf8)
        || found.is_floating() && *wanted == DataType::Utf8;
    (differs && !literal)
        .then(|| format!("a cast of {found} to {wanted} gives other values in each engine"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use datafusion::arrow::datatypes::{Field, Schema};
    use planc_ir::{Catalog, Settings, Table, planning_state};

    use super::*;
    use crate::sql::{SqlRule, parse, plan};

    #[test]
    fn what_engines_do_differently_is_found() {
        let mut catalog = Catalog::default();
        let fields =
            vec![Field::new("f", DataType::Float64, true), Field::new("s", DataType::Utf8, true)];
        catalog.insert("t", Table::new(&Schema::new(fields)));
        let state = planning_state(&Settings::default());
        let params = BTreeMap::new();
        for (text, count) in [
            ("select cast(f as bigint) as x from t", 1),
            ("select cast(round(f) as bigint) as x from t", 0),
            ("select string_to_array(s, ',') as x from t", 1),
            ("select s from t where exists (select 1 from t as u where isnan(u.f))", 1),
            ("select regexp_replace(s, 'a', 'b', 'g') as x from t", 0),
            ("select regexp_replace(s, 'a', '$1', 'g') as x from t", 1),
            ("select upper(s) as x, f + 1 as y from t order by f nulls last", 0),
        ] {
            let rule = SqlRule { text, dialect: "datafusion", params: &params };
            let planned = plan(&parse(&rule).unwrap(), &catalog, &state).plan.unwrap();
            assert_eq!(check(&planned).len(), count, "{text}: {:?}", check(&planned));
        }
    }
}
