//! The walk that all passes over expressions share.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, ExprSchema, Result, ScalarValue};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Expr, LogicalPlan};

use crate::PassContext;
use crate::property::{Known, Outcomes, can_be_null, known, known_constants};

/// Where an expression stands.
pub(crate) struct Place<'a> {
    /// Whether it is a condition of which only TRUE counts: NULL is as good as FALSE.
    pub(crate) is_condition: bool,
    /// Whether it is one side of a join's `on` pairs, which must name a column of its side.
    pub(crate) is_join_key: bool,
    /// The pass that is running.
    pub(crate) cx: &'a PassContext<'a>,
    inputs: Vec<Arc<LogicalPlan>>,
    schema: OnceCell<Arc<DFSchema>>,
    known: OnceCell<Known>,
    constants: OnceCell<HashMap<Column, ScalarValue>>,
}

impl Place<'_> {
    /// The columns that the expression can name.
    pub(crate) fn schema(&self) -> &Arc<DFSchema> {
        self.schema.get_or_init(|| match self.inputs.as_slice() {
            [input] => Arc::clone(input.schema()),
            inputs => {
                let mut schema = DFSchema::empty();
                inputs.iter().for_each(|input| schema.merge(input.schema()));
                Arc::new(schema)
            }
        })
    }

    /// Whether it is the condition of a null-aware join, beside its key.
    pub(crate) fn is_null_aware(&self) -> bool {
        self.inputs.len() == 2 && !self.is_condition && !self.is_join_key
    }

    /// What holds on the rows over which the expression is evaluated.
    pub(crate) fn known(&self) -> &Known {
        self.known.get_or_init(|| match self.inputs.as_slice() {
            [input] => known(input),
            [left, right] => known(left).and(known(right)),
            _ => Known::default(),
        })
    }

    /// The columns with one value on these rows. Costs less than all that is known.
    pub(crate) fn constants(&self) -> &HashMap<Column, ScalarValue> {
        self.constants.get_or_init(|| self.inputs.iter().flat_map(|i| known_constants(i)).collect())
    }

    /// Whether the expression can be NULL here. Notes a declared constraint that it relies on.
    pub(crate) fn is_nullable(&self, expr: &Expr) -> bool {
        let typed = |column: &Column| match self.schema().field_from_column(column) {
            Ok(field) if !field.is_nullable() => Outcomes::VALUE,
            _ => Outcomes::ANY,
        };
        can_be_null(expr, &typed) && self.known().is_nullable(expr, self.schema(), self.cx)
    }
}

/// Rewrites every expression of a plan, of its subqueries too, and keeps the names of the
/// columns that they define. The schemas are derived anew where anything changed.
pub(crate) fn rewrite_expressions(
    plan: LogicalPlan,
    cx: &PassContext,
    mut rewrite: impl FnMut(Expr, &Place) -> Result<Transformed<Expr>>,
) -> Result<Transformed<LogicalPlan>> {
    let mut retyped = false;
    let rewritten = plan.transform_up_with_subqueries(|node| {
        let rewritten = rewrite_node(node, cx, &mut rewrite)?;
        if !rewritten.transformed {
            return Ok(rewritten);
        }
        rewritten.map_data(|node| {
            let before = Arc::clone(node.schema());
            let node = node.recompute_schema()?;
            retyped |= before != *node.schema();
            Ok(node)
        })
    })?;
    if !retyped {
        return Ok(rewritten);
    }
    // Types and nullability go on to what is above.
    rewritten.transform_data(|plan| {
        plan.transform_up_with_subqueries(|node| Ok(Transformed::yes(node.recompute_schema()?)))
    })
}

fn rewrite_node(
    node: LogicalPlan,
    cx: &PassContext,
    rewrite: &mut impl FnMut(Expr, &Place) -> Result<Transformed<Expr>>,
) -> Result<Transformed<LogicalPlan>> {
    if !has_expressions(&node) {
        return Ok(Transformed::no(node));
    }
    let is_condition = match &node {
        LogicalPlan::Filter(_) => true,
        // A null-aware join tells NULL from FALSE.
        LogicalPlan::Join(join) => !join.null_aware,
        _ => false,
    };
    let on = match &node {
        LogicalPlan::Join(join) => 2 * join.on.len(),
        _ => 0,
    };
    let mut place = Place {
        is_condition: false,
        is_join_key: false,
        cx,
        inputs: inputs_of(&node),
        schema: OnceCell::new(),
        known: OnceCell::new(),
        constants: OnceCell::new(),
    };
    if let LogicalPlan::TableScan(scan) = &node {
        let table =
            DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema())?;
        place.schema = OnceCell::from(Arc::new(table));
    }
    let names = NamePreserver::new(&node);
    let keeps_names = !matches!(node, LogicalPlan::Sort(_) | LogicalPlan::Values(_));
    let mut at = 0;
    node.map_expressions(|expr| {
        // Behind the keys of a join comes its condition.
        place.is_join_key = at < on;
        place.is_condition = is_condition && at >= on;
        at += 1;
        if let Expr::GroupingSet(_) = &expr {
            // Its members are named by their expressions.
            return Ok(Transformed::no(expr));
        }
        let name = keeps_names.then(|| names.save(&expr));
        let new = rewrite(expr, &place)?;
        if !new.transformed {
            return Ok(new);
        }
        Ok(new.update_data(|new| match name {
            Some(name) => name.restore(new),
            None => new,
        }))
    })
}

/// The inputs of a node, shared with it where it holds them so.
fn inputs_of(node: &LogicalPlan) -> Vec<Arc<LogicalPlan>> {
    let shared = |input: &Arc<LogicalPlan>| vec![Arc::clone(input)];
    match node {
        LogicalPlan::Projection(node) => shared(&node.input),
        LogicalPlan::Filter(node) => shared(&node.input),
        LogicalPlan::Aggregate(node) => shared(&node.input),
        LogicalPlan::Sort(node) => shared(&node.input),
        LogicalPlan::Window(node) => shared(&node.input),
        LogicalPlan::Limit(node) => shared(&node.input),
        LogicalPlan::Join(node) => vec![Arc::clone(&node.left), Arc::clone(&node.right)],
        other => other.inputs().into_iter().map(|input| Arc::new(input.clone())).collect(),
    }
}

fn has_expressions(node: &LogicalPlan) -> bool {
    let mut found = false;
    let _ = node.apply_expressions(|_| {
        found = true;
        Ok(TreeNodeRecursion::Stop)
    });
    found
}
