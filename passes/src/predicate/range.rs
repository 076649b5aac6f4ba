//! A predicate that says in which set of values one expression lies: comparisons with
//! literals, `IN` lists, and `AND` and `OR` of such on the same expression.
//!
//! Such a predicate is NULL where the expression is, and whatever way the set is written, the
//! predicate is the same. So each set has one spelling.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::{BinaryExpr, InList};
use datafusion::logical_expr::{Expr, ExprSchemable, Operator};

use super::values::{Cut, Value, Values, bounds, cut, literal, value};
use super::{chain, connective, operands_of};
use crate::property::is_volatile;

/// Runs of at most this many values are listed, longer ones are bounded.
const LISTED: i128 = 3;
/// Gaps of at most this many values are taken out one by one.
const EXCLUDED: i128 = 2;
/// `a = 1 OR a = 2` up to here, then `a IN (…)`: where DataFusion's simplifier draws the line.
const SPELLED_OUT: usize = 3;

/// `operand` lies in a set of values; NULL where `operand` is.
#[derive(Debug, Clone)]
pub(crate) struct Range<'a> {
    pub(crate) operand: &'a Expr,
    data_type: DataType,
    values: Values,
}

impl<'a> Range<'a> {
    /// Reads a predicate as a range. `None` for other predicates, for volatile operands, and
    /// for types whose order or equality has corners (floats).
    pub(crate) fn of(expr: &'a Expr, schema: &DFSchema) -> Option<Self> {
        if let Some(op) = connective(expr) {
            let mut parts = operands_of(expr, op).into_iter().map(|part| Range::of(part, schema));
            let first = parts.next()??;
            return parts.try_fold(first, |sum, part| sum.joined(op, &part?));
        }
        let (operand, literals) = match expr {
            Expr::BinaryExpr(BinaryExpr { left, right, .. }) => match (&**left, &**right) {
                (Expr::Literal(..), Expr::Literal(..)) => return None,
                (operand, literal @ Expr::Literal(..)) => (operand, vec![literal]),
                (literal @ Expr::Literal(..), operand) => (operand, vec![literal]),
                _ => return None,
            },
            Expr::InList(within) => (&*within.expr, within.list.iter().collect()),
            _ => return None,
        };
        if matches!(operand, Expr::Literal(..)) || is_volatile(operand) {
            return None;
        }
        let data_type = operand.get_type(schema).ok()?;
        let number = |expr: &Expr| match expr {
            Expr::Literal(literal, None) if literal.data_type() == data_type => value(literal),
            _ => None,
        };
        let numbers = literals.into_iter().map(number).collect::<Option<Vec<Value>>>()?;
        let values = match expr {
            Expr::BinaryExpr(BinaryExpr { left, op, .. }) => {
                let swapped = matches!(**left, Expr::Literal(..));
                let op = if swapped { op.swap()? } else { *op };
                compared(op, numbers.into_iter().next()?, &data_type)?
            }
            Expr::InList(within) => {
                let listed = |number: Value| compared(Operator::Eq, number, &data_type);
                let listed = numbers.into_iter().map(listed).collect::<Option<Vec<Values>>>()?;
                let intervals = listed.into_iter().flat_map(|values| values.intervals).collect();
                let values = Values { intervals }.or(&Values { intervals: Vec::new() });
                if within.negated { values.not() } else { values }
            }
            _ => return None,
        };
        Some(Range { operand, data_type, values })
    }

    /// Both (`AND`) or either (`OR`), where they speak of one expression.
    pub(crate) fn joined(&self, op: Operator, other: &Range) -> Option<Range<'a>> {
        if self.operand != other.operand || self.data_type != other.data_type {
            return None;
        }
        let values = match op {
            Operator::And => self.values.and(&other.values),
            Operator::Or => self.values.or(&other.values),
            _ => return None,
        };
        Some(Range { values, ..self.clone() })
    }

    /// Whether no value fits: never TRUE.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether every value fits: TRUE wherever the operand is not NULL.
    pub(crate) fn is_all(&self) -> bool {
        self.values.is_all()
    }

    /// Whether this implies a range of the same operand.
    pub(crate) fn is_within(&self, other: &Range) -> bool {
        self.operand == other.operand && self.values.is_within(&other.values)
    }

    /// Whether this and a range of the same operand cannot both be TRUE.
    pub(crate) fn is_apart(&self, other: &Range) -> bool {
        self.operand == other.operand && self.values.and(&other.values).is_empty()
    }

    /// The one spelling of the range. `None` for the empty one and the full one.
    pub(crate) fn spelled(&self) -> Option<Expr> {
        if self.is_empty() || self.is_all() {
            return None;
        }
        let mut points = Vec::new();
        let mut spans = Vec::new();
        for (low, high) in &self.values.intervals {
            match self.listed(low, high, LISTED) {
                Some(listed) => points.extend(listed),
                None => spans.push((low, high)),
            }
        }
        if !spans.is_empty()
            && self.values.intervals.len() > 1
            && let Some(holes) = self.holes()
        {
            let (low, high) = (&self.values.intervals.first()?.0, &self.values.intervals.last()?.1);
            let mut parts = self.bounded(low, high)?;
            parts.push(self.points(holes, true)?);
            return Some(chain(Operator::And, parts));
        }
        let mut parts = Vec::new();
        if !points.is_empty() {
            parts.push(self.points(points, false)?);
        }
        for (low, high) in spans {
            parts.push(chain(Operator::And, self.bounded(low, high)?));
        }
        Some(chain(Operator::Or, parts))
    }

    /// The values between two places, where there are at most so many.
    fn listed(&self, low: &Cut, high: &Cut, most: i128) -> Option<Vec<Value>> {
        match (low, high) {
            (Cut::At(low, false), Cut::At(high, true)) if low == high => Some(vec![low.clone()]),
            (Cut::At(Value::Number(low), false), high) => {
                let (_, last) = bounds(&self.data_type)?;
                let high = match high {
                    Cut::At(Value::Number(high), false) => *high,
                    Cut::End => last + 1,
                    _ => return None,
                };
                (high - low <= most).then(|| (*low..high).map(Value::Number).collect())
            }
            (Cut::Start, Cut::At(Value::Number(high), false)) => {
                let (first, _) = bounds(&self.data_type)?;
                (high - first <= most).then(|| (first..*high).map(Value::Number).collect())
            }
            _ => None,
        }
    }

    /// The values between the intervals, where every gap is small.
    fn holes(&self) -> Option<Vec<Value>> {
        let mut holes = Vec::new();
        let intervals = &self.values.intervals;
        for ((_, from), (to, _)) in intervals.iter().zip(intervals.iter().skip(1)) {
            holes.extend(self.listed(from, to, EXCLUDED)?);
        }
        Some(holes)
    }

    fn points(&self, points: Vec<Value>, negated: bool) -> Option<Expr> {
        let literals = points.iter().map(|point| {
            literal(point, &self.data_type).map(|literal| Expr::Literal(literal, None))
        });
        Some(one_of(self.operand, literals.collect::<Option<_>>()?, negated))
    }

    /// Lower and upper bound: integers by `>` and `<`, dates half open, others as they are.
    fn bounded(&self, low: &Cut, high: &Cut) -> Option<Vec<Expr>> {
        let compare = |op, value: &Value| {
            let literal = Expr::Literal(literal(value, &self.data_type)?, None);
            Some(Expr::BinaryExpr(BinaryExpr::new(
                Box::new(self.operand.clone()),
                op,
                Box::new(literal),
            )))
        };
        let mut parts = Vec::new();
        match low {
            Cut::At(Value::Number(number), false) if self.data_type.is_integer() => {
                parts.push(compare(Operator::Gt, &Value::Number(number - 1))?);
            }
            Cut::At(value, false) => parts.push(compare(Operator::GtEq, value)?),
            Cut::At(value, true) => parts.push(compare(Operator::Gt, value)?),
            Cut::Start | Cut::End => {}
        }
        match high {
            Cut::At(value, false) => parts.push(compare(Operator::Lt, value)?),
            Cut::At(value, true) => parts.push(compare(Operator::LtEq, value)?),
            Cut::Start | Cut::End => {}
        }
        Some(parts)
    }
}

/// `operand = 1`, `operand = 1 OR operand = 2`, `operand IN (…)`, or the negation.
fn one_of(operand: &Expr, mut literals: Vec<Expr>, negated: bool) -> Expr {
    let few = literals.len() == 1
        || (literals.len() <= SPELLED_OUT && matches!(operand, Expr::Column(_)));
    if few {
        let (op, outer) = match negated {
            false => (Operator::Eq, Operator::Or),
            true => (Operator::NotEq, Operator::And),
        };
        let each = |literal| {
            Expr::BinaryExpr(BinaryExpr::new(Box::new(operand.clone()), op, Box::new(literal)))
        };
        return chain(outer, literals.drain(..).map(each));
    }
    Expr::InList(InList { expr: Box::new(operand.clone()), list: literals, negated })
}

/// The values for which `value op number` is TRUE.
fn compared(op: Operator, number: Value, data_type: &DataType) -> Option<Values> {
    let cut = |after| cut(number.clone(), after, data_type);
    Some(match op {
        Operator::Eq => Values::between(cut(false), cut(true)),
        Operator::NotEq => Values::between(cut(false), cut(true)).not(),
        Operator::Lt => Values::between(Cut::Start, cut(false)),
        Operator::LtEq => Values::between(Cut::Start, cut(true)),
        Operator::Gt => Values::between(cut(true), Cut::End),
        Operator::GtEq => Values::between(cut(false), Cut::End),
        _ => return None,
    })
}
