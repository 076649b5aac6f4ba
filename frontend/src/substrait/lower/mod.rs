//! From checked messages to DataFusion's plan.
//!
//! Substrait has no names within a plan, and DataFusion wants every column to have one that is
//! its own. So every scan goes by a fresh qualifier, every computed column by a fresh name, and
//! a projection at the root gives the output its names.

mod aggregate;
mod arithmetic;
mod call;
mod expr;
mod join;
mod literal;
mod rel;
mod scalar;
mod sets;
mod table;
mod text;
mod types;
mod window;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Column, DFSchema};
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{Cast, Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder};
use planc_ir::{Catalog, Plan, code};
use substrait::proto::Rel;

pub(super) use table::{Agreement, agreement};

use super::Fact;
use super::decode::Source;
use super::fault::{Fault, Path, Result, invalid};
use super::repair::Repair;
use super::validate;

/// Lowers a plan; returns it and the repairs that were made on the way.
pub(super) fn lower(
    source: &Source,
    facts: &[Fact],
    catalog: &Catalog,
    state: &SessionState,
    path: &mut Path,
) -> Result<(Plan, BTreeSet<Repair>)> {
    let mut lowering = Lowering {
        source,
        facts,
        catalog,
        state,
        path,
        prefix: fresh_prefix(catalog),
        columns: 0,
        tables: 0,
        outer: Vec::new(),
        repairs: BTreeSet::new(),
    };
    lowering.path.enter("root");
    let plan = lowering.root()?;
    lowering.path.leave();
    lowering.plans(&plan)?;
    Ok((Plan::new(plan), lowering.repairs))
}

/// What fresh column names begin with: no column of a table does.
fn fresh_prefix(catalog: &Catalog) -> String {
    let mut prefix = "c".to_owned();
    let taken = |prefix: &str| {
        catalog.names().filter_map(|name| catalog.get(name)).any(|table| {
            table.schema.fields().iter().any(|field| {
                field.name().strip_prefix(prefix).is_some_and(|rest| {
                    !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit())
                })
            })
        })
    };
    while taken(&prefix) {
        prefix.push('_');
    }
    prefix
}

struct Lowering<'a> {
    source: &'a Source,
    facts: &'a [Fact],
    catalog: &'a Catalog,
    state: &'a SessionState,
    path: &'a mut Path,
    prefix: String,
    columns: usize,
    tables: usize,
    /// The columns around the subquery that is being lowered, the innermost last.
    outer: Vec<DFSchema>,
    repairs: BTreeSet<Repair>,
}

impl Lowering<'_> {
    fn root(&mut self) -> Result<LogicalPlan> {
        let input = self.source.root.input.as_ref();
        let input = input.ok_or_else(|| invalid("it has no relation"))?;
        let plan = self.relation(input)?;
        let schema = plan.schema();
        let width = schema.fields().len();
        let names = self.output_names(schema)?;
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for name in &names {
            *seen.entry(name).or_default() += 1;
        }
        if let Some((name, _)) = seen.iter().find(|(_, count)| **count > 1) {
            let message = format!("two output columns have the name `{name}`");
            return Err(Fault::new(code::DUPLICATE_OUTPUT, message));
        }
        let mut exprs = Vec::with_capacity(width);
        for (at, name) in names.iter().enumerate() {
            exprs.push(column(schema, at)?.alias(name));
        }
        Ok(LogicalPlanBuilder::from(plan).project(exprs)?.build()?)
    }

    /// The names of the output columns. Those of fields within them stand between, and DataFusion
    /// takes these from the catalog.
    fn output_names(&self, schema: &DFSchema) -> Result<Vec<String>> {
        let names = &self.source.root.names;
        let fields = schema.fields();
        if names.len() == fields.len() {
            return Ok(names.clone());
        }
        let mut output = Vec::with_capacity(fields.len());
        let mut rest = names.iter();
        for field in fields {
            let name = rest.next();
            output.extend(name.cloned());
            for _ in 0..fields_within(field.data_type()) {
                rest.next();
            }
        }
        if rest.next().is_some() || output.len() != fields.len() {
            return Err(invalid(format_args!(
                "the root has {} names for {} columns",
                names.len(),
                fields.len()
            )));
        }
        Ok(output)
    }

    /// Whether DataFusion plans it, types included.
    fn plans(&self, plan: &LogicalPlan) -> Result<()> {
        let options = self.state.config_options();
        self.state.analyzer().execute_and_check(plan.clone(), options, |_, _| {})?;
        Ok(())
    }

    fn repaired(&mut self, repair: Repair) {
        self.repairs.insert(repair);
    }

    /// Goes one step down the plan, for the path of a fault.
    fn step<T>(
        &mut self,
        name: impl Into<String>,
        inner: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        self.path.enter(name);
        let value = inner(self)?;
        self.path.leave();
        Ok(value)
    }

    /// A fresh name for a column.
    fn fresh(&mut self) -> String {
        let name = format!("{}{}", self.prefix, self.columns);
        self.columns += 1;
        name
    }

    /// An expression under a name that no other column has: a column keeps its own unless it
    /// stood there before.
    fn named(&mut self, expr: Expr, seen: &mut HashSet<Column>) -> Expr {
        match expr {
            Expr::Column(column) if seen.insert(column.clone()) => Expr::Column(column),
            other => other.alias(self.fresh()),
        }
    }

    fn input(&mut self, input: Option<&Rel>) -> Result<LogicalPlan> {
        self.relation(input.ok_or_else(|| invalid("a relation lacks its input"))?)
    }
}

/// The column of a schema with this ordinal.
fn column(schema: &DFSchema, at: usize) -> Result<Expr> {
    if at >= schema.fields().len() {
        let width = schema.fields().len();
        return Err(invalid(format_args!("it refers to column {at} of {width}")));
    }
    Ok(Expr::Column(Column::from(schema.qualified_field(at))))
}

/// All columns of a schema.
fn all_columns(schema: &DFSchema) -> Vec<Expr> {
    schema.iter().map(|field| Expr::Column(Column::from(field))).collect()
}

pub(in crate::substrait) fn cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast(Cast::new(Box::new(expr), data_type))
}

/// True where a relation gives the same rows each time that it is computed.
fn steady(plan: &LogicalPlan) -> Result<bool> {
    let mut steady = true;
    plan.apply_with_subqueries(|node| {
        // Which rows a limit keeps may depend on who asks.
        steady &= !matches!(node, LogicalPlan::Limit(_));
        node.apply_expressions(|expr| {
            steady &= !expr.is_volatile();
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(steady)
}

fn type_of(expr: &Expr, schema: &DFSchema) -> Result<DataType> {
    Ok(expr.get_type(schema)?)
}

/// How many names of fields stand behind that of a column of this type.
fn fields_within(data_type: &DataType) -> usize {
    match data_type {
        DataType::Struct(fields) => {
            fields.iter().map(|field| 1 + fields_within(field.data_type())).sum()
        }
        DataType::List(item) => fields_within(item.data_type()),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => {
                fields.iter().map(|field| fields_within(field.data_type())).sum()
            }
            _ => 0,
        },
        _ => 0,
    }
}

/// The number of names that a type in a plan takes, for a schema.
fn names_of(encoded: &substrait::proto::Type) -> usize {
    validate::names(encoded)
}
