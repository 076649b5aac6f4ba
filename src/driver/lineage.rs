//! What a plan's columns and rows are made of, in words that two plans can be compared by.
//!
//! Plans speak in aliases of their own. Here every column is followed down to the sources, so
//! `t0.email` becomes `lower(raw.email)`, whatever the plan calls it on the way.

use std::collections::BTreeMap;

use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan};
use planc_ir::catalog::table_name;

/// A definition that is longer is cut, and marked with a hash of the whole.
const LONGEST: usize = 300;

/// What a plan says, piece by piece.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lineage {
    /// Each output column with its definition, in order.
    pub columns: Vec<(String, String)>,
    /// What decides which rows there are, each with how often it is said: predicates, join
    /// conditions, groups, limits, tables.
    pub rows: BTreeMap<String, usize>,
}

impl Lineage {
    /// Of one plan.
    pub fn of(plan: &LogicalPlan) -> Self {
        let fields = plan.schema().fields().iter().enumerate();
        let columns = fields.map(|(index, field)| (field.name().clone(), definition(plan, index)));
        let mut rows = BTreeMap::new();
        let _ = plan.apply_with_subqueries(|node| {
            for said in said_of_rows(node) {
                *rows.entry(said).or_insert(0) += 1;
            }
            Ok(TreeNodeRecursion::Continue)
        });
        Lineage { columns: columns.collect(), rows }
    }

    /// What was changed on the way from `self` to `other`, in a few sentences.
    pub fn changes(&self, other: &Lineage) -> Vec<String> {
        let mut changes = Vec::new();
        let before: BTreeMap<&str, &str> =
            self.columns.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let after: BTreeMap<&str, &str> =
            other.columns.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        for (name, old) in &self.columns {
            match after.get(name.as_str()) {
                None => changes.push(format!("column `{name}` is gone")),
                Some(new) if new != old => {
                    changes.push(format!("column `{name}` was {old} and is {new}"));
                }
                Some(_) => {}
            }
        }
        for (name, text) in &other.columns {
            if !before.contains_key(name.as_str()) {
                changes.push(format!("column `{name}` is new: {text}"));
            }
        }
        let names = |lineage: &Lineage| {
            lineage.columns.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        if changes.is_empty() && names(self) != names(other) {
            changes.push("the order of the columns changed".to_owned());
        }
        let more_of = |a: &Lineage, b: &Lineage| {
            let more = a.rows.iter().filter(|(said, n)| b.rows.get(*said).unwrap_or(&0) < *n);
            more.map(|(said, _)| said.clone()).collect::<Vec<_>>()
        };
        let (gone, new) = (more_of(self, other), more_of(other, self));
        match (gone.as_slice(), new.as_slice()) {
            ([old], [new]) if kind(old) == kind(new) => {
                changes.push(format!("{old} is now {}", value(new)));
            }
            _ => {
                changes.extend(gone.iter().map(|said| format!("{said} is gone")));
                changes.extend(new.iter().map(|said| format!("{said} is new")));
            }
        }
        changes
    }
}

fn kind(said: &str) -> &str {
    said.split(' ').next().unwrap_or(said)
}

fn value(said: &str) -> &str {
    said.split_once(' ').map_or(said, |(_, value)| value)
}

/// What one operator says about which rows there are.
fn said_of_rows(node: &LogicalPlan) -> Vec<String> {
    let list = |exprs: &[Expr], input: &LogicalPlan| {
        exprs.iter().map(|expr| resolved(expr, &[input])).collect::<Vec<_>>().join(", ")
    };
    match node {
        LogicalPlan::TableScan(scan) => {
            let filters = scan.filters.iter().map(|filter| format!("predicate `{filter}`"));
            let mut said: Vec<String> = filters.collect();
            said.push(format!("table `{}`", table_name(&scan.table_name)));
            said.extend(scan.fetch.map(|rows| format!("limit `{rows}`")));
            said
        }
        LogicalPlan::Filter(filter) => {
            let conjuncts = split_conjunction(&filter.predicate).into_iter();
            let input = filter.input.as_ref();
            conjuncts.map(|expr| format!("predicate `{}`", resolved(expr, &[input]))).collect()
        }
        LogicalPlan::Join(join) => {
            let inputs = [join.left.as_ref(), join.right.as_ref()];
            let pairs = join.on.iter().map(|(left, right)| {
                let mut sides = [resolved(left, &inputs[..1]), resolved(right, &inputs[1..])];
                if join.join_type == JoinType::Inner {
                    sides.sort();
                }
                sides.join(" = ")
            });
            let filters = join.filter.iter().flat_map(|filter| split_conjunction(filter));
            let filters = filters.map(|expr| resolved(expr, &inputs));
            let conditions: Vec<String> = pairs.chain(filters).collect();
            match join.join_type {
                // An inner join's condition is a predicate like another.
                JoinType::Inner => {
                    conditions.into_iter().map(|said| format!("predicate `{said}`")).collect()
                }
                kind => vec![format!("join `{kind} on {}`", conditions.join(" AND "))],
            }
        }
        LogicalPlan::Aggregate(aggregate) => {
            vec![format!("groups `{}`", list(&aggregate.group_expr, &aggregate.input))]
        }
        LogicalPlan::Sort(sort) => {
            let keys = sort.expr.iter().map(|key| {
                let direction = if key.asc { "" } else { " desc" };
                let nulls = if key.nulls_first { " nulls first" } else { "" };
                format!("{}{direction}{nulls}", resolved(&key.expr, &[sort.input.as_ref()]))
            });
            let keys = keys.collect::<Vec<_>>().join(", ");
            let limit = sort.fetch.map(|rows| format!("limit `{rows}`"));
            std::iter::once(format!("order `{keys}`")).chain(limit).collect()
        }
        LogicalPlan::Limit(limit) => {
            let text =
                |expr: &Option<Box<Expr>>| expr.as_ref().map_or("-".to_owned(), |e| e.to_string());
            vec![format!("limit `{} from {}`", text(&limit.fetch), text(&limit.skip))]
        }
        LogicalPlan::Union(union) => vec![format!("union `of {}`", union.inputs.len())],
        LogicalPlan::Distinct(_) => vec!["distinct `rows`".to_owned()],
        LogicalPlan::Values(values) => vec![format!("values `{} rows`", values.values.len())],
        LogicalPlan::Unnest(_) => vec!["unnest `lists`".to_owned()],
        _ => vec![],
    }
}

/// An output column in terms of the sources.
fn definition(plan: &LogicalPlan, index: usize) -> String {
    let text = match plan {
        LogicalPlan::TableScan(scan) => {
            let field = scan.projected_schema.fields().get(index);
            field.map(|field| format!("{}.{}", table_name(&scan.table_name), field.name()))
        }
        LogicalPlan::Projection(projection) => {
            projection.expr.get(index).map(|expr| resolved(expr, &[projection.input.as_ref()]))
        }
        LogicalPlan::Aggregate(aggregate) => {
            // Grouping sets add a column of their own behind the keys.
            let keys = plan.schema().fields().len() - aggregate.aggr_expr.len();
            let expr = match index.checked_sub(keys) {
                Some(index) => aggregate.aggr_expr.get(index),
                None => aggregate.group_expr.get(index),
            };
            expr.map(|expr| resolved(expr, &[aggregate.input.as_ref()]))
        }
        LogicalPlan::Window(window) => {
            let input = window.input.as_ref();
            match index.checked_sub(input.schema().fields().len()) {
                Some(index) => window.window_expr.get(index).map(|e| resolved(e, &[input])),
                None => Some(definition(input, index)),
            }
        }
        LogicalPlan::Join(join) => {
            let left = join.left.schema().fields().len();
            match join.join_type {
                JoinType::RightSemi | JoinType::RightAnti => Some(definition(&join.right, index)),
                JoinType::LeftMark if index == left => Some("whether there is a match".to_owned()),
                _ if index < left => Some(definition(&join.left, index)),
                _ => Some(definition(&join.right, index - left)),
            }
        }
        LogicalPlan::Union(union) => {
            let mut branches: Vec<String> =
                union.inputs.iter().map(|input| definition(input, index)).collect();
            branches.dedup();
            Some(branches.join(" | "))
        }
        LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Distinct(_)
        | LogicalPlan::Repartition(_) => {
            plan.inputs().first().map(|input| definition(input, index))
        }
        _ => None,
    };
    let named = || plan.schema().fields().get(index).map(|field| field.name().clone());
    shortened(text.or_else(named).unwrap_or_default())
}

/// An expression with every column followed into whichever input has it.
fn resolved(expr: &Expr, inputs: &[&LogicalPlan]) -> String {
    let expr = expr.clone().unalias();
    let alone = matches!(expr, Expr::Column(_));
    let followed = expr.clone().transform_down(|expr| {
        if let Expr::Literal(value, _) = &expr {
            return Ok(Transformed::yes(Expr::Column(Column::new_unqualified(literal(value)))));
        }
        let Expr::Column(column) = &expr else { return Ok(Transformed::no(expr)) };
        let found = inputs.iter().find_map(|input| {
            let index = input.schema().maybe_index_of_column(column)?;
            Some(definition(input, index))
        });
        let Some(text) = found else { return Ok(Transformed::no(expr)) };
        let text = if !alone && text.contains(' ') { format!("({text})") } else { text };
        // The text stands in for the column; nothing looks it up any more.
        Ok(Transformed::new(
            Expr::Column(Column::new_unqualified(text)),
            true,
            TreeNodeRecursion::Jump,
        ))
    });
    shortened(followed.map_or_else(|_| expr.to_string(), |followed| followed.data.to_string()))
}

/// A value as SQL writes it, without its type.
fn literal(value: &ScalarValue) -> String {
    let options = FormatOptions::default();
    let shown = value.to_array().ok().and_then(|array| {
        let formatter = ArrayFormatter::try_new(&array, &options).ok()?;
        formatter.value(0).try_to_string().ok()
    });
    match (value.is_null(), shown) {
        (true, _) => "NULL".to_owned(),
        (false, Some(text)) if value.data_type().is_numeric() => text,
        (false, Some(text)) if value.data_type() == DataType::Boolean => text,
        (false, Some(text)) => format!("'{}'", text.replace('\'', "''")),
        (false, None) => value.to_string(),
    }
}

fn shortened(text: String) -> String {
    if text.len() <= LONGEST {
        return text;
    }
    let start: String = text.chars().take(LONGEST).collect();
    format!("{start}… ({})", planc_ir::Digest::of(text.as_bytes()).short())
}
