//! Which expressions may be evaluated on other rows than the plan says.
//!
//! A predicate that moves to another join sees rows that it would not have seen. It must not
//! fail on them, and its answer must depend on the row alone. What is not known to be so, is
//! not moved.

use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator, Volatility};

/// Functions that give a value, or NULL, for all arguments.
const TOTAL: [&str; 14] = [
    "btrim",
    "character_length",
    "coalesce",
    "contains",
    "date_part",
    "ends_with",
    "lower",
    "ltrim",
    "nullif",
    "nvl",
    "octet_length",
    "rtrim",
    "starts_with",
    "upper",
];

/// True where the expression cannot fail and depends on nothing but the row.
pub(crate) fn movable(expr: &Expr, schema: &DFSchema) -> bool {
    let all = |exprs: &[&Expr]| exprs.iter().all(|expr| movable(expr, schema));
    match expr {
        Expr::Column(_) | Expr::Literal(..) => true,
        Expr::Alias(alias) => movable(&alias.expr, schema),
        Expr::Not(inner)
        | Expr::IsNull(inner)
        | Expr::IsNotNull(inner)
        | Expr::IsTrue(inner)
        | Expr::IsFalse(inner)
        | Expr::IsUnknown(inner)
        | Expr::IsNotTrue(inner)
        | Expr::IsNotFalse(inner)
        | Expr::IsNotUnknown(inner) => movable(inner, schema),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            all(&[left, right]) && (compares(*op) || computes(expr, *op, schema))
        }
        Expr::Between(between) => all(&[&between.expr, &between.low, &between.high]),
        Expr::InList(list) => {
            movable(&list.expr, schema) && list.list.iter().all(|item| movable(item, schema))
        }
        Expr::Like(like) => {
            movable(&like.expr, schema) && matches!(like.pattern.as_ref(), Expr::Literal(..))
        }
        Expr::Case(case) => {
            let pairs = case.when_then_expr.iter();
            case.expr.as_ref().is_none_or(|expr| movable(expr, schema))
                && case.else_expr.as_ref().is_none_or(|expr| movable(expr, schema))
                && pairs.into_iter().all(|(when, then)| all(&[when, then]))
        }
        Expr::TryCast(cast) => movable(&cast.expr, schema),
        Expr::Cast(cast) => {
            movable(&cast.expr, schema)
                && cast
                    .expr
                    .get_type(schema)
                    .is_ok_and(|from| widens(&from, cast.field.data_type()))
        }
        Expr::ScalarFunction(call) => {
            call.func.signature().volatility == Volatility::Immutable
                && call.args.iter().all(|arg| movable(arg, schema))
                && (TOTAL.contains(&call.func.name()) || cuts(call.func.name(), &call.args))
        }
        _ => false,
    }
}

fn compares(op: Operator) -> bool {
    use Operator::{And, Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq, Or};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq | And | Or | IsDistinctFrom | IsNotDistinctFrom)
}

/// Arithmetic that has a result for all operands: integers wrap, floats go to infinity, and
/// decimals fit where their type was not cut.
fn computes(expr: &Expr, op: Operator, schema: &DFSchema) -> bool {
    let Ok(data_type) = expr.get_type(schema) else { return false };
    match op {
        Operator::Plus | Operator::Minus | Operator::Multiply => match data_type {
            DataType::Decimal128(precision, _) => precision < 38,
            other => other.is_numeric(),
        },
        Operator::Divide | Operator::Modulo => data_type.is_floating(),
        _ => false,
    }
}

/// `substr` fails on a negative length only.
fn cuts(name: &str, args: &[Expr]) -> bool {
    if name != "substr" {
        return false;
    }
    match args {
        [_, _] => true,
        [_, _, Expr::Literal(ScalarValue::Int64(Some(length)), _)] => *length >= 0,
        _ => false,
    }
}

/// Casts that every value survives.
pub(crate) fn widens(from: &DataType, to: &DataType) -> bool {
    use DataType::{Date32, Decimal128, Float32, Float64, Utf8, Utf8View};
    let digits = |integer: &DataType| match integer {
        DataType::Int8 | DataType::UInt8 => 3,
        DataType::Int16 | DataType::UInt16 => 5,
        DataType::Int32 | DataType::UInt32 => 10,
        _ => 20,
    };
    match (from, to) {
        (from, to) if from == to => true,
        (Utf8, Utf8View) | (Utf8View, Utf8) | (Float32, Float64) | (Date32, Utf8) => true,
        (Decimal128(p, s), Decimal128(wider, scale)) => {
            scale >= s && i32::from(*wider) - i32::from(*scale) >= i32::from(*p) - i32::from(*s)
        }
        (Decimal128(..), Float64) => true,
        (from, Decimal128(precision, scale)) if from.is_integer() => {
            i32::from(*precision) - i32::from(*scale) >= digits(from) && *scale >= 0
        }
        (from, to) if from.is_integer() && to.is_integer() => {
            let (narrow, wide) = (from.primitive_width(), to.primitive_width());
            let signed = |t: &DataType| t.is_signed_integer();
            narrow < wide && (signed(to) || !signed(from))
        }
        (from, Float32 | Float64 | Utf8) => from.is_integer(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use arrow::datatypes::{Field, Schema};
    use datafusion::functions::expr_fn::{random, substr, substring};
    use datafusion::logical_expr::{cast, col, lit};

    use super::*;

    #[test]
    fn what_fails_or_changes_stays_where_it_is() {
        let fields = [
            ("i", DataType::Int32),
            ("f", DataType::Float64),
            ("d", DataType::Decimal128(15, 2)),
            ("s", DataType::Utf8),
        ];
        let fields = fields.map(|(name, data_type)| Field::new(name, data_type, true)).to_vec();
        let schema = Schema::new_with_metadata(fields, HashMap::new());
        let schema = DFSchema::try_from(schema).unwrap();
        let check = |expr: Expr, expected: bool| {
            assert_eq!(movable(&expr, &schema), expected, "{expr}");
        };
        check(col("i").eq(lit(1)).or(col("s").like(lit("a%"))), true);
        check((col("i") + lit(1)).gt(lit(2)), true);
        check((lit(1) / col("i")).gt(lit(2)), false);
        check((lit(1.0) / col("f")).gt(lit(2.0)), true);
        check((col("d") * col("d")).gt(col("d")), true);
        check((col("d") * col("d") * col("d")).gt(col("d")), false);
        check(cast(col("i"), DataType::Int64).eq(lit(1i64)), true);
        check(cast(col("s"), DataType::Int64).eq(lit(1i64)), false);
        check(cast(col("d"), DataType::Decimal128(30, 15)).eq(col("d")), true);
        check(cast(col("d"), DataType::Decimal128(16, 5)).eq(col("d")), false);
        check(random().gt(lit(0.5)), false);
        check(substr(col("s"), lit(1i64)).eq(lit("a")), true);
        check(substring(col("s"), lit(1i64), lit(2i64)).eq(lit("a")), true);
        check(substring(col("s"), lit(1i64), col("i")).eq(lit("a")), false);
    }
}
