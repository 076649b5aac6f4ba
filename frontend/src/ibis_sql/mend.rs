//! The walk through a plan: every expression, the operands before what is made of them.

use std::collections::BTreeSet;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::expr::{Case, Exists, InSubquery, ScalarFunction, SetComparison};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Expr, ExprSchemable, LogicalPlan, Operator, Subquery, Union, binary_expr,
};

use super::{brought, extreme};
use crate::counted_sets;

/// A plan in Ibis's meaning.
pub(super) struct Mended {
    pub(super) plan: LogicalPlan,
    /// What was put right, as parts of sentences.
    pub(super) made: BTreeSet<&'static str>,
    /// What could not be: messages.
    pub(super) refused: Vec<String>,
}

/// Brings a plan into Ibis's meaning. Where something is refused, the plan is not to be used.
pub(super) fn mended(plan: LogicalPlan, state: &SessionState) -> Result<Mended> {
    let mut mender =
        Mender { state, outer: Vec::new(), made: BTreeSet::new(), refused: Vec::new() };
    let plan = mender.plan(plan)?.data;
    Ok(Mended { plan, made: mender.made, refused: mender.refused })
}

/// What an expression stands over.
pub(super) struct Around<'a> {
    pub(super) schema: &'a DFSchema,
    pub(super) inputs: &'a [&'a LogicalPlan],
}

pub(super) struct Mender<'a> {
    state: &'a SessionState,
    /// The columns of the queries around the present one, the innermost last.
    outer: Vec<DFSchema>,
    made: BTreeSet<&'static str>,
    refused: Vec<String>,
}

impl Mender<'_> {
    fn plan(&mut self, plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
        let plan = plan.map_children(|input| self.plan(input))?;
        let inputs: Vec<LogicalPlan> = plan.data.inputs().into_iter().cloned().collect();
        let inputs: Vec<&LogicalPlan> = inputs.iter().collect();
        let schema = merge_schema(&inputs);
        let around = Around { schema: &schema, inputs: &inputs };
        let names = NamePreserver::new(&plan.data);
        let below = plan.transformed;
        let plan = plan.data.map_expressions(|expr| match expr {
            Expr::GroupingSet(_) => expr.map_children(|key| self.named(key, &names, &around)),
            expr => self.named(expr, &names, &around),
        })?;
        self.single_pairs(&plan.data)?;
        let floats = extreme::found(&plan.data)?;
        let counts = matches!(&plan.data, LogicalPlan::Join(join) if counted_sets::counts(join));
        if !plan.transformed && !below && !floats && !counts {
            return Ok(plan);
        }
        let plan = match plan.data {
            // Its nullability is that of the inputs.
            LogicalPlan::Union(union) => {
                LogicalPlan::Union(Union::try_new_with_loose_types(union.inputs)?)
            }
            plan => plan.recompute_schema()?,
        };
        let plan = if floats { self.extremes(plan)? } else { plan };
        if counts {
            self.made("INTERSECT ALL and EXCEPT ALL count how often a row is there");
            return Ok(Transformed::yes(counted_sets::counted(plan)?));
        }
        Ok(Transformed::yes(plan))
    }

    /// An expression that gives its name to a column.
    fn named(
        &mut self,
        expr: Expr,
        names: &NamePreserver,
        around: &Around<'_>,
    ) -> Result<Transformed<Expr>> {
        let name = names.save(&expr);
        self.expr(expr, around)?.map_data(|expr| Ok(name.restore(expr)))
    }

    fn expr(&mut self, expr: Expr, around: &Around<'_>) -> Result<Transformed<Expr>> {
        if let Some(expr) = self.form(&expr, around)? {
            return Ok(Transformed::yes(expr));
        }
        let expr = expr.map_children(|part| self.expr(part, around))?;
        let changed = expr.transformed;
        let expr = self.inner(expr.data, around)?;
        let changed = changed || expr.transformed;
        match self.single(&expr.data, around)? {
            Some(expr) => Ok(Transformed::yes(expr)),
            None => Ok(Transformed::new_transformed(expr.data, changed)),
        }
    }

    /// Operands of a form, mended.
    pub(super) fn operand(&mut self, expr: &Expr, around: &Around<'_>) -> Result<Expr> {
        Ok(self.expr(expr.clone(), around)?.data)
    }

    /// Subqueries, and what they refer to around them.
    fn inner(&mut self, expr: Expr, around: &Around<'_>) -> Result<Transformed<Expr>> {
        let mut within = |subquery: Subquery| {
            self.outer.push(around.schema.clone());
            let plan = self.plan(subquery.subquery.as_ref().clone());
            self.outer.pop();
            let plan = plan?;
            if !plan.transformed {
                return Ok(Transformed::no(subquery));
            }
            let outer_ref_columns = plan.data.all_out_ref_exprs();
            let subquery = plan.data.into();
            Ok::<_, datafusion::error::DataFusionError>(Transformed::yes(Subquery {
                subquery,
                outer_ref_columns,
                spans: datafusion::common::Spans::new(),
            }))
        };
        match expr {
            Expr::ScalarSubquery(subquery) => {
                within(subquery)?.map_data(|subquery| Ok(Expr::ScalarSubquery(subquery)))
            }
            Expr::Exists(Exists { subquery, negated }) => within(subquery)?
                .map_data(|subquery| Ok(Expr::Exists(Exists { subquery, negated }))),
            Expr::InSubquery(InSubquery { expr, subquery, negated }) => within(subquery)?
                .map_data(|subquery| Ok(Expr::InSubquery(InSubquery { expr, subquery, negated }))),
            Expr::SetComparison(SetComparison { expr, subquery, op, quantifier }) => {
                within(subquery)?.map_data(|subquery| {
                    Ok(Expr::SetComparison(SetComparison { expr, subquery, op, quantifier }))
                })
            }
            Expr::OuterReferenceColumn(field, column) => {
                // What stands around may have become nullable, or of another type.
                let found = self.outer.iter().rev().find_map(|schema| {
                    let place = schema.maybe_index_of_column(&column)?;
                    Some(std::sync::Arc::clone(schema.qualified_field(place).1))
                });
                let now = found.unwrap_or_else(|| std::sync::Arc::clone(&field));
                let changed = now != field;
                let expr = Expr::OuterReferenceColumn(now, column);
                Ok(Transformed::new_transformed(expr, changed))
            }
            expr => Ok(Transformed::no(expr)),
        }
    }

    /// What is known by the form of several calls together.
    fn form(&mut self, expr: &Expr, around: &Around<'_>) -> Result<Option<Expr>> {
        match expr {
            Expr::BinaryExpr(binary) => match binary.op {
                Operator::And => self.not_a_number(binary, around),
                Operator::Gt => self.searched(binary, around),
                _ => Ok(None),
            },
            Expr::Case(case) => self.joined_where_some(case, around),
            Expr::ScalarFunction(call) => match call.func.name() {
                "coalesce" => self.position_or_value(call, around),
                "array_element" => self.extracted(call, around),
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// A call or cast by itself, its operands mended.
    fn single(&mut self, expr: &Expr, around: &Around<'_>) -> Result<Option<Expr>> {
        match expr {
            Expr::Cast(cast) => self.cast(&cast.expr, cast.field.data_type(), false, around),
            Expr::TryCast(cast) => self.cast(&cast.expr, cast.field.data_type(), true, around),
            Expr::ScalarFunction(call) => self.function(call, around),
            Expr::BinaryExpr(binary) => {
                let operands = [binary.left.as_ref(), binary.right.as_ref()];
                let Some(operands) = self.single_precision(&operands, around)? else {
                    return self.matched(binary);
                };
                let mut operands = operands.into_iter();
                let (Some(left), Some(right)) = (operands.next(), operands.next()) else {
                    return Ok(None);
                };
                Ok(Some(binary_expr(left, binary.op, right)))
            }
            Expr::InList(_) | Expr::Between(_) | Expr::Case(_) => self.single_form(expr, around),
            Expr::InSubquery(within) => {
                let field = within.subquery.subquery.schema().fields().first().cloned();
                let one = within.expr.get_type(around.schema)?;
                if let Some(field) = field {
                    self.single_beside(&one, field.data_type());
                }
                Ok(None)
            }
            Expr::Like(like) if like.escape_char.is_none() => Ok(self.pattern_of(like)),
            Expr::AggregateFunction(call) if call.func.name() == "corr" => {
                self.differs("corr", "the correlation of a constant is null, and not NaN");
                Ok(None)
            }
            Expr::WindowFunction(call) if call.fun.name() == "corr" => {
                self.differs("corr", "the correlation of a constant is null, and not NaN");
                Ok(None)
            }
            Expr::AggregateFunction(call) if call.func.name() == "avg" => {
                let args = self.average(&call.params.args, around)?;
                Ok(args.map(|args| {
                    let mut call = call.clone();
                    call.params.args = args;
                    Expr::AggregateFunction(call)
                }))
            }
            Expr::WindowFunction(call) if call.fun.name() == "avg" => {
                let args = self.average(&call.params.args, around)?;
                Ok(args.map(|args| {
                    let mut call = call.clone();
                    call.params.args = args;
                    Expr::WindowFunction(call)
                }))
            }
            _ => Ok(None),
        }
    }

    fn function(&mut self, call: &ScalarFunction, around: &Around<'_>) -> Result<Option<Expr>> {
        let found = match call.func.name() {
            "sqrt" => self.square_root(call, around),
            "sign" | "signum" => self.signum(call, around),
            "upper" | "lower" => self.letters(call),
            "initcap" | "reverse" => {
                self.differs(call.func.name(), "other letters than ASCII come out differently");
                return Ok(None);
            }
            "array_to_string" => self.joined(call, around),
            "coalesce" | "greatest" | "least" | "nullif" | "nvl" | "ifnull" => {
                let operands: Vec<&Expr> = call.args.iter().collect();
                let args = self.single_precision(&operands, around)?;
                Ok(args.map(|args| {
                    let func = std::sync::Arc::clone(&call.func);
                    Expr::ScalarFunction(ScalarFunction::new_udf(func, args))
                }))
            }
            "regexp_like" | "regexp_count" | "regexp_instr" | "regexp_replace" | "regexp_match"
            | "regex_split" | "string_to_array" | "levenshtein" => self.text(call, around),
            "array_position" | "array_sort" | "array_union" | "array_intersect" | "map_extract" => {
                self.list(call, around)
            }
            "to_char" | "from_unixtime" | "arrow_cast" => self.time(call, around),
            name if name.starts_with("extract_") => self.time(call, around),
            _ => return Ok(None),
        }?;
        if found.is_none() && brought::is_brought(&call.func) && self.refused.is_empty() {
            let name = call.func.name();
            self.refuse(format!("{name} is a function of Ibis's, and planc has none like it"));
        }
        Ok(found)
    }

    /// Notes what was put right.
    pub(super) fn made(&mut self, what: &'static str) {
        self.made.insert(what);
    }

    /// Notes what cannot be put right.
    pub(super) fn refuse(&mut self, message: String) {
        if !self.refused.contains(&message) {
            self.refused.push(message);
        }
    }

    /// Refuses a function, and says why.
    pub(super) fn differs(&mut self, name: &str, why: &str) {
        self.refuse(format!("Ibis means something else by {name}: {why}"));
    }

    /// True where an operand can be written several times; refused otherwise.
    pub(super) fn repeatable(&mut self, operands: &[&Expr]) -> bool {
        let steady = operands.iter().all(|operand| !operand.is_volatile());
        if !steady {
            self.refuse(
                "Ibis means something else by a function of a random value: it is written in \
                 terms of that value, and would take it several times"
                    .to_owned(),
            );
        }
        steady
    }

    /// A call of DataFusion's function of this name.
    pub(super) fn call(&self, name: &str, args: Vec<Expr>) -> Result<Expr> {
        match self.state.scalar_functions().get(name) {
            Some(function) => {
                let function = std::sync::Arc::clone(function);
                Ok(Expr::ScalarFunction(ScalarFunction::new_udf(function, args)))
            }
            None => plan_err!("there is no function {name}"),
        }
    }

    pub(super) fn state(&self) -> &SessionState {
        self.state
    }
}

/// `CASE WHEN … THEN … ELSE … END`.
pub(super) fn case(when: Expr, then: Expr, otherwise: Expr) -> Expr {
    let branch = (Box::new(when), Box::new(then));
    Expr::Case(Case::new(None, vec![branch], Some(Box::new(otherwise))))
}

/// The text of a literal.
pub(super) fn literal(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(ScalarValue::Utf8(Some(text)), _) => Some(text),
        _ => None,
    }
}

/// The value of an integer literal.
pub(super) fn integer(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Literal(ScalarValue::Int64(found), _) => *found,
        Expr::Literal(ScalarValue::Int32(found), _) => found.map(i64::from),
        Expr::Literal(ScalarValue::UInt64(found), _) => {
            found.and_then(|value| i64::try_from(value).ok())
        }
        _ => None,
    }
}

/// The arguments of a call of this function.
pub(super) fn arguments<'e>(expr: &'e Expr, name: &str) -> Option<&'e [Expr]> {
    match expr {
        Expr::ScalarFunction(call) if call.func.name() == name => Some(&call.args),
        _ => None,
    }
}
