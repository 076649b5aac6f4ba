//! Plans in planc's own words: planc's artifacts, and what `planc-ibis` writes. The codec
//! reads them; here their scans are bound to the catalog.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::datatypes::{DataType, Fields, TimeUnit};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, TableReference};
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, TableScan, TableScanBuilder,
};
use planc_ir::catalog::{is_work_table, table_name};
use planc_ir::{Catalog, Diagnostic, Plan, SchemaSource, Settings, code, planning_state, suggest};

use super::fault::{Fault, Path, Result};
use super::lower::{Agreement, agreement, cast};

/// The functions that a plan may call; what they mean depends on no setting here.
static FUNCTIONS: LazyLock<SessionState> = LazyLock::new(|| planning_state(&Settings::default()));

/// The tables that a plan reads.
pub(super) fn lookups(bytes: &[u8]) -> std::result::Result<Vec<String>, Diagnostic> {
    let plan = planc_ir::substrait::decode(bytes, &FUNCTIONS)?;
    let reads = plan.reads().map_err(|error| Fault::from(error).at(&Path::default()))?;
    Ok(reads.into_iter().map(|read| read.name).collect())
}

/// The plan over the tables of a catalog.
pub(super) fn plan(
    bytes: &[u8],
    catalog: &Catalog,
    state: &SessionState,
) -> std::result::Result<Plan, Diagnostic> {
    let decoded = planc_ir::substrait::decode(bytes, state)?;
    let bound = bound(decoded.logical, catalog).and_then(|plan| {
        let options = state.config_options();
        state.analyzer().execute_and_check(plan.clone(), options, |_, _| {})?;
        Ok(plan)
    });
    bound.map(Plan::new).map_err(|fault| fault.at(&Path::default()))
}

fn bound(plan: LogicalPlan, catalog: &Catalog) -> Result<LogicalPlan> {
    let mut fault = None;
    let bound = plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::TableScan(scan) if !is_work_table(&scan) => match table(&scan, catalog) {
            Ok(plan) => Ok(Transformed::yes(plan)),
            Err(found) => {
                fault.get_or_insert(found);
                Ok(Transformed::no(LogicalPlan::TableScan(scan)))
            }
        },
        // What can be null is for the catalog to say.
        other => other.recompute_schema().map(Transformed::yes),
    })?;
    match fault {
        Some(fault) => Err(fault),
        None => Ok(bound.data),
    }
}

fn table(scan: &TableScan, catalog: &Catalog) -> Result<LogicalPlan> {
    let name = table_name(&scan.table_name);
    let Some(table) = catalog.get(&name) else {
        let message = format!("there is no table `{name}`");
        let fault = Fault::new(code::UNKNOWN_TABLE, message);
        return Err(match suggest::did_you_mean(&name, catalog.names()) {
            Some(help) => fault.help(help),
            None => fault,
        });
    };
    let mut exprs = Vec::with_capacity(scan.projected_schema.fields().len());
    for wanted in scan.projected_schema.fields() {
        let Ok(found) = table.schema.field_with_name(wanted.name()) else {
            let names = table.schema.fields().iter().map(|field| field.name().as_str());
            let message = format!("the table `{name}` has no column `{}`", wanted.name());
            let fault = Fault::new(code::PLAN_TABLE, message);
            return Err(match suggest::did_you_mean(wanted.name(), names) {
                Some(help) => fault.help(help),
                None => fault,
            });
        };
        let reference: Option<TableReference> = Some(scan.table_name.clone());
        let column = Expr::Column(Column::new(reference.clone(), found.name()));
        exprs.push(match kept(found.data_type(), wanted.data_type()) {
            Agreement::Same => column,
            Agreement::Wider | Agreement::Catalogs => {
                cast(column, wanted.data_type().clone()).alias_qualified(reference, wanted.name())
            }
            Agreement::None => {
                let message = format!(
                    "the plan was made for a column `{name}.{}` of the type {}, and it is of the \
                     type {}",
                    wanted.name(),
                    wanted.data_type(),
                    found.data_type()
                );
                return Err(Fault::new(code::PLAN_TABLE, message)
                    .help("make the plan anew from today's schema of the table"));
            }
        });
    }
    let source = Arc::new(SchemaSource::of(Arc::clone(table)));
    let scan = TableScanBuilder::new(scan.table_name.clone(), source).build()?;
    let plan = LogicalPlan::TableScan(scan);
    Ok(LogicalPlanBuilder::from(plan).project(exprs)?.build()?)
}

/// As [`agreement`], and a cast keeps every value.
fn kept(found: &DataType, wanted: &DataType) -> Agreement {
    match agreement(found, wanted) {
        Agreement::Catalogs if !keeps_values(found, wanted) => Agreement::None,
        other => other,
    }
}

/// Whether a cast between types that agree keeps every value: no coarser time, and structs with
/// the same names, since theirs are matched by name. What a list calls its element says nothing.
fn keeps_values(found: &DataType, wanted: &DataType) -> bool {
    let each = |found: &Fields, wanted: &Fields, by_name: bool| {
        found.len() == wanted.len()
            && found.iter().zip(wanted).all(|(found, wanted)| {
                (!by_name || found.name() == wanted.name())
                    && keeps_values(found.data_type(), wanted.data_type())
            })
    };
    match (found, wanted) {
        (DataType::List(found), DataType::List(wanted)) => {
            keeps_values(found.data_type(), wanted.data_type())
        }
        (DataType::Struct(found), DataType::Struct(wanted)) => each(found, wanted, true),
        (DataType::Map(found, _), DataType::Map(wanted, _)) => {
            match (found.data_type(), wanted.data_type()) {
                (DataType::Struct(found), DataType::Struct(wanted)) => each(found, wanted, false),
                _ => false,
            }
        }
        _ => rank(found) <= rank(wanted),
    }
}

/// How fine a type tells time.
fn rank(data_type: &DataType) -> Option<u8> {
    let (DataType::Timestamp(unit, _) | DataType::Time32(unit) | DataType::Time64(unit)) =
        data_type
    else {
        return None;
    };
    Some(match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 1,
        TimeUnit::Microsecond => 2,
        TimeUnit::Nanosecond => 3,
    })
}
