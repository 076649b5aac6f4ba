//! Whether evaluating an expression can fail.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, ExprSchema, ScalarValue};
use datafusion::logical_expr::expr::{BinaryExpr, Case};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Operator};

use super::{is_lossless_cast, subquery_of};

/// Whether evaluating the expression can end in an error. Everything that is not known to be
/// safe can: division, casts that lose something, decimal and temporal arithmetic, unknown
/// functions. `+ - *` on integers wrap in DataFusion.
pub(crate) fn is_fallible(expr: &Expr, schema: &dyn ExprSchema) -> bool {
    let mut fallible = false;
    let walk = expr.apply(|expr| {
        fallible |= !is_safe_node(expr, schema);
        Ok(if fallible { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    fallible || walk.is_err()
}

/// Whether the conditions of a CASE may keep a part of it from failing. DataFusion computes both
/// sides of the AND and OR that it makes of a CASE of booleans with few branches, so that such a
/// CASE must not come of this one.
pub(crate) fn is_guard(case: &Case, schema: &dyn ExprSchema) -> bool {
    let parts = case.when_then_expr.iter().flat_map(|(when, then)| [when, then]);
    parts.chain(&case.else_expr).any(|part| is_fallible(part, schema))
}

/// Whether this node cannot fail once its children have values.
fn is_safe_node(expr: &Expr, schema: &dyn ExprSchema) -> bool {
    let type_of = |expr: &Expr| expr.get_type(schema).ok();
    match expr {
        Expr::Alias(_)
        | Expr::Column(_)
        | Expr::OuterReferenceColumn(..)
        | Expr::Literal(..)
        | Expr::Placeholder(_)
        | Expr::Not(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNotFalse(_)
        | Expr::IsNotUnknown(_)
        | Expr::Case(_)
        | Expr::TryCast(_)
        | Expr::Between(_)
        | Expr::InList(_) => true,
        Expr::Negative(expr) => type_of(expr).is_some_and(|t| t.is_integer() || t.is_floating()),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            is_safe_binary(type_of(left).as_ref(), *op, type_of(right).as_ref(), right)
        }
        Expr::Like(like) => {
            matches!(&*like.pattern, Expr::Literal(ScalarValue::Utf8(_), _))
                && like.escape_char.is_none()
        }
        Expr::Cast(cast) => {
            type_of(&cast.expr).is_some_and(|from| is_safe_cast(&from, cast.field.data_type()))
        }
        Expr::ScalarFunction(call) => is_safe_call(call.func.name(), &call.args, schema),
        Expr::Exists(_) | Expr::InSubquery(_) => {
            subquery_of(expr).is_some_and(|plan| !is_fallible_plan(plan))
        }
        _ => false,
    }
}

fn is_safe_binary(
    left: Option<&DataType>,
    op: Operator,
    right: Option<&DataType>,
    divisor: &Expr,
) -> bool {
    use Operator::*;
    let (Some(left), Some(right)) = (left, right) else { return false };
    let integers = left.is_integer() && right.is_integer();
    let floats = left.is_floating() && right.is_floating();
    match op {
        And | Or | IsDistinctFrom | IsNotDistinctFrom => true,
        Eq | NotEq | Lt | LtEq | Gt | GtEq => true,
        StringConcat => is_string(left) && is_string(right),
        Plus | Minus | Multiply => integers || floats,
        Divide | Modulo => floats || (integers && is_safe_divisor(divisor)),
        BitwiseAnd | BitwiseOr | BitwiseXor => integers,
        _ => false,
    }
}

fn is_string(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// Neither zero, nor the one number by which the smallest integer cannot be divided.
fn is_safe_divisor(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(value, _) => match value.cast_to(&DataType::Int64) {
            Ok(ScalarValue::Int64(Some(value))) => value != 0 && value != -1,
            _ => false,
        },
        Expr::Cast(cast) if cast.field.data_type().is_integer() => is_safe_divisor(&cast.expr),
        _ => false,
    }
}

fn is_safe_cast(from: &DataType, to: &DataType) -> bool {
    use DataType::*;
    let to_text = matches!(to, Utf8 | LargeUtf8 | Utf8View)
        && (from.is_integer() || from.is_floating() || matches!(from, Boolean));
    let to_float = (from.is_integer() && to.is_floating() && to != &Float16)
        || matches!(
            (from, to),
            (Float64, Float32) | (Decimal128(..) | Decimal256(..), Float64 | Float32)
        );
    let to_integer = matches!(from, Boolean) && to.is_integer();
    let coarser = match (from, to) {
        (Timestamp(from, a), Timestamp(to, b)) => a == b && to <= from,
        // Coarser timestamps reach days that a date cannot hold.
        (Timestamp(TimeUnit::Nanosecond, None), Date32) => true,
        _ => false,
    };
    matches!(from, Null)
        || to_text
        || to_float
        || to_integer
        || coarser
        || is_lossless_cast(from, to)
}

fn is_safe_call(name: &str, args: &[Expr], schema: &dyn ExprSchema) -> bool {
    let float = |expr: &Expr| expr.get_type(schema).is_ok_and(|t| t.is_floating());
    match (name, args) {
        (
            "coalesce" | "nvl" | "nvl2" | "nullif" | "concat" | "upper" | "lower" | "btrim"
            | "ltrim" | "rtrim" | "character_length" | "octet_length" | "bit_length" | "reverse"
            | "ascii" | "starts_with" | "ends_with" | "contains" | "strpos" | "replace" | "initcap"
            | "greatest" | "least",
            _,
        ) => true,
        // A negative length is an error.
        ("substr", [_, _]) => true,
        ("substr", [_, _, Expr::Literal(ScalarValue::Int64(Some(length)), _)]) => *length >= 0,
        ("abs" | "ceil" | "floor" | "signum" | "sqrt" | "round" | "exp" | "ln", [arg]) => {
            float(arg)
        }
        ("date_part", [Expr::Literal(ScalarValue::Utf8(Some(_)), _), value]) => {
            matches!(value.get_type(schema), Ok(DataType::Date32 | DataType::Timestamp(_, None)))
        }
        _ => false,
    }
}

/// Whether running the plan can fail; scans and what one cannot look into cannot or can.
fn is_fallible_plan(plan: &LogicalPlan) -> bool {
    let mut fallible = false;
    let walk = plan.apply_with_subqueries(|node| {
        let mut schema = DFSchema::empty();
        match node.inputs().as_slice() {
            [] => {}
            [input] => schema = input.schema().as_ref().clone(),
            inputs => inputs.iter().for_each(|input| schema.merge(input.schema())),
        }
        let known = matches!(
            node,
            LogicalPlan::Projection(_)
                | LogicalPlan::Filter(_)
                | LogicalPlan::Join(_)
                | LogicalPlan::TableScan(_)
                | LogicalPlan::SubqueryAlias(_)
                | LogicalPlan::Distinct(_)
                | LogicalPlan::EmptyRelation(_)
                | LogicalPlan::Values(_)
                | LogicalPlan::Union(_)
                | LogicalPlan::Sort(_)
        );
        fallible |= !known;
        node.apply_expressions(|expr| {
            fallible |= is_fallible(expr, &schema);
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(if fallible { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    fallible || walk.is_err()
}
