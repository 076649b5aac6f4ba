//! Floats of 32 bits beside decimals. In Ibis's engine `1.1` is a decimal, and meets a float of
//! 32 bits in 32 bits; in DataFusion it is a float of 64 bits, and they meet in these.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::{Case, InList};
use datafusion::logical_expr::{Between, Expr, ExprSchemable, LogicalPlan};
use datafusion::prelude::lit;

use super::mend::{Around, Mender};
use super::origin::{Origin, origin};

/// Whole numbers up to here are floats of 32 bits, and so are the powers of ten up to this one: a
/// quotient of both is the nearest float, however an engine comes to it.
const MOST: u32 = 1 << 24;
const MOST_DIGITS: usize = 10;

impl Mender<'_> {
    /// What meets in one type, with the decimals in 32 bits where another is; nothing where all
    /// stays as it is.
    pub(super) fn single_precision(
        &mut self,
        operands: &[&Expr],
        around: &Around<'_>,
    ) -> Result<Option<Vec<Expr>>> {
        let mut types = Vec::with_capacity(operands.len());
        for operand in operands {
            types.push(operand.get_type(around.schema)?);
        }
        if !types.contains(&DataType::Float32) {
            return Ok(None);
        }
        let wide = |found: &DataType| matches!(found, DataType::Float64 | DataType::Decimal128(..));
        let double = operands.iter().zip(&types).any(|(operand, found)| {
            *found == DataType::Float64 && origin(operand, around.inputs) == Some(Origin::Double)
        });
        if double || !types.iter().any(wide) {
            return Ok(None);
        }
        let mut changed = Vec::with_capacity(operands.len());
        for (operand, found) in operands.iter().zip(&types) {
            changed.push(match (wide(found), short(operand)) {
                (false, _) => (*operand).clone(),
                (true, Some(value)) => lit(value),
                (true, None) => {
                    self.refuse(REASON.to_owned());
                    return Ok(None);
                }
            });
        }
        self.made("a decimal beside a float of 32 bits is one");
        Ok(Some(changed))
    }

    /// The same for what has several operands.
    pub(super) fn single_form(&mut self, expr: &Expr, around: &Around<'_>) -> Result<Option<Expr>> {
        match expr {
            Expr::InList(list) => {
                let mut operands = vec![list.expr.as_ref()];
                operands.extend(&list.list);
                let Some(operands) = self.single_precision(&operands, around)? else {
                    return Ok(None);
                };
                let mut operands = operands.into_iter();
                Ok(operands.next().map(|first| {
                    Expr::InList(InList::new(Box::new(first), operands.collect(), list.negated))
                }))
            }
            Expr::Between(between) => {
                let operands = [&between.expr, &between.low, &between.high].map(AsRef::as_ref);
                let Some(operands) = self.single_precision(&operands, around)? else {
                    return Ok(None);
                };
                let Ok([value, low, high]) = <[Expr; 3]>::try_from(operands) else {
                    return Ok(None);
                };
                let (low, high) = (Box::new(low), Box::new(high));
                let between = Between::new(Box::new(value), between.negated, low, high);
                Ok(Some(Expr::Between(between)))
            }
            Expr::Case(case) => self.single_case(case, around),
            _ => Ok(None),
        }
    }

    fn single_case(&mut self, case: &Case, around: &Around<'_>) -> Result<Option<Expr>> {
        let mut case = case.clone();
        let mut changed = false;
        if let Some(operand) = &case.expr {
            let mut compared = vec![operand.as_ref()];
            compared.extend(case.when_then_expr.iter().map(|(when, _)| when.as_ref()));
            if let Some(compared) = self.single_precision(&compared, around)? {
                let mut compared = compared.into_iter();
                case.expr = compared.next().map(Box::new);
                for ((when, _), now) in case.when_then_expr.iter_mut().zip(compared) {
                    **when = now;
                }
                changed = true;
            }
        }
        let branches: Vec<&Expr> =
            case.when_then_expr.iter().map(|(_, then)| then.as_ref()).collect();
        let branches: Vec<&Expr> = branches.into_iter().chain(case.else_expr.as_deref()).collect();
        if let Some(branches) = self.single_precision(&branches, around)? {
            let mut branches = branches.into_iter();
            for ((_, then), now) in case.when_then_expr.iter_mut().zip(branches.by_ref()) {
                **then = now;
            }
            if let (Some(otherwise), Some(now)) = (&mut case.else_expr, branches.next()) {
                **otherwise = now;
            }
            changed = true;
        }
        Ok(changed.then_some(Expr::Case(case)))
    }

    /// Columns that meet in a union or as the keys of a join.
    pub(super) fn single_pairs(&mut self, plan: &LogicalPlan) -> Result<()> {
        match plan {
            LogicalPlan::Union(union) => {
                let Some((first, others)) = union.inputs.split_first() else { return Ok(()) };
                for (place, field) in first.schema().fields().iter().enumerate() {
                    for other in others {
                        if let Some(found) = other.schema().fields().get(place) {
                            self.single_beside(field.data_type(), found.data_type());
                        }
                    }
                }
            }
            LogicalPlan::Join(join) => {
                for (left, right) in &join.on {
                    let left = left.get_type(join.left.schema())?;
                    self.single_beside(&left, &right.get_type(join.right.schema())?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Refuses two types that engines bring together differently.
    pub(super) fn single_beside(&mut self, one: &DataType, other: &DataType) {
        let mixed = |one: &DataType, other: &DataType| {
            *one == DataType::Float32
                && matches!(other, DataType::Float64 | DataType::Decimal128(..))
        };
        if mixed(one, other) || mixed(other, one) {
            self.refuse(REASON.to_owned());
        }
    }
}

const REASON: &str = "a float of 32 bits beside a decimal number is computed with in 32 bits in one \
                      engine, and in 64 in another";

/// A literal that is a decimal of few digits in Ibis's engine, in 32 bits; or null.
fn short(expr: &Expr) -> Option<ScalarValue> {
    let (value, sign) = match expr {
        Expr::Negative(inner) => (inner.as_ref(), -1.0),
        expr => (expr, 1.0),
    };
    let Expr::Literal(ScalarValue::Float64(value), _) = value else { return None };
    let Some(value) = value else { return Some(ScalarValue::Float32(None)) };
    if origin(expr, &[]) != Some(Origin::Decimal) {
        return None;
    }
    let text = value.abs().to_string();
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let digits: u32 = format!("{whole}{rest}").parse().ok()?;
    let few = digits <= MOST && rest.len() <= MOST_DIGITS;
    #[allow(clippy::cast_possible_truncation)]
    few.then_some(ScalarValue::Float32(Some((sign * value) as f32)))
}
