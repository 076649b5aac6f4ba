//! Which of NULL, TRUE and FALSE an expression can come to, by evaluating it on sets.
//!
//! A column stands for the set that the caller gives it: `{NULL}` asks what becomes of a row
//! that an outer join has padded. The set that comes out holds every outcome that some row can
//! have, and perhaps more.

use std::ops::BitOr;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::expr::{BinaryExpr, Case};
use datafusion::logical_expr::{Expr, Operator};

/// A set of outcomes. A value that is no boolean counts as both TRUE and FALSE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcomes(u8);

impl Outcomes {
    pub(crate) const NONE: Outcomes = Outcomes(0);
    pub(crate) const NULL: Outcomes = Outcomes(1);
    pub(crate) const TRUE: Outcomes = Outcomes(2);
    pub(crate) const FALSE: Outcomes = Outcomes(4);
    /// Anything but NULL.
    pub(crate) const VALUE: Outcomes = Outcomes(6);
    pub(crate) const ANY: Outcomes = Outcomes(7);

    /// Whether any of `other` is among these.
    pub(crate) fn has(self, other: Outcomes) -> bool {
        self.0 & other.0 != 0
    }

    fn when(self, condition: bool) -> Outcomes {
        if condition { self } else { Outcomes::NONE }
    }

    fn without_null(self) -> Outcomes {
        Outcomes(self.0 & Outcomes::VALUE.0)
    }

    fn not(self) -> Outcomes {
        Outcomes::NULL.when(self.has(Outcomes::NULL))
            | Outcomes::TRUE.when(self.has(Outcomes::FALSE))
            | Outcomes::FALSE.when(self.has(Outcomes::TRUE))
    }

    fn and(self, other: Outcomes) -> Outcomes {
        let null = (self.has(Outcomes::NULL) && other.has(Outcomes(3)))
            || (other.has(Outcomes::NULL) && self.has(Outcomes(3)));
        Outcomes::TRUE.when(self.has(Outcomes::TRUE) && other.has(Outcomes::TRUE))
            | Outcomes::FALSE.when(self.has(Outcomes::FALSE) || other.has(Outcomes::FALSE))
            | Outcomes::NULL.when(null)
    }

    fn or(self, other: Outcomes) -> Outcomes {
        self.not().and(other.not()).not()
    }
}

impl BitOr for Outcomes {
    type Output = Outcomes;

    fn bitor(self, other: Outcomes) -> Outcomes {
        Outcomes(self.0 | other.0)
    }
}

/// What a column is taken to be.
pub(crate) type Columns<'a> = &'a dyn Fn(&Column) -> Outcomes;

/// Everything that the expression can come to.
pub(crate) fn outcomes(expr: &Expr, columns: Columns) -> Outcomes {
    let of = |expr: &Expr| outcomes(expr, columns);
    match expr {
        Expr::Alias(alias) => of(&alias.expr),
        Expr::Column(column) => columns(column),
        Expr::OuterReferenceColumn(field, _) if !field.is_nullable() => Outcomes::VALUE,
        Expr::Literal(ScalarValue::Boolean(Some(true)), _) => Outcomes::TRUE,
        Expr::Literal(ScalarValue::Boolean(Some(false)), _) => Outcomes::FALSE,
        Expr::Literal(value, _) if value.is_null() => Outcomes::NULL,
        Expr::Literal(..) | Expr::Exists(_) => Outcomes::VALUE,
        Expr::Not(expr) => of(expr).not(),
        Expr::Negative(expr) => strict(&[of(expr)]),
        Expr::IsNull(expr) | Expr::IsUnknown(expr) => test(of(expr), Outcomes::NULL),
        Expr::IsNotNull(expr) | Expr::IsNotUnknown(expr) => test(of(expr), Outcomes::NULL).not(),
        Expr::IsTrue(expr) => test(of(expr), Outcomes::TRUE),
        Expr::IsNotTrue(expr) => test(of(expr), Outcomes::TRUE).not(),
        Expr::IsFalse(expr) => test(of(expr), Outcomes::FALSE),
        Expr::IsNotFalse(expr) => test(of(expr), Outcomes::FALSE).not(),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => binary(of(left), *op, of(right)),
        Expr::Like(like) | Expr::SimilarTo(like) => strict(&[of(&like.expr), of(&like.pattern)]),
        Expr::Between(between) => {
            let operand = of(&between.expr);
            let low = strict(&[operand, of(&between.low)]);
            let within = low.and(strict(&[operand, of(&between.high)]));
            if between.negated { within.not() } else { within }
        }
        Expr::InList(within) => {
            let operand = of(&within.expr);
            let equal = |item| strict(&[operand, of(item)]);
            let found = within.list.iter().map(equal).fold(Outcomes::FALSE, Outcomes::or);
            if within.negated { found.not() } else { found }
        }
        Expr::Cast(cast) if is_plain(cast.field.data_type()) => {
            // A boolean that is cast to itself keeps its outcome; a cast that fails has none.
            strict(&[of(&cast.expr)])
        }
        Expr::TryCast(cast) => or_null(&[of(&cast.expr)]),
        Expr::Case(case) => case_outcomes(case, columns),
        Expr::ScalarFunction(call) => {
            let args: Vec<Outcomes> = call.args.iter().map(of).collect();
            function(call.func.name(), &args)
        }
        Expr::AggregateFunction(call) if !call.func.is_nullable() => Outcomes::VALUE,
        _ => Outcomes::ANY,
    }
}

/// NULL where any argument is, else some value.
fn strict(args: &[Outcomes]) -> Outcomes {
    if args.contains(&Outcomes::NULL) {
        return Outcomes::NULL;
    }
    let null = args.iter().any(|arg| arg.has(Outcomes::NULL));
    Outcomes::VALUE | Outcomes::NULL.when(null)
}

/// NULL where any argument is, else anything.
fn or_null(args: &[Outcomes]) -> Outcomes {
    strict(args) | Outcomes::NULL
}

/// TRUE for what is `wanted`, FALSE for the rest.
fn test(outcomes: Outcomes, wanted: Outcomes) -> Outcomes {
    Outcomes::TRUE.when(outcomes.has(wanted))
        | Outcomes::FALSE.when(outcomes.has(Outcomes(Outcomes::ANY.0 & !wanted.0)))
}

fn binary(left: Outcomes, op: Operator, right: Outcomes) -> Outcomes {
    match op {
        Operator::And => left.and(right),
        Operator::Or => left.or(right),
        Operator::IsDistinctFrom => distinct(left, right),
        Operator::IsNotDistinctFrom => distinct(left, right).not(),
        op if is_total(op) => strict(&[left, right]),
        op if op.returns_null_on_null() => or_null(&[left, right]),
        _ => Outcomes::ANY,
    }
}

fn distinct(left: Outcomes, right: Outcomes) -> Outcomes {
    match (left, right) {
        (Outcomes::NULL, other) | (other, Outcomes::NULL) => test(other, Outcomes::VALUE),
        _ => Outcomes::VALUE,
    }
}

/// Operators that give NULL for NULL and for nothing else.
fn is_total(op: Operator) -> bool {
    use Operator::*;
    matches!(
        op,
        Eq | NotEq
            | Lt
            | LtEq
            | Gt
            | GtEq
            | Plus
            | Minus
            | Multiply
            | Divide
            | Modulo
            | RegexMatch
            | RegexIMatch
            | RegexNotMatch
            | RegexNotIMatch
            | LikeMatch
            | ILikeMatch
            | NotLikeMatch
            | NotILikeMatch
            | BitwiseAnd
            | BitwiseOr
            | BitwiseXor
            | StringConcat
    )
}

/// Types whose casts give NULL for NULL only.
fn is_plain(data_type: &DataType) -> bool {
    !data_type.is_nested() && !matches!(data_type, DataType::Dictionary(..) | DataType::Null)
}

fn case_outcomes(case: &Case, columns: Columns) -> Outcomes {
    let of = |expr: &Expr| outcomes(expr, columns);
    let base = case.expr.as_deref().map(of);
    let mut result = Outcomes::NONE;
    // A column that would have made an earlier condition TRUE if it were NULL is not NULL.
    let mut passed: Vec<&Expr> = Vec::new();
    let is_known = |expr: &Expr, holds: Option<&Expr>, passed: &[&Expr]| {
        let Some(null) = plain_column(expr).filter(|_| base.is_none()) else { return false };
        let padded = |column: &Column| {
            if column == null { Outcomes::NULL } else { columns(column) }
        };
        holds.is_some_and(|holds| !outcomes(holds, &padded).has(Outcomes::TRUE))
            || passed.iter().any(|passed| outcomes(passed, &padded) == Outcomes::TRUE)
    };
    for (when, then) in &case.when_then_expr {
        let condition = match base {
            Some(base) => strict(&[base, of(when)]),
            None => of(when),
        };
        if condition.has(Outcomes::TRUE) {
            let value = of(then);
            let known = is_known(then, Some(when), &passed);
            result = result | if known { value.without_null() } else { value };
        }
        if condition == Outcomes::TRUE {
            return result;
        }
        passed.push(when);
    }
    let Some(otherwise) = &case.else_expr else { return result | Outcomes::NULL };
    let value = of(otherwise);
    let known = is_known(otherwise, None, &passed);
    result | if known { value.without_null() } else { value }
}

/// The column that the expression is, but for its name and casts that keep NULL.
fn plain_column(expr: &Expr) -> Option<&Column> {
    match expr {
        Expr::Column(column) => Some(column),
        Expr::Alias(alias) => plain_column(&alias.expr),
        Expr::Cast(cast) if is_plain(cast.field.data_type()) => plain_column(&cast.expr),
        _ => None,
    }
}

fn function(name: &str, args: &[Outcomes]) -> Outcomes {
    match (name, args) {
        ("coalesce" | "nvl", args) => {
            let mut result = Outcomes::NONE;
            for arg in args {
                result = result | arg.without_null();
                if !arg.has(Outcomes::NULL) {
                    return result;
                }
            }
            result | Outcomes::NULL
        }
        ("nvl2", [test, value, otherwise]) => {
            value.when(test.has(Outcomes::VALUE)) | otherwise.when(test.has(Outcomes::NULL))
        }
        ("nullif", [value, _]) => *value | Outcomes::NULL,
        ("concat", _) => Outcomes::VALUE,
        ("concat_ws", [separator, ..]) => strict(&[*separator]),
        ("greatest" | "least", args) => {
            if args.iter().all(|arg| *arg == Outcomes::NULL) {
                Outcomes::NULL
            } else if args.contains(&Outcomes::VALUE) {
                Outcomes::VALUE
            } else {
                Outcomes::ANY
            }
        }
        (name, args) if is_total_function(name) => strict(args),
        (name, args) if is_strict_function(name) => or_null(args),
        _ => Outcomes::ANY,
    }
}

/// Functions that give NULL for a NULL argument and for nothing else.
fn is_total_function(name: &str) -> bool {
    matches!(
        name,
        "upper"
            | "lower"
            | "btrim"
            | "ltrim"
            | "rtrim"
            | "character_length"
            | "octet_length"
            | "bit_length"
            | "reverse"
            | "ascii"
            | "starts_with"
            | "ends_with"
            | "contains"
            | "strpos"
            | "replace"
            | "left"
            | "right"
            | "initcap"
            | "abs"
            | "ceil"
            | "floor"
            | "round"
            | "signum"
    )
}

/// Functions that give NULL for a NULL argument, and perhaps for others.
fn is_strict_function(name: &str) -> bool {
    matches!(
        name,
        "substr"
            | "lpad"
            | "rpad"
            | "repeat"
            | "translate"
            | "split_part"
            | "trunc"
            | "sqrt"
            | "cbrt"
            | "exp"
            | "ln"
            | "log2"
            | "log10"
            | "power"
            | "date_part"
            | "date_trunc"
            | "md5"
            | "sha256"
            | "to_hex"
            | "chr"
            | "factorial"
            | "gcd"
            | "lcm"
            | "atan2"
            | "sin"
            | "cos"
            | "tan"
            | "radians"
            | "degrees"
    )
}

/// Whether the expression can be NULL. A predicate of few columns is asked for each way in which
/// they can be NULL: `a <> 1 OR a IS NULL` never is.
pub(crate) fn can_be_null(expr: &Expr, columns: Columns) -> bool {
    if !outcomes(expr, columns).has(Outcomes::NULL) {
        return false;
    }
    let Expr::BinaryExpr(BinaryExpr { op: Operator::And | Operator::Or, .. }) = expr else {
        return true;
    };
    let open = expr.column_refs();
    let open: Vec<&Column> =
        open.into_iter().filter(|column| columns(column) == Outcomes::ANY).collect();
    open.len() > 3
        || (0..1u32 << open.len()).any(|nulls| {
            let split = |column: &Column| match open.iter().position(|open| *open == column) {
                Some(at) if nulls >> at & 1 == 1 => Outcomes::NULL,
                Some(_) => Outcomes::VALUE,
                None => columns(column),
            };
            outcomes(expr, &split).has(Outcomes::NULL)
        })
}

/// The operands of an expression that is NULL exactly where one of them is.
pub(crate) fn strict_operands(expr: &Expr) -> Option<Vec<&Expr>> {
    match expr {
        Expr::Not(inner) | Expr::Negative(inner) => Some(vec![inner]),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_total(*op) => {
            Some(vec![left, right])
        }
        Expr::Like(like) | Expr::SimilarTo(like) => Some(vec![&like.expr, &like.pattern]),
        Expr::Cast(cast) if is_plain(cast.field.data_type()) => Some(vec![&cast.expr]),
        Expr::InList(within) if !within.list.is_empty() => {
            let literal = |item: &Expr| matches!(item, Expr::Literal(value, _) if !value.is_null());
            within.list.iter().all(literal).then(|| vec![&*within.expr])
        }
        Expr::ScalarFunction(call) if is_total_function(call.func.name()) => {
            Some(call.args.iter().collect())
        }
        _ => None,
    }
}
