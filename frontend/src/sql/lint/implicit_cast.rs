//! P0408: text that meets numbers, and the like, where DataFusion casts one side: in
//! comparisons, IN, BETWEEN, LIKE and `||`, branches of CASE, `coalesce`, the sides of a UNION and
//! of a join; and where it casts the argument of a call, or a number that stands for a condition.

use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchema, Location as DfLocation};
use datafusion::logical_expr::type_coercion::functions::{UDFCoercionExt, fields_with_udf};
use datafusion::logical_expr::{Expr, ExprSchemable, Join, LogicalPlan, Operator};
use planc_ir::{Diagnostic, code};
use sqlparser::ast::{BinaryOperator, Expr as SqlExpr, Query, visit_expressions};
use sqlparser::tokenizer::Location;

use super::super::place::Places;
use super::super::walk;
use super::typed::{self, column_place, location, smallest};

pub(super) fn lint(plan: &LogicalPlan, query: &Query, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let _ = plan.apply_with_subqueries(|node| {
        match node {
            LogicalPlan::Union(union) => found.extend(sides(&union.inputs)),
            LogicalPlan::Join(join) => found.extend(keys(join)),
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    });
    typed::expressions(plan, |expr, inputs| found.extend(mix(expr, inputs)));
    found.iter().filter_map(|mixed| mixed.finding(query, places)).collect()
}

/// Values of different kinds, and where a column of them stands.
struct Mixed {
    at: Option<Location>,
    left: DataType,
    right: DataType,
    what: What,
}

/// How they meet.
#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Comparison,
    Concatenation,
    Branches,
    /// What a CASE compares, and one of its WHENs.
    Base,
    Arguments,
    Sides,
    Keys,
    /// The argument of a function of these names.
    Argument(Vec<String>),
    Condition,
}

impl Mixed {
    /// The diagnostic; none for a mixture of which nobody knows where it stands.
    fn finding(&self, query: &Query, places: &Places<'_>) -> Option<Diagnostic> {
        let Mixed { at, left, right, what } = self;
        let message = match what {
            What::Comparison | What::Keys | What::Base => {
                format!("a value of type {left} is compared with one of type {right}")
            }
            What::Argument(names) => {
                let name = names.first().map_or("the function", String::as_str);
                format!("`{name}` is given a value of type {left} and takes one of type {right}")
            }
            What::Condition => format!("a value of type {left} is taken for a condition"),
            _ => format!("values of type {left} and of type {right} become one"),
        };
        let help = match what {
            What::Condition => "compare it with something",
            What::Argument(_) => "cast it yourself, so that it is plain what is meant",
            _ => "cast one side yourself, so that it is plain which is meant",
        };
        let written = |expr: &SqlExpr| what.is_written_as(expr);
        let expr = match at {
            Some(at) => smallest(query, *at, written),
            None => without_place(query, written),
        };
        let place = expr.and_then(|expr| places.expression(&expr));
        let place = place.or_else(|| places.token_at((*at)?));
        if at.is_none() && place.is_none() {
            return None;
        }
        Some(Diagnostic::new(code::IMPLICIT_CAST, message).at(place).help(help))
    }
}

impl What {
    fn is_written_as(&self, expr: &SqlExpr) -> bool {
        match self {
            What::Comparison => matches!(
                expr,
                SqlExpr::BinaryOp { .. }
                    | SqlExpr::Between { .. }
                    | SqlExpr::InList { .. }
                    | SqlExpr::InSubquery { .. }
                    | SqlExpr::Like { .. }
                    | SqlExpr::ILike { .. }
                    | SqlExpr::SimilarTo { .. }
                    | SqlExpr::IsDistinctFrom(..)
                    | SqlExpr::IsNotDistinctFrom(..)
                    | SqlExpr::AnyOp { .. }
                    | SqlExpr::AllOp { .. }
            ),
            What::Concatenation => {
                matches!(expr, SqlExpr::BinaryOp { op: BinaryOperator::StringConcat, .. })
            }
            What::Branches | What::Base => matches!(expr, SqlExpr::Case { .. }),
            What::Arguments => matches!(expr, SqlExpr::Function(_)),
            What::Sides | What::Keys => {
                matches!(expr, SqlExpr::Identifier(_) | SqlExpr::CompoundIdentifier(_))
            }
            What::Argument(names) => called(expr).is_some_and(|name| names.contains(&name)),
            What::Condition => matches!(expr, SqlExpr::Case { .. } | SqlExpr::Function(_)),
        }
    }
}

/// The function behind a call, whatever its syntax.
fn called(expr: &SqlExpr) -> Option<String> {
    let name = match expr {
        SqlExpr::Function(call) => return Some(call.name.to_string().to_lowercase()),
        SqlExpr::Extract { .. } => "date_part",
        SqlExpr::Substring { .. } => "substr",
        SqlExpr::Position { .. } => "strpos",
        SqlExpr::Trim { .. } => "btrim",
        SqlExpr::Ceil { .. } => "ceil",
        SqlExpr::Floor { .. } => "floor",
        SqlExpr::Overlay { .. } => "overlay",
        _ => return None,
    };
    Some(name.to_owned())
}

/// Where a mixture stands that has no place: the first expression of its kind that names no column,
/// or the only one of its kind.
fn without_place(query: &Query, wanted: impl Fn(&SqlExpr) -> bool) -> Option<SqlExpr> {
    let (mut literal, mut all) = (None, Vec::new());
    walk::expressions(query, &mut |expr| {
        if !wanted(expr) {
            return;
        }
        all.push(expr.clone());
        let mut columns = false;
        let _ = visit_expressions(expr, |part| {
            columns |= matches!(part, SqlExpr::Identifier(_) | SqlExpr::CompoundIdentifier(_));
            ControlFlow::<()>::Continue(())
        });
        if literal.is_none() && !columns {
            literal = Some(expr.clone());
        }
    });
    match (literal, all.as_slice()) {
        (None, [only]) => Some(only.clone()),
        (literal, _) => literal,
    }
}

fn mix(expr: &Expr, inputs: &DFSchema) -> Option<Mixed> {
    match expr {
        Expr::BinaryExpr(binary) if compares(binary.op) => {
            first(What::Comparison, &binary.left, [binary.right.as_ref()], inputs)
        }
        Expr::BinaryExpr(binary) if binary.op == Operator::StringConcat => {
            let right = [binary.right.as_ref()];
            first(What::Concatenation, &binary.left, right, inputs)
        }
        Expr::Like(like) | Expr::SimilarTo(like) => {
            first(What::Comparison, &like.expr, [like.pattern.as_ref()], inputs)
        }
        Expr::InList(list) => first(What::Comparison, &list.expr, &list.list, inputs),
        Expr::Between(between) => {
            let bounds = [between.low.as_ref(), between.high.as_ref()];
            first(What::Comparison, &between.expr, bounds, inputs)
        }
        Expr::InSubquery(test) => {
            let left = test.expr.get_type(inputs).ok()?;
            let right = test.subquery.subquery.schema().field(0).data_type().clone();
            let at = Some(location(column_place(&test.expr)?));
            (kind(&left)? != kind(&right)?).then_some(Mixed {
                at,
                left,
                right,
                what: What::Comparison,
            })
        }
        Expr::SetComparison(test) => {
            let left = test.expr.get_type(inputs).ok()?;
            let right = test.subquery.subquery.schema().fields().first()?.data_type().clone();
            let at = column_place(&test.expr).map(location);
            let mixed = Mixed { at, left, right, what: What::Comparison };
            (kind(&mixed.left)? != kind(&mixed.right)?).then_some(mixed)
        }
        Expr::Case(case) => {
            if let Some(base) = &case.expr {
                let whens = case.when_then_expr.iter().map(|(when, _)| when.as_ref());
                let clash = mixed(What::Base, base, whens, inputs, column_place(base));
                if clash.is_some() {
                    return clash;
                }
            }
            let when = case.when_then_expr.iter().map(|(when, _)| when.as_ref());
            let number = case.expr.is_none().then(|| truth(when, inputs)).flatten();
            if number.is_some() {
                return number;
            }
            let branches = case.when_then_expr.iter().map(|(_, then)| then.as_ref());
            let mut branches = branches.chain(case.else_expr.as_deref());
            let leading = branches.next()?;
            mixed(What::Branches, leading, branches, inputs, column_place(expr))
        }
        Expr::ScalarFunction(call)
            if ["coalesce", "nullif", "greatest", "least"].contains(&call.name()) =>
        {
            let (leading, others) = call.args.split_first()?;
            first(What::Arguments, leading, others, inputs)
        }
        Expr::ScalarFunction(call) => {
            let names = names(call.name(), call.func.aliases());
            argument(names, &call.args, call.func.as_ref(), inputs)
        }
        Expr::AggregateFunction(call) => {
            let filter = call.params.filter.as_deref();
            truth(filter.into_iter(), inputs).or_else(|| {
                let names = names(call.func.name(), call.func.aliases());
                argument(names, &call.params.args, call.func.as_ref(), inputs)
            })
        }
        _ => None,
    }
}

fn names(name: &str, aliases: &[String]) -> Vec<String> {
    std::iter::once(name.to_owned()).chain(aliases.iter().cloned()).collect()
}

/// The first argument that a call turns into one of another kind. `concat` is made for that.
fn argument(
    names: Vec<String>,
    args: &[Expr],
    function: &impl UDFCoercionExt,
    inputs: &DFSchema,
) -> Option<Mixed> {
    const OF_ANYTHING: [&str; 4] = ["concat", "concat_ws", "arrow_cast", "arrow_try_cast"];
    if names.iter().any(|name| OF_ANYTHING.contains(&name.as_str())) {
        return None;
    }
    let fields = args.iter().map(|arg| Some(arg.to_field(inputs).ok()?.1));
    let given: Vec<FieldRef> = fields.collect::<Option<_>>()?;
    let taken = fields_with_udf(&given, function).ok()?;
    given.iter().zip(&taken).zip(args).find_map(|((given, taken), arg)| {
        let (left, right) = (given.data_type(), taken.data_type());
        let (from, to) = (kind(left)?, kind(right)?);
        // A date in quotes is how dates are written.
        let usual = from == Kind::Text && to == Kind::Time && matches!(arg, Expr::Literal(..));
        if from == to || usual {
            return None;
        }
        let at = column_place(arg).map(location);
        let (left, right) = (left.clone(), right.clone());
        Some(Mixed { at, left, right, what: What::Argument(names.clone()) })
    })
}

/// The first condition that is a number.
fn truth<'e>(mut conditions: impl Iterator<Item = &'e Expr>, inputs: &DFSchema) -> Option<Mixed> {
    conditions.find_map(|condition| {
        let left = condition.get_type(inputs).ok()?;
        let at = column_place(condition).map(location);
        let number = kind(&left)? == Kind::Number;
        number.then_some(Mixed { at, left, right: DataType::Boolean, what: What::Condition })
    })
}

/// The first columns that a join compares, where they are of different kinds.
fn keys(join: &Join) -> Option<Mixed> {
    join.on.iter().enumerate().find_map(|(nth, (left, right))| {
        let from = left.get_type(join.left.schema()).ok()?;
        let to = right.get_type(join.right.schema()).ok()?;
        // The columns of an INTERSECT or EXCEPT are those that its sides select.
        let at = column_place(left).or_else(|| column_place(right));
        let at = at.or_else(|| selected(&join.left, nth)).map(location)?;
        let mixed = Mixed { at: Some(at), left: from, right: to, what: What::Keys };
        (kind(&mixed.left)? != kind(&mixed.right)?).then_some(mixed)
    })
}

fn compares(operator: Operator) -> bool {
    matches!(
        operator,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
    )
}

/// The first of `others` that is of another kind than `leading`.
fn first<'e>(
    what: What,
    leading: &'e Expr,
    others: impl IntoIterator<Item = &'e Expr>,
    inputs: &DFSchema,
) -> Option<Mixed> {
    mixed(what, leading, others, inputs, None)
}

/// As [`first`], shown at a place that is known.
fn mixed<'e>(
    what: What,
    leading: &'e Expr,
    others: impl IntoIterator<Item = &'e Expr>,
    inputs: &DFSchema,
    place: Option<DfLocation>,
) -> Option<Mixed> {
    let left = leading.get_type(inputs).ok()?;
    let left_kind = kind(&left)?;
    let literal = |side: &Expr| matches!(side, Expr::Literal(..));
    others.into_iter().find_map(|other| {
        let right = other.get_type(inputs).ok()?;
        let right_kind = kind(&right)?;
        // `date_column = '2026-01-01'` is how dates are written.
        let usual = match (left_kind, right_kind) {
            (Kind::Text, Kind::Time) => literal(leading),
            (Kind::Time, Kind::Text) => literal(other),
            _ => false,
        };
        if left_kind == right_kind || usual {
            return None;
        }
        let at = place.or_else(|| column_place(leading)).or_else(|| column_place(other));
        let at = at.map(location);
        Some(Mixed { at, left: left.clone(), right, what: what.clone() })
    })
}

/// Where the nth column of a SELECT was written.
fn selected(plan: &LogicalPlan, nth: usize) -> Option<DfLocation> {
    match (plan, plan.inputs().as_slice()) {
        (LogicalPlan::Projection(projection), _) => column_place(projection.expr.get(nth)?),
        (_, [input]) => selected(input, nth),
        _ => None,
    }
}

/// The first column of a set operation whose sides are of different kinds.
fn sides(inputs: &[Arc<LogicalPlan>]) -> Option<Mixed> {
    let (first, others) = inputs.split_first()?;
    others.iter().find_map(|other| {
        let pairs = first.schema().fields().iter().zip(other.schema().fields());
        let (nth, left, right) = pairs.enumerate().find_map(|(nth, (left, right))| {
            let (left, right) = (left.data_type(), right.data_type());
            (kind(left)? != kind(right)?).then(|| (nth, left.clone(), right.clone()))
        })?;
        let place = |side: &LogicalPlan| column_place(side.expressions().get(nth)?);
        let at = place(first).or_else(|| place(other))?;
        Some(Mixed { at: Some(location(at)), left, right, what: What::Sides })
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Truth,
    Time,
}

fn kind(data_type: &DataType) -> Option<Kind> {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(Kind::Text),
        DataType::Boolean => Some(Kind::Truth),
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) | DataType::Time32(_) => {
            Some(Kind::Time)
        }
        data_type if data_type.is_numeric() => Some(Kind::Number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;

    #[test]
    fn fires_and_is_quiet() {
        check(
            "select id from orders where status = 1 and id > 2",
            "P0408 1:29-1:39 [status = 1] a value of type Utf8 is compared with one of type Int64; cast one side yourself, so that it is plain which is meant",
        );
        check(
            "select o.id from orders o join customers c on o.customer_id = c.name",
            "P0408 1:47-1:69 [o.customer_id = c.name] a value of type Int64 is compared with one of type Utf8; cast one side yourself, so that it is plain which is meant",
        );
        check(
            "select id from orders where id = '1'",
            "P0408 1:29-1:37 [id = '1'] a value of type Int64 is compared with one of type Utf8; cast one side yourself, so that it is plain which is meant",
        );
        check(
            "select id from orders where status > placed_on",
            "P0408 1:29-1:47 [status > placed_on] a value of type Utf8 is compared with one of type Date32; cast one side yourself, so that it is plain which is meant",
        );
        check("select id from orders where placed_on > '2026-01-01' and amount > 1", "");
    }
}
