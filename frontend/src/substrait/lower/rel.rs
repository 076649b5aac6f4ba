//! Relations.

use std::collections::HashSet;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, SortExpr};
use planc_ir::code;
use substrait::proto::fetch_rel::{CountMode, OffsetMode};
use substrait::proto::rel::RelType;
use substrait::proto::set_rel::SetOp;
use substrait::proto::sort_field::{SortDirection, SortKind};
use substrait::proto::{Expression, FetchRel, ProjectRel, Rel, RelCommon, SetRel, SortField};

use super::{Lowering, all_columns, column, type_of};
use crate::counted_sets;
use crate::substrait::fault::{Fault, Result, invalid, unsupported};
use crate::substrait::repair::Repair;
use crate::substrait::walk;
use crate::substrait::{Fact, Producer};

impl Lowering<'_> {
    /// A relation. Its columns have names that no other column of the plan has.
    pub(super) fn relation(&mut self, rel: &Rel) -> Result<LogicalPlan> {
        let kind = rel.rel_type.as_ref();
        let kind = kind.ok_or_else(|| invalid("a relation says nothing"))?;
        self.step(walk::name(rel), |l| match kind {
            RelType::Read(read) => l.read(read),
            RelType::Filter(filter) => {
                plain(&filter.advanced_extension)?;
                let input = l.input(filter.input.as_deref())?;
                let condition = filter.condition.as_deref();
                let condition = condition.ok_or_else(|| invalid("a filter has no condition"))?;
                let plan = l.filtered(input, condition)?;
                l.emitted(plan, filter.common.as_ref())
            }
            RelType::Fetch(fetch) => l.fetch(fetch),
            RelType::Sort(sort) => {
                plain(&sort.advanced_extension)?;
                let input = l.input(sort.input.as_deref())?;
                let schema = input.schema().as_ref().clone();
                let keys = l.step("sorts", |l| l.sorts(&sort.sorts, &schema))?;
                let plan = LogicalPlanBuilder::from(input).sort(keys)?.build()?;
                l.emitted(plan, sort.common.as_ref())
            }
            RelType::Project(project) => l.project(project),
            RelType::Aggregate(aggregate) => l.aggregate(aggregate),
            RelType::Join(join) => l.join(join),
            RelType::Cross(cross) => {
                plain(&cross.advanced_extension)?;
                let left = l.input(cross.left.as_deref())?;
                let right = l.input(cross.right.as_deref())?;
                let plan = LogicalPlanBuilder::from(left).cross_join(right)?.build()?;
                l.emitted(plan, cross.common.as_ref())
            }
            RelType::Set(set) => l.set(set),
            _ => Err(unsupported("planc does not read such relations")),
        })
    }

    fn filtered(&mut self, input: LogicalPlan, condition: &Expression) -> Result<LogicalPlan> {
        let schema = input.schema().as_ref().clone();
        let condition = self.step("condition", |l| l.condition(condition, &schema))?;
        let (input, mut conditions, windows) = self.hoisted(input, vec![condition])?;
        let condition = conditions.pop().ok_or_else(|| invalid("a filter has no condition"))?;
        let plan = LogicalPlanBuilder::from(input).filter(condition)?;
        if windows {
            self.repaired(Repair::FilterWindow);
            return Ok(plan.project(all_columns(&schema))?.build()?);
        }
        Ok(plan.build()?)
    }

    /// A condition, which must be a boolean.
    pub(super) fn condition(&mut self, expr: &Expression, schema: &DFSchema) -> Result<Expr> {
        let condition = self.expression(expr, schema)?;
        let found = type_of(&condition, schema)?;
        if !matches!(found, DataType::Boolean | DataType::Null) {
            return Err(invalid(format_args!("a condition is of the type {found}")));
        }
        Ok(condition)
    }

    fn project(&mut self, project: &ProjectRel) -> Result<LogicalPlan> {
        plain(&project.advanced_extension)?;
        let input = self.input(project.input.as_deref())?;
        let schema = input.schema().as_ref().clone();
        let exprs = self.expressions(&project.expressions, &schema)?;
        let (input, exprs, _) = self.hoisted(input, exprs)?;
        let width = schema.fields().len();
        let chosen: Vec<usize> = match walk::mapping(project.common.as_ref()) {
            Some(mapping) => mapping.iter().filter_map(|at| usize::try_from(*at).ok()).collect(),
            None => (0..width + exprs.len()).collect(),
        };
        let mut seen = HashSet::new();
        let mut output = Vec::with_capacity(chosen.len());
        for at in chosen {
            let expr = match at.checked_sub(width) {
                None => column(&schema, at)?,
                Some(at) => {
                    exprs.get(at).cloned().ok_or_else(|| invalid("it emits no expression"))?
                }
            };
            output.push(self.named(expr, &mut seen));
        }
        Ok(LogicalPlanBuilder::from(input).project(output)?.build()?)
    }

    /// The columns that a relation emits.
    pub(super) fn emitted(
        &mut self,
        plan: LogicalPlan,
        common: Option<&RelCommon>,
    ) -> Result<LogicalPlan> {
        let Some(mapping) = walk::mapping(common) else { return Ok(plan) };
        let schema = plan.schema().as_ref().clone();
        let mut seen = HashSet::new();
        let mut output = Vec::with_capacity(mapping.len());
        for at in mapping {
            let expr = column(&schema, usize::try_from(*at).unwrap_or(usize::MAX))?;
            output.push(self.named(expr, &mut seen));
        }
        Ok(LogicalPlanBuilder::from(plan).project(output)?.build()?)
    }

    pub(super) fn sorts(
        &mut self,
        sorts: &[SortField],
        schema: &DFSchema,
    ) -> Result<Vec<SortExpr>> {
        let ibis = self.source.producer.is_ibis();
        let mut keys = Vec::with_capacity(sorts.len());
        for sort in sorts {
            let expr = sort.expr.as_ref().ok_or_else(|| invalid("a sort has no key"))?;
            let expr = self.expression(expr, schema)?;
            no_window(&expr)?;
            let Some(SortKind::Direction(direction)) = sort.sort_kind else {
                return Err(unsupported("a sort by a comparison function"));
            };
            let (asc, nulls_first) = match SortDirection::try_from(direction) {
                Ok(SortDirection::AscNullsFirst) => (true, !ibis),
                Ok(SortDirection::DescNullsFirst) => (false, !ibis),
                Ok(SortDirection::AscNullsLast) => (true, false),
                Ok(SortDirection::DescNullsLast) => (false, false),
                _ => return Err(unsupported("a sort without an order")),
            };
            if ibis && expr.nullable(schema)? {
                if !self.facts.contains(&Fact::NullsLast) {
                    let message = "ibis-substrait does not write whether nulls sort first or last";
                    return Err(Fault::new(code::LOST_ARGUMENT, message).help(
                        "make the bundle with `planc-ibis`; or write `facts = [\"nulls-last\"]`, \
                         Ibis's usual order, into the TOML file beside the plan",
                    ));
                }
                self.repaired(Repair::NullOrder);
            }
            keys.push(SortExpr { expr, asc, nulls_first });
        }
        Ok(keys)
    }

    #[allow(deprecated, reason = "plans of older producers use them")]
    fn fetch(&mut self, fetch: &FetchRel) -> Result<LogicalPlan> {
        plain(&fetch.advanced_extension)?;
        let input = self.input(fetch.input.as_deref())?;
        let skip = match &fetch.offset_mode {
            None => 0,
            Some(OffsetMode::Offset(offset)) => *offset,
            Some(OffsetMode::OffsetExpr(expr)) => self.number(expr)?.unwrap_or(0),
        };
        let count = match &fetch.count_mode {
            // Before 0.58 a count of 0 was written like none at all.
            None if self.source.minor < 58 => {
                let message = "the plan does not say whether a limit is 0 or none";
                return Err(Fault::new(code::LOST_ARGUMENT, message)
                    .help("limit to a number of rows over 0"));
            }
            None | Some(CountMode::Count(-1)) => None,
            Some(CountMode::Count(count)) => Some(*count),
            Some(CountMode::CountExpr(expr)) => self.number(expr)?,
        };
        let rows = |rows: i64| {
            usize::try_from(rows).map_err(|_| invalid(format_args!("a limit of {rows} rows")))
        };
        let (skip, count) = (rows(skip)?, count.map(rows).transpose()?);
        let plan = LogicalPlanBuilder::from(input).limit(skip, count)?.build()?;
        self.emitted(plan, fetch.common.as_ref())
    }

    /// The value of an expression that must be a literal number, or null.
    fn number(&mut self, expr: &Expression) -> Result<Option<i64>> {
        match self.expression(expr, &DFSchema::empty())? {
            Expr::Literal(value, _) if value.is_null() => Ok(None),
            Expr::Literal(ScalarValue::Int64(value), _) => Ok(value),
            Expr::Literal(ScalarValue::Int32(value), _) => Ok(value.map(i64::from)),
            Expr::Literal(ScalarValue::Int16(value), _) => Ok(value.map(i64::from)),
            Expr::Literal(ScalarValue::Int8(value), _) => Ok(value.map(i64::from)),
            _ => Err(unsupported("a limit that is no literal number")),
        }
    }

    fn set(&mut self, set: &SetRel) -> Result<LogicalPlan> {
        plain(&set.advanced_extension)?;
        if self.source.producer == Producer::DuckDb {
            let message = "DuckDB writes UNION as UNION ALL, and EXCEPT and INTERSECT with and \
                           without ALL alike";
            return Err(Fault::new(code::LOST_ARGUMENT, message).help("write the rule in SQL"));
        }
        let mut inputs = Vec::with_capacity(set.inputs.len());
        for (at, input) in set.inputs.iter().enumerate() {
            inputs.push(self.step(format!("[{at}]"), |l| l.relation(input))?);
        }
        let mut inputs = inputs.into_iter();
        let first = inputs.next().ok_or_else(|| invalid("a set operation has no inputs"))?;
        let first = self.renamed(first)?;
        let wanted = first.schema().as_ref().clone();
        let op = SetOp::try_from(set.op).unwrap_or(SetOp::Unspecified);
        let known = !self.source.producer.is_ibis() || self.facts.contains(&Fact::DistinctSets);
        if matches!(op, SetOp::MinusPrimary | SetOp::IntersectionPrimary) && !known {
            let message = "ibis-substrait does not write whether EXCEPT and INTERSECT keep \
                           repeated rows";
            return Err(Fault::new(code::LOST_ARGUMENT, message)
                .help("make the bundle with `planc-ibis`, which says it"));
        }
        let mut others = Vec::with_capacity(set.inputs.len());
        for input in inputs {
            others.push(self.fitted(input, &wanted)?);
        }
        let union = |left: LogicalPlan, right: LogicalPlan| {
            LogicalPlanBuilder::from(left).union(right)?.build()
        };
        let except = |left, right| LogicalPlanBuilder::except(left, right, false);
        let intersect = |left, right| LogicalPlanBuilder::intersect(left, right, false);
        let mut others = others.into_iter();
        let plan = match op {
            SetOp::UnionAll => others.try_fold(first, union)?,
            SetOp::UnionDistinct => {
                LogicalPlanBuilder::from(others.try_fold(first, union)?).distinct()?.build()?
            }
            SetOp::MinusPrimary => others.try_fold(first, except)?,
            SetOp::IntersectionMultiset => others.try_fold(first, intersect)?,
            SetOp::MinusPrimaryAll => others.try_fold(first, counted_sets::except)?,
            SetOp::IntersectionMultisetAll => others.try_fold(first, counted_sets::intersect)?,
            // What is in any of the others.
            SetOp::IntersectionPrimary => {
                let second = others.next().ok_or_else(|| invalid("a set operation of one"))?;
                intersect(first, others.try_fold(second, union)?)?
            }
            SetOp::MinusMultiset => {
                let message = "Substrait does not say whether this difference keeps repeated \
                               rows, and older producers mean EXCEPT ALL by it";
                return Err(Fault::new(code::ENGINES_DIFFER, message)
                    .help("let the producer write SET_OP_MINUS_PRIMARY, which is EXCEPT"));
            }
            other => {
                let name = other.as_str_name();
                return Err(unsupported(format_args!("planc has no set operation {name}")));
            }
        };
        self.emitted(plan, set.common.as_ref())
    }

    /// All columns under fresh names.
    pub(super) fn renamed(&mut self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let columns = all_columns(plan.schema());
        let exprs: Vec<Expr> =
            columns.into_iter().map(|column| column.alias(self.fresh())).collect();
        Ok(LogicalPlanBuilder::from(plan).project(exprs)?.build()?)
    }

    /// An input of a set operation: with the names of the first, and of its types.
    fn fitted(&mut self, plan: LogicalPlan, wanted: &DFSchema) -> Result<LogicalPlan> {
        let schema = plan.schema().as_ref().clone();
        let mut exprs = Vec::with_capacity(wanted.fields().len());
        for (at, (field, found)) in wanted.fields().iter().zip(schema.fields()).enumerate() {
            let alike = found.data_type() == field.data_type()
                || found.data_type().is_numeric() && field.data_type().is_numeric()
                || found.data_type().is_null()
                || field.data_type().is_null();
            if !alike {
                let (a, b) = (field.data_type(), found.data_type());
                return Err(invalid(format_args!(
                    "column {at} of a set operation is of the types {a} and {b}"
                )));
            }
            exprs.push(column(&schema, at)?.alias(field.name()));
        }
        Ok(LogicalPlanBuilder::from(plan).project(exprs)?.build()?)
    }
}

/// Window functions stand in projections and filters only.
pub(super) fn no_window(expr: &Expr) -> Result<()> {
    match expr.exists(|part| Ok(matches!(part, Expr::WindowFunction(_))))? {
        false => Ok(()),
        true => Err(unsupported("a window function in a sort key, a group or a join's condition")
            .help("compute it in a projection below")),
    }
}

/// Nothing that alters the meaning may be attached.
pub(super) fn plain(
    advanced: &Option<substrait::proto::extensions::AdvancedExtension>,
) -> Result<()> {
    match advanced.as_ref().and_then(|advanced| advanced.enhancement.as_ref()) {
        Some(enhancement) => Err(unsupported(format_args!(
            "a relation is enhanced by the message {}",
            enhancement.type_url
        ))),
        None => Ok(()),
    }
}
