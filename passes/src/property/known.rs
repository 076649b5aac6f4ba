//! What holds on every row of a relation, because of what is below.
//!
//! Predicates of a filter hold above it; those of an inner join too, and those of the kept
//! side of an outer one. A column with a declared NOT NULL has none, until an outer join pads
//! it.

use std::collections::{HashMap, HashSet};

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, DFSchema, ExprSchema, JoinType, NullEquality, ScalarValue};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    BinaryExpr, Distinct, Expr, LogicalPlan, Operator, TableScan, Union,
};
use planc_ir::catalog::{declared, table_name};

use super::{Outcomes, can_be_null, is_exact_equality, is_volatile, outcomes};
use crate::PassContext;
use crate::grouping::is_count_star;

/// Facts about the columns of a relation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// Predicates that are TRUE on every row. None is volatile.
    pub(crate) conditions: Vec<Expr>,
    /// Predicates that are TRUE on every row but those on which all of their columns are NULL:
    /// of a side that an outer join pads. On those they are anything.
    pub(crate) optional: Vec<Expr>,
    /// Columns with one value throughout, of types whose equal values are interchangeable.
    pub(crate) constants: HashMap<Column, ScalarValue>,
    /// Columns without NULL, beyond what the schema and the conditions say.
    not_null: HashSet<Column>,
    /// The same by declaration.
    declared: HashMap<Column, Declaration>,
    /// Whether only the constants are wanted.
    constants_only: bool,
}

/// The constraint of a table that says that a column holds no NULL.
#[derive(Debug, Clone)]
struct Declaration {
    table: String,
    kind: &'static str,
    columns: Vec<String>,
}

impl Known {
    /// Whether the expression can be NULL on a row of the relation. Where only a declared
    /// constraint says that it cannot, the context notes it.
    pub(crate) fn is_nullable(&self, expr: &Expr, schema: &DFSchema, cx: &PassContext) -> bool {
        let proven = |column: &Column| {
            let field = schema.field_from_column(column);
            let nullable =
                field.map_or(true, |field| field.is_nullable()) && !self.is_not_null(column);
            if nullable { Outcomes::ANY } else { Outcomes::VALUE }
        };
        if !can_be_null(expr, &proven) {
            return false;
        }
        if self.declared.is_empty() {
            return true;
        }
        let trusted = |column: &Column| match self.declared.get(column) {
            Some(_) => Outcomes::VALUE,
            None => proven(column),
        };
        if can_be_null(expr, &trusted) {
            return true;
        }
        for column in expr.column_refs() {
            if let Some(Declaration { table, kind, columns }) = self.declared.get(column)
                && proven(column) == Outcomes::ANY
            {
                cx.rely_on(table, kind, columns);
            }
        }
        false
    }

    fn is_not_null(&self, column: &Column) -> bool {
        self.not_null.contains(column)
            || self.conditions.iter().any(|condition| rejects(condition, column))
    }

    /// Adds what a predicate says that is TRUE on every row.
    pub(crate) fn assume(&mut self, predicate: &Expr, schema: &DFSchema) {
        for condition in split_conjunction(predicate) {
            if let Some((column, value)) = equated(condition)
                && schema.field_from_column(column).is_ok_and(|field| {
                    is_exact_equality(field.data_type()) && *field.data_type() == value.data_type()
                })
            {
                self.constants.entry(column.clone()).or_insert(value);
            }
            if !self.constants_only && !is_volatile(condition) {
                self.conditions.push(condition.clone());
            }
        }
    }

    /// Both: on the rows of a join.
    pub(crate) fn and(mut self, other: Known) -> Known {
        self.conditions.extend(other.conditions);
        self.optional.extend(other.optional);
        self.constants.extend(other.constants);
        self.not_null.extend(other.not_null);
        self.declared.extend(other.declared);
        self
    }

    /// The same facts where columns have other names; what speaks of others is dropped.
    fn renamed(self, names: &HashMap<Column, Column>) -> Known {
        let named = |column: Column| names.get(&column).cloned();
        let mut not_null = self.not_null;
        let (conditions, dropped): (Vec<_>, Vec<_>) =
            self.conditions.into_iter().partition(|condition| {
                condition.column_refs().iter().all(|column| names.contains_key(*column))
            });
        for condition in &dropped {
            let columns = condition.column_refs().into_iter();
            let kept = columns.filter(|c| names.contains_key(*c) && rejects(condition, c));
            not_null.extend(kept.cloned());
        }
        let rename = |condition: Expr| {
            let renamed = condition.transform(|expr| match expr {
                Expr::Column(column) => Ok(match names.get(&column) {
                    Some(name) => Transformed::yes(Expr::Column(name.clone())),
                    None => Transformed::no(Expr::Column(column)),
                }),
                other => Ok(Transformed::no(other)),
            });
            renamed.data().ok()
        };
        let optional = self.optional.into_iter();
        let optional = optional.filter(|condition| {
            condition.column_refs().iter().all(|column| names.contains_key(*column))
        });
        Known {
            optional: optional.filter_map(rename).collect(),
            conditions: conditions.into_iter().filter_map(rename).collect(),
            constants: self
                .constants
                .into_iter()
                .filter_map(|(column, value)| Some((named(column)?, value)))
                .collect(),
            not_null: not_null.into_iter().filter_map(named).collect(),
            constants_only: self.constants_only,
            declared: self
                .declared
                .into_iter()
                .filter_map(|(column, source)| Some((named(column)?, source)))
                .collect(),
        }
    }
}

/// Whether the condition is not TRUE where the column is NULL.
fn rejects(condition: &Expr, null: &Column) -> bool {
    let column = |column: &Column| if column == null { Outcomes::NULL } else { Outcomes::ANY };
    !outcomes(condition, &column).has(Outcomes::TRUE)
}

/// `column = literal`, in either order; a boolean column, or its negation.
fn equated(condition: &Expr) -> Option<(&Column, ScalarValue)> {
    match condition {
        Expr::Column(column) => Some((column, ScalarValue::Boolean(Some(true)))),
        Expr::Not(inner) => match inner.as_ref() {
            Expr::Column(column) => Some((column, ScalarValue::Boolean(Some(false)))),
            _ => None,
        },
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => match (&**left, &**right)
        {
            (Expr::Column(column), Expr::Literal(value, _))
            | (Expr::Literal(value, _), Expr::Column(column))
                if !value.is_null() =>
            {
                Some((column, value.clone()))
            }
            _ => None,
        },
        _ => None,
    }
}

/// What holds on every row of the plan's output, in its columns.
pub(crate) fn known(plan: &LogicalPlan) -> Known {
    gather(plan, false)
}

/// The constants of [`known`], for less.
pub(crate) fn known_constants(plan: &LogicalPlan) -> HashMap<Column, ScalarValue> {
    gather(plan, true).constants
}

fn gather(plan: &LogicalPlan, constants_only: bool) -> Known {
    let nothing = || Known { constants_only, ..Known::default() };
    let known = |plan: &LogicalPlan| gather(plan, constants_only);
    match plan {
        LogicalPlan::Filter(filter) => {
            let mut facts = known(&filter.input);
            facts.assume(&filter.predicate, filter.input.schema());
            facts
        }
        LogicalPlan::Projection(projection) => {
            let outputs = projection.schema.columns();
            projected(known(&projection.input), projection.expr.iter().zip(outputs))
        }
        LogicalPlan::Aggregate(aggregate) => {
            if matches!(aggregate.group_expr.as_slice(), [Expr::GroupingSet(_)]) {
                return nothing();
            }
            // Without keys there is a row even where no row has met what holds below.
            let outputs = aggregate.schema.columns();
            if aggregate.group_expr.is_empty()
                || outputs.len() != aggregate.group_expr.len() + aggregate.aggr_expr.len()
            {
                return nothing();
            }
            let calls = outputs.clone().into_iter().skip(aggregate.group_expr.len());
            let keys = aggregate.group_expr.iter().zip(outputs);
            let below = match aggregate.input.as_ref() {
                LogicalPlan::Union(union) => {
                    Known { constants: shared_constants(union), ..nothing() }
                }
                input => known(input),
            };
            let mut facts = projected(below, keys);
            if !constants_only {
                // A group has rows.
                let counts = calls.zip(&aggregate.aggr_expr);
                let counts = counts.filter(|(_, call)| is_count_star(unaliased(call)));
                facts.conditions.extend(counts.map(|(column, _)| at_least_one(column, 1_i64)));
            }
            facts
        }
        LogicalPlan::SubqueryAlias(alias) => {
            let names = alias.input.schema().columns().into_iter().zip(alias.schema.columns());
            known(&alias.input).renamed(&names.collect())
        }
        LogicalPlan::TableScan(scan) => {
            let mut facts = nothing();
            if !constants_only {
                facts.declared = declarations(scan);
            }
            if scan.fetch.is_none() {
                let visible = |filter: &&Expr| {
                    filter.column_refs().iter().all(|c| scan.projected_schema.has_column(c))
                };
                for filter in scan.filters.iter().filter(visible) {
                    facts.assume(filter, &scan.projected_schema);
                }
            }
            facts
        }
        LogicalPlan::Join(join) => {
            let mut facts = match join.join_type {
                JoinType::Inner => known(&join.left).and(known(&join.right)),
                JoinType::Left => {
                    let mut facts = known(&join.left);
                    if !constants_only {
                        let padded = known(&join.right);
                        let of_columns = |condition: &Expr| !condition.column_refs().is_empty();
                        facts.optional.extend(padded.conditions.into_iter().filter(of_columns));
                        facts.optional.extend(padded.optional);
                    }
                    facts
                }
                JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => known(&join.left),
                JoinType::Right
                | JoinType::RightSemi
                | JoinType::RightAnti
                | JoinType::RightMark => known(&join.right),
                JoinType::Full => nothing(),
            };
            let kept = match join.join_type {
                JoinType::Inner => None,
                JoinType::LeftSemi => Some(&join.left),
                JoinType::RightSemi => Some(&join.right),
                _ => return facts,
            };
            let mut pairs = DFSchema::clone(join.left.schema());
            pairs.merge(join.right.schema());
            if join.null_equality == NullEquality::NullEqualsNothing {
                for (left, right) in &join.on {
                    facts.assume(&left.clone().eq(right.clone()), &pairs);
                }
            }
            if let Some(filter) = &join.filter {
                facts.assume(filter, &pairs);
            }
            match kept {
                // A row that is kept has met the condition with some partner.
                Some(side) => {
                    let columns = side.schema().columns().into_iter();
                    facts.renamed(&columns.map(|column| (column.clone(), column)).collect())
                }
                None => facts,
            }
        }
        LogicalPlan::Window(window) => {
            let mut facts = known(&window.input);
            if !constants_only {
                let calls = window.schema.fields().len() - window.window_expr.len();
                let columns = window.schema.columns().into_iter().skip(calls);
                for (column, expr) in columns.zip(&window.window_expr) {
                    let Expr::WindowFunction(call) = unaliased(expr) else { continue };
                    if matches!(call.fun.name(), "row_number" | "rank" | "dense_rank") {
                        facts.conditions.push(at_least_one(column, 1_u64));
                    }
                }
            }
            facts
        }
        LogicalPlan::Sort(sort) => known(&sort.input),
        LogicalPlan::Limit(limit) => known(&limit.input),
        LogicalPlan::Distinct(Distinct::All(input)) => known(input),
        _ => nothing(),
    }
}

/// The constants that all inputs of a union share. Only groups above it may use them: what a
/// projection above it computes is computed in the inputs, constants too.
pub(crate) fn shared_constants(union: &Union) -> HashMap<Column, ScalarValue> {
    let columns = union.schema.columns();
    let mut inputs = union.inputs.iter().map(|input| {
        let own = input.schema().columns().into_iter();
        let names = own.zip(columns.iter().cloned()).collect();
        gather(input, true).renamed(&names).constants
    });
    let mut constants = inputs.next().unwrap_or_default();
    for other in inputs {
        constants.retain(|column, value| other.get(column) == Some(value));
    }
    constants
}

/// `column >= 1`.
fn at_least_one(column: Column, one: impl datafusion::logical_expr::Literal) -> Expr {
    Expr::Column(column).gt_eq(datafusion::logical_expr::lit(one))
}

/// The columns of a scan that are declared not to hold NULL.
fn declarations(scan: &TableScan) -> HashMap<Column, Declaration> {
    let Some(constraints) = declared(scan) else { return HashMap::new() };
    let table = table_name(&scan.table_name);
    let declaration = |name: &String| {
        let alone = std::slice::from_ref(name);
        let (kind, columns) = if constraints.not_null.contains(name) {
            ("not_null", alone)
        } else {
            ("key", constraints.keys.iter().find(|key| key.contains(name))?.as_slice())
        };
        Some(Declaration { table: table.clone(), kind, columns: columns.to_vec() })
    };
    let columns = scan.projected_schema.columns().into_iter();
    columns.filter_map(|column| declaration(&column.name).map(|found| (column, found))).collect()
}

/// What is known of columns that pass under a new name, and of literals.
fn projected<'a>(facts: Known, exprs: impl Iterator<Item = (&'a Expr, Column)> + Clone) -> Known {
    let mut names = HashMap::new();
    for (expr, output) in exprs.clone() {
        if let Expr::Column(column) = unaliased(expr) {
            names.entry(column.clone()).or_insert(output);
        }
    }
    let repeats: Vec<(Column, Column)> = exprs
        .clone()
        .filter_map(|(expr, output)| match unaliased(expr) {
            Expr::Column(column) => Some((column.clone(), output)),
            _ => None,
        })
        .collect();
    // A column may pass several times; conditions speak of the first.
    let repeats: Vec<_> =
        repeats.into_iter().filter(|(column, output)| names.get(column) != Some(output)).collect();
    if repeats.is_empty() {
        return with_literals(facts.renamed(&names), exprs);
    }
    let constants = facts.constants.clone();
    let not_null = facts.not_null.clone();
    let declared = facts.declared.clone();
    let mut facts = facts.renamed(&names);
    for (column, output) in repeats {
        if let Some(value) = constants.get(&column) {
            facts.constants.insert(output.clone(), value.clone());
        }
        if not_null.contains(&column) {
            facts.not_null.insert(output.clone());
        }
        if let Some(source) = declared.get(&column) {
            facts.declared.insert(output, source.clone());
        }
    }
    with_literals(facts, exprs)
}

fn with_literals<'a>(mut facts: Known, exprs: impl Iterator<Item = (&'a Expr, Column)>) -> Known {
    for (expr, output) in exprs {
        if let Expr::Literal(value, None) = unaliased(expr)
            && !value.is_null()
            && is_exact_equality(&value.data_type())
        {
            facts.constants.insert(output, value.clone());
        }
    }
    facts
}

fn unaliased(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => unaliased(&alias.expr),
        other => other,
    }
}
