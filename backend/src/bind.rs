//! Binding a plan's scans to what they read today.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::catalog::default_table_source::provider_as_source;
use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::logical_plan::TableScan;
use datafusion::logical_expr::{Expr, LogicalPlan};
use planc_ir::catalog::{logical_type, table_name};
use planc_ir::code::{COLUMN_DROPPED, COLUMN_RETYPED, INTERNAL, SOURCE_UNREADABLE};
use planc_ir::inline::inline;
use planc_ir::suggest::did_you_mean;
use planc_ir::table_function::reads_no_table;
use planc_ir::{Diagnostic, Plan};

use crate::Source;
use crate::scan::BoundTable;

/// What a table's name in a plan stands for at replay.
#[derive(Debug, Clone)]
pub enum Binding {
    /// Data.
    Source(Source),
    /// A rule without an output, inlined. Its own scans are bound by the same map.
    Plan(Plan),
}

/// Bindings by table name, parts joined by dots.
pub type Bindings = BTreeMap<String, Binding>;

/// The way out where a source changed under a rule.
const LOCK_AGAIN: &str = "`planc lock` takes the new schema; the rule is then compiled against it";

/// How deep rules may be inlined into each other; a cycle would be deeper.
const MOST_INLINED: usize = 128;

/// Compares what a plan reads, through the plans that it inlines, with what the bindings
/// have: P0702 for a column that is gone, P0703 for one of another type or one that may now
/// be NULL and must not, P0701 for a table without a binding. Added columns are fine.
pub fn check_reads(plan: &Plan, bindings: &Bindings) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut checked = BTreeSet::new();
    let mut plans = vec![plan.clone()];
    while let Some(plan) = plans.pop() {
        let reads = match scanned_fields(&plan) {
            Ok(reads) => reads,
            Err(error) => {
                let message =
                    format!("the plan cannot be walked: {}", crate::fault::sentence(&error));
                findings.push(Diagnostic::new(INTERNAL, message));
                continue;
            }
        };
        for (table, fields) in reads {
            match bindings.get(&table) {
                None => {
                    let message = format!("the plan reads `{table}`, and no source has this name");
                    let help = did_you_mean(&table, bindings.keys().map(String::as_str));
                    findings.push(Diagnostic::new(SOURCE_UNREADABLE, message).help_opt(help));
                }
                Some(Binding::Source(source)) => {
                    check_table(&table, &fields, source.schema.fields(), &mut findings);
                }
                Some(Binding::Plan(inlined)) => {
                    check_table(&table, &fields, inlined.output_schema().fields(), &mut findings);
                    if checked.insert(table) {
                        plans.push(inlined.clone());
                    }
                }
            }
        }
    }
    findings
}

type Fields = BTreeMap<String, FieldRef>;

fn scanned_fields(plan: &Plan) -> Result<BTreeMap<String, Fields>> {
    let mut reads: BTreeMap<String, Fields> = BTreeMap::new();
    plan.logical.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && !reads_no_table(scan)
        {
            let fields = reads.entry(table_name(&scan.table_name)).or_default();
            let projected = scan.projected_schema.fields().iter();
            fields.extend(projected.map(|field| (field.name().clone(), Arc::clone(field))));
            let schema = scan.source.schema();
            for column in scan.filters.iter().flat_map(Expr::column_refs) {
                if let Ok(field) = schema.field_with_name(&column.name) {
                    fields.insert(field.name().clone(), Arc::new(field.clone()));
                }
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(reads)
}

fn check_table(table: &str, wanted: &Fields, found: &[FieldRef], findings: &mut Vec<Diagnostic>) {
    for (name, wanted) in wanted {
        let Some(found) = found.iter().find(|field| field.name() == name) else {
            let message = format!("`{table}` no longer has the column `{name}`");
            let names = found.iter().map(|field| field.name().as_str());
            let help = did_you_mean(name, names).unwrap_or_else(|| {
                format!("the rule reads it; adapt the rule or restore `{name}`")
            });
            findings.push(Diagnostic::new(COLUMN_DROPPED, message).help(help));
            continue;
        };
        let today = logical_type(found.data_type());
        if !same_type(wanted.data_type(), &today) {
            let message = format!(
                "the column `{name}` of `{table}` was {} and is now {today}",
                wanted.data_type()
            );
            findings.push(Diagnostic::new(COLUMN_RETYPED, message).help(LOCK_AGAIN));
        } else if found.is_nullable() && !wanted.is_nullable() {
            let message =
                format!("the column `{name}` of `{table}` was NOT NULL and may now be NULL");
            findings.push(Diagnostic::new(COLUMN_RETYPED, message).help(LOCK_AGAIN));
        }
    }
}

/// Equal up to the names that formats give the items of lists and maps, and up to metadata.
/// Values that may be NULL do not fit where none may.
pub(crate) fn same_type(wanted: &DataType, found: &DataType) -> bool {
    let item = |wanted: &Field, found: &Field| {
        same_type(wanted.data_type(), found.data_type())
            && (wanted.is_nullable() || !found.is_nullable())
    };
    let entries = |field: &Field| match field.data_type() {
        DataType::Struct(fields) => fields.iter().cloned().collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    match (wanted, found) {
        (DataType::List(wanted), DataType::List(found)) => item(wanted, found),
        (DataType::FixedSizeList(wanted, a), DataType::FixedSizeList(found, b)) => {
            a == b && item(wanted, found)
        }
        (DataType::Map(wanted, _), DataType::Map(found, _)) => {
            let (wanted, found) = (entries(wanted), entries(found));
            wanted.len() == found.len() && wanted.iter().zip(&found).all(|(w, f)| item(w, f))
        }
        (DataType::Struct(wanted), DataType::Struct(found)) => {
            wanted.len() == found.len()
                && wanted.iter().zip(found).all(|(w, f)| w.name() == f.name() && item(w, f))
        }
        _ => wanted == found,
    }
}

/// The plan with every scan bound.
pub(crate) fn bind(plan: &LogicalPlan, bindings: &Bindings) -> Result<LogicalPlan> {
    bind_at(plan, bindings, 0)
}

fn bind_at(plan: &LogicalPlan, bindings: &Bindings, depth: usize) -> Result<LogicalPlan> {
    if depth > MOST_INLINED {
        return Err(DataFusionError::Plan("rules are inlined into each other without end".into()));
    }
    let bound = plan.clone().transform_up_with_subqueries(|node| {
        let LogicalPlan::TableScan(scan) = node else {
            // No schema is computed again: what is bound has the scan's names and types, and
            // a column that the scan takes for NOT NULL is one.
            return Ok(Transformed::no(node));
        };
        if reads_no_table(&scan) {
            return Ok(Transformed::no(LogicalPlan::TableScan(scan)));
        }
        let name = table_name(&scan.table_name);
        match bindings.get(&name) {
            Some(Binding::Source(source)) => {
                let table = BoundTable::new(Arc::clone(&source.provider), scan.source.schema())?;
                let source = provider_as_source(Arc::new(table));
                Ok(Transformed::yes(LogicalPlan::TableScan(TableScan { source, ..scan })))
            }
            Some(Binding::Plan(inlined)) => {
                let inlined = bind_at(&inlined.logical, bindings, depth + 1)?;
                inline(scan, inlined).map(Transformed::yes)
            }
            None => Err(DataFusionError::Plan(format!("no source is called `{name}`"))),
        }
    })?;
    Ok(bound.data)
}
