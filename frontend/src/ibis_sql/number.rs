//! Numbers: casts, square roots, and what is none.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::{BinaryExpr, ScalarFunction};
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{Cast, Expr, ExprSchemable, TryCast};
use datafusion::prelude::lit;

use super::mend::{Around, Mender, arguments, case, integer};
use super::origin::{Origin, origin};

impl Mender<'_> {
    /// Casts that engines make differently: an integer of a fraction is rounded in one and cut
    /// off in another, and instants count and are written in other ways.
    pub(super) fn cast(
        &mut self,
        inner: &Expr,
        wanted: &DataType,
        safe: bool,
        around: &Around<'_>,
    ) -> Result<Option<Expr>> {
        let found = inner.get_type(around.schema)?;
        let again = |expr: Expr| {
            let expr = Box::new(expr);
            Some(match safe {
                true => Expr::TryCast(TryCast::new(expr, wanted.clone())),
                false => Expr::Cast(Cast::new(expr, wanted.clone())),
            })
        };
        let instant = |t: &DataType| matches!(t, DataType::Timestamp(..));
        let fractional =
            found.is_floating() || matches!(found, DataType::Decimal128(_, scale) if scale > 0);
        if fractional && wanted.is_integer() && !is_whole(inner) {
            match (&found, origin(inner, around.inputs)) {
                (DataType::Float32 | DataType::Float64, Some(Origin::Double))
                    if self.repeatable(&[inner]) =>
                {
                    self.made("a float that becomes an integer is rounded");
                    return Ok(again(self.nearest(double(inner.clone(), &found))?));
                }
                (DataType::Decimal128(digits, scale), Some(Origin::Decimal)) => {
                    // A cast to a decimal rounds halves away from zero, as the other engine does.
                    self.made("a decimal that becomes an integer is rounded");
                    let whole = digits.saturating_sub(scale.unsigned_abs()) + 1;
                    let whole = DataType::Decimal128(whole.min(38), 0);
                    return Ok(again(Expr::Cast(Cast::new(Box::new(inner.clone()), whole))));
                }
                _ => {}
            }
        } else if instant(&found) && *wanted == DataType::Utf8 {
            let zoned = matches!(found, DataType::Timestamp(_, Some(_)));
            if !zoned && origin(inner, around.inputs) == Some(Origin::Timestamp) {
                return Ok(Some(self.timestamp_text(inner)?));
            }
        } else if !(found.is_numeric() && instant(wanted)
            || instant(&found) && wanted.is_numeric()
            || found.is_floating() && *wanted == DataType::Utf8)
        {
            return Ok(None);
        }
        if !matches!(inner, Expr::Literal(value, _) if value.is_null()) {
            self.refuse(format!("a cast of {found} to {wanted} gives other values in each engine"));
        }
        Ok(None)
    }

    /// The nearest whole number of a float, the even one of two.
    fn nearest(&self, value: Expr) -> Result<Expr> {
        let rest = value.clone() - self.call("floor", vec![value.clone()])?;
        let half = self.call("round", vec![value.clone() / lit(2.0)])?;
        let plain = self.call("round", vec![value])?;
        Ok(case(rest.eq(lit(0.5)), lit(2.0) * half, plain))
    }

    /// The average of decimals has four places more than these in DataFusion, and is a float in
    /// Ibis's engine. Row numbers are decimals, too.
    pub(super) fn average(
        &mut self,
        args: &[Expr],
        around: &Around<'_>,
    ) -> Result<Option<Vec<Expr>>> {
        let [value] = args else { return Ok(None) };
        let found = value.get_type(around.schema)?;
        // A branch of another type is not brought to the common one yet.
        let decimal =
            |part: &Expr| matches!(part.get_type(around.schema), Ok(DataType::Decimal128(..)));
        let among = found.is_integer() && value.exists(|part| Ok(decimal(part)))?;
        if !among && !matches!(found, DataType::Decimal128(..)) {
            return Ok(None);
        }
        self.made("the average of decimals is a float");
        Ok(Some(vec![double(value.clone(), &found)]))
    }

    /// DataFusion fails on a root of less than zero, Ibis has NaN.
    pub(super) fn square_root(
        &mut self,
        call: &ScalarFunction,
        around: &Around<'_>,
    ) -> Result<Option<Expr>> {
        let [value] = call.args.as_slice() else { return Ok(None) };
        let found = value.get_type(around.schema)?;
        if !found.is_numeric() || !self.repeatable(&[value]) {
            return Ok(None);
        }
        self.made("the square root of less than zero is NaN");
        let value = double(value.clone(), &found);
        let negative = value.clone().lt(lit(0.0));
        Ok(Some(case(negative, lit(f64::NAN), self.call("sqrt", vec![value])?)))
    }

    /// The sign of NaN is 0 in Ibis's engine.
    pub(super) fn signum(
        &mut self,
        call: &ScalarFunction,
        around: &Around<'_>,
    ) -> Result<Option<Expr>> {
        let [value] = call.args.as_slice() else { return Ok(None) };
        let found = value.get_type(around.schema)?;
        if !found.is_floating() {
            if call.func.name() == "signum" {
                return Ok(None);
            }
            self.made("a function of Ibis's goes by another name");
            return self.call("signum", call.args.clone()).map(Some);
        }
        if !self.repeatable(&[value]) {
            return Ok(None);
        }
        self.made("the sign of NaN is 0");
        let value = double(value.clone(), &found);
        let sign = self.call("signum", vec![value.clone()])?;
        Ok(Some(case(self.call("isnan", vec![value])?, lit(0.0), sign)))
    }

    /// `x IS NOT NULL AND isnan(x)`, which is null for null in Ibis's engine. It may stand within
    /// a longer conjunction.
    pub(super) fn not_a_number(
        &mut self,
        and: &BinaryExpr,
        around: &Around<'_>,
    ) -> Result<Option<Expr>> {
        let whole = Expr::BinaryExpr(and.clone());
        let parts = split_conjunction(&whole);
        let doubled = |at: usize| {
            let (Some(Expr::IsNotNull(one)), Some(next)) = (parts.get(at), parts.get(at + 1))
            else {
                return false;
            };
            matches!(arguments(next, "isnan"), Some([other]) if other == one.as_ref())
        };
        let kept: Vec<&Expr> = (0..parts.len())
            .filter(|at| !doubled(*at))
            .filter_map(|at| parts.get(at).copied())
            .collect();
        if kept.len() == parts.len() {
            return Ok(None);
        }
        self.made("whether null is NaN is null");
        let kept = kept.into_iter().map(|part| self.operand(part, around));
        Ok(conjunction(kept.collect::<Result<Vec<_>>>()?))
    }
}

fn double(value: Expr, found: &DataType) -> Expr {
    match found {
        DataType::Float64 => value,
        _ => Expr::Cast(Cast::new(Box::new(value), DataType::Float64)),
    }
}

/// True for what can only be a whole number, or null.
fn is_whole(expr: &Expr) -> bool {
    match expr {
        Expr::ScalarFunction(call) => match (call.func.name(), call.args.as_slice()) {
            ("floor" | "ceil" | "trunc" | "signum" | "round", [_]) => true,
            ("round", [_, digits]) => integer(digits).is_some_and(|digits| digits <= 0),
            _ => false,
        },
        Expr::Literal(ScalarValue::Float64(value), _) => value.is_none_or(|v| v.fract() == 0.0),
        Expr::Literal(ScalarValue::Float32(value), _) => value.is_none_or(|v| v.fract() == 0.0),
        Expr::Negative(inner) => is_whole(inner),
        Expr::Cast(cast) => is_whole(&cast.expr),
        _ => false,
    }
}
