//! `CASE` in one form.
//!
//! A `CASE x WHEN` is a `CASE WHEN x =`, `NULLIF` is a `CASE`, `COALESCE` has been made one by
//! DataFusion. A `CASE` in `ELSE` adds its branches; a branch that cannot be reached or makes
//! no difference goes; a condition that is never NULL is asked in one of its two ways. A
//! comparison of a `CASE` with a literal moves into its branches.
//!
//! `CASE x WHEN`, `NULLIF` and `IN` tell -0.0 from 0.0 in DataFusion and `=` does not, so the
//! first two stay for floats. Only the operands that are written twice must not be volatile. No
//! branch is evaluated where it was not before: a CASE that may keep one from failing keeps its
//! conditions, and is not made one of booleans.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, ExprSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::{BinaryExpr, Case, ScalarFunction};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Operator};
use datafusion::prelude::lit;

use crate::PassContext;
use crate::expressions::{Place, rewrite_expressions};
use crate::predicate::{Logic, chain, contradicts, implies, negate, operands_of};
use crate::property::{is_exact_equality, is_fallible, is_guard, is_volatile};

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    rewrite_expressions(plan, cx, |expr, place| expr.transform_up(|expr| simplify(expr, place)))
}

type Branch = (Box<Expr>, Box<Expr>);

fn simplify(expr: Expr, place: &Place) -> Result<Transformed<Expr>> {
    match expr {
        Expr::ScalarFunction(call) if call.func.name() == "nullif" => nullif(call, place),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => Ok(compared(*left, op, right, place)),
        Expr::Case(case) if case.when_then_expr.iter().any(|(when, _)| is_volatile(when)) => {
            Ok(Transformed::no(Expr::Case(case)))
        }
        Expr::Case(case) => {
            let before = case.clone();
            let after = searched(case, place)?;
            let changed = !matches!(&after, Expr::Case(after) if *after == before);
            Ok(Transformed::new_transformed(after, changed))
        }
        other => Ok(Transformed::no(other)),
    }
}

/// `NULLIF(a, b)` is `CASE WHEN a = b THEN NULL ELSE a END`.
fn nullif(call: ScalarFunction, place: &Place) -> Result<Transformed<Expr>> {
    let [value, other] = call.args.as_slice() else {
        return Ok(Transformed::no(Expr::ScalarFunction(call)));
    };
    let data_type = value.get_type(place.schema().as_ref())?;
    if is_volatile(value) || !is_exact_equality(&data_type) {
        return Ok(Transformed::no(Expr::ScalarFunction(call)));
    }
    let null = Expr::Literal(ScalarValue::try_new_null(&data_type)?, None);
    let equal = value.clone().eq(other.clone());
    Ok(Transformed::yes(Expr::Case(Case {
        expr: None,
        when_then_expr: vec![(Box::new(equal), Box::new(null))],
        else_expr: Some(Box::new(value.clone())),
    })))
}

/// `CASE WHEN c THEN a ELSE 1 END = 1` is `CASE WHEN c THEN a = 1 ELSE TRUE END`.
fn compared(left: Expr, op: Operator, right: Box<Expr>, place: &Place) -> Transformed<Expr> {
    use Operator::*;
    let comparison = matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq);
    let literal = |expr: &Expr| matches!(expr, Expr::Literal(..));
    match left {
        Expr::Case(case) if is_guard(&case, place.schema()) => {
            let left = Box::new(Expr::Case(case));
            Transformed::no(Expr::BinaryExpr(BinaryExpr::new(left, op, right)))
        }
        Expr::Case(Case { expr: None, when_then_expr, else_expr })
            if comparison
                && literal(&right)
                && when_then_expr.len() < 3
                && (when_then_expr.iter().any(|(_, then)| literal(then))
                    || else_expr.as_deref().is_some_and(literal)) =>
        {
            let inside = |branch: Box<Expr>| {
                Box::new(Expr::BinaryExpr(BinaryExpr::new(branch, op, right.clone())))
            };
            let branches = when_then_expr.into_iter();
            Transformed::yes(Expr::Case(Case {
                expr: None,
                when_then_expr: branches.map(|(when, then)| (when, inside(then))).collect(),
                else_expr: else_expr.map(inside),
            }))
        }
        left => Transformed::no(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, right))),
    }
}

/// A branch that gives a column which its condition fixes gives that literal.
fn fixed_by(when: &Expr, then: Box<Expr>, schema: &DFSchema) -> Box<Expr> {
    let Expr::Column(column) = then.as_ref() else { return then };
    let exact = |value: &ScalarValue| {
        schema.data_type(column).is_ok_and(|own| {
            is_exact_equality(own) && *own == value.data_type() && !value.is_null()
        })
    };
    let fixed = split_conjunction(when).into_iter().find_map(|condition| match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            match (left.as_ref(), right.as_ref()) {
                (Expr::Column(own), literal @ Expr::Literal(value, _))
                    if own == column && exact(value) =>
                {
                    Some(literal.clone())
                }
                _ => None,
            }
        }
        _ => None,
    });
    fixed.map_or(then, Box::new)
}

fn searched(case: Case, place: &Place) -> Result<Expr> {
    let schema = place.schema();
    let logic = Logic { schema };
    let guard = is_guard(&case, schema);
    let data_type = Expr::Case(case.clone()).get_type(schema.as_ref())?;
    // DataFusion computes all parts of a CASE of booleans that has few branches.
    let keeps_all = guard && data_type == DataType::Boolean;
    let Case { expr, when_then_expr, else_expr } = case;
    let searchable = |base: &Expr| {
        let data_type = base.get_type(schema.as_ref());
        !is_volatile(base) && data_type.is_ok_and(|data_type| is_exact_equality(&data_type))
    };
    if expr.as_deref().is_some_and(|base| !searchable(base)) {
        return Ok(Expr::Case(Case { expr, when_then_expr, else_expr }));
    }
    let mut branches: Vec<Branch> = Vec::with_capacity(when_then_expr.len());
    for (when, then) in when_then_expr {
        let when = match &expr {
            Some(expr) => Box::new(expr.as_ref().clone().eq(*when)),
            None => when,
        };
        // In the branch of `c`, a CASE that asks `c` first knows the answer.
        let then = match *then {
            Expr::Case(inner) if !guard => Box::new(taken(inner, &when, logic)),
            then => Box::new(then),
        };
        let when = if guard { when } else { settled(when, place) };
        let then = fixed_by(&when, then, schema);
        if let Expr::Literal(value, _) = when.as_ref() {
            if *value == ScalarValue::Boolean(Some(true)) {
                return Ok(finished(branches, Some(then), &data_type, place, keeps_all));
            }
            // FALSE or NULL.
            continue;
        }
        if !keeps_all && branches.iter().any(|(earlier, _)| implies(&when, earlier, logic)) {
            continue;
        }
        match branches.last_mut() {
            Some((earlier, same)) if *same == then && !is_fallible(&when, schema.as_ref()) => {
                let either = [std::mem::replace(earlier, when.clone()), when];
                **earlier = chain(Operator::Or, either.map(|when| *when));
            }
            _ => branches.push((when, then)),
        }
    }
    match else_expr.map(|otherwise| *otherwise) {
        Some(Expr::Case(Case { expr: None, when_then_expr, else_expr })) => {
            branches.extend(when_then_expr);
            Ok(finished(branches, else_expr, &data_type, place, keeps_all))
        }
        otherwise => Ok(finished(branches, otherwise.map(Box::new), &data_type, place, keeps_all)),
    }
}

/// A condition that what is known below decides is TRUE or FALSE.
fn settled(when: Box<Expr>, place: &Place) -> Box<Expr> {
    let logic = Logic { schema: place.schema() };
    let known = &place.known().conditions;
    if matches!(*when, Expr::Literal(..)) || known.is_empty() {
        when
    } else if known.iter().any(|known| implies(known, &when, logic)) {
        Box::new(lit(true))
    } else if known.iter().any(|known| contradicts(known, &when, logic)) {
        Box::new(lit(false))
    } else {
        when
    }
}

/// A CASE within the branch of a condition that holds there.
fn taken(case: Case, holds: &Expr, logic: Logic) -> Expr {
    match &case {
        Case { expr: None, when_then_expr, .. } => match when_then_expr.first() {
            Some((when, then)) if implies(holds, when, logic) => then.as_ref().clone(),
            // Where the one condition is not TRUE, what is left is the rest.
            Some((when, _))
                if case.when_then_expr.len() == 1 && contradicts(holds, when, logic) =>
            {
                match &case.else_expr {
                    Some(otherwise) => otherwise.as_ref().clone(),
                    None => Expr::Case(case),
                }
            }
            _ => Expr::Case(case),
        },
        _ => Expr::Case(case),
    }
}

fn finished(
    mut branches: Vec<Branch>,
    otherwise: Option<Box<Expr>>,
    data_type: &DataType,
    place: &Place,
    keeps_all: bool,
) -> Expr {
    let null = || {
        let null = ScalarValue::try_new_null(data_type);
        null.map(|null| Expr::Literal(null, None))
    };
    let is_null = |expr: &Expr| matches!(expr, Expr::Literal(value, _) if value.is_null());
    let mut otherwise = otherwise.filter(|otherwise| !is_null(otherwise));
    while let Some((when, then)) = branches.last().filter(|_| !keeps_all) {
        let idle = match &otherwise {
            Some(otherwise) => {
                then == otherwise
                    || is_same_where(when, then, otherwise, place)
                    || is_null(then) && is_null_where(when, otherwise)
            }
            None => is_null(then),
        };
        if !idle {
            break;
        }
        branches.pop();
    }
    if let [(when, then)] = branches.as_slice() {
        // CASE WHEN a IS NOT NULL THEN a END
        let known = |when: &Expr| matches!(when, Expr::IsNotNull(inner) if *inner == *then);
        if otherwise.is_none() && known(when) && !is_volatile(then) {
            return then.as_ref().clone();
        }
        if !place.is_nullable(when) {
            let opposite = negate(when.as_ref().clone());
            if prefers(&opposite, when) {
                let then = std::mem::replace(
                    &mut otherwise,
                    Some(then.clone()).filter(|then| !is_null(then)),
                );
                let Some(then) = then.or_else(|| null().ok().map(Box::new)) else {
                    return lit(false);
                };
                branches = vec![(Box::new(opposite), then)];
            }
        }
    }
    if branches.is_empty() {
        return match (otherwise, null()) {
            (Some(otherwise), _) => *otherwise,
            (None, Ok(null)) => null,
            (None, Err(_)) => lit(ScalarValue::Null),
        };
    }
    Expr::Case(Case { expr: None, when_then_expr: branches, else_expr: otherwise })
}

/// `WHEN a IS NULL THEN NULL ELSE a`.
fn is_null_where(when: &Expr, otherwise: &Expr) -> bool {
    matches!(when, Expr::IsNull(inner) if **inner == *otherwise)
}

/// Whether both are one value where `column = literal` holds: `WHEN a = 5 THEN 5 ELSE a`.
fn is_same_where(when: &Expr, then: &Expr, otherwise: &Expr, place: &Place) -> bool {
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = when else {
        return false;
    };
    let exact =
        left.get_type(place.schema().as_ref()).is_ok_and(|data_type| is_exact_equality(&data_type));
    let pair = |a: &Expr, b: &Expr| a == then && b == otherwise;
    exact
        && !is_volatile(left)
        && !is_volatile(right)
        && !is_fallible(otherwise, place.schema().as_ref())
        && (pair(left, right) || pair(right, left))
}

/// Which of two opposite conditions is asked: what is, rather than what is not.
fn prefers(new: &Expr, old: &Expr) -> bool {
    let class = |expr: &Expr| match expr {
        Expr::IsNotNull(_) => 0,
        Expr::BinaryExpr(binary) => match binary.op {
            Operator::Eq | Operator::Gt | Operator::GtEq | Operator::IsNotDistinctFrom => 0,
            Operator::NotEq | Operator::Lt | Operator::LtEq | Operator::IsDistinctFrom => 2,
            Operator::Or => {
                let unknown = |part: &&Expr| matches!(part, Expr::IsNull(_));
                1 + u8::from(operands_of(expr, Operator::Or).iter().any(unknown))
            }
            _ => 1,
        },
        Expr::InList(within) => 2 * u8::from(within.negated),
        Expr::Like(like) => 2 * u8::from(like.negated),
        Expr::IsNull(_) | Expr::Not(_) => 2,
        _ => 1,
    };
    class(new) < class(old)
}
