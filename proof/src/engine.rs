//! The ways of a query: directly on DataFusion, in canonical form, from its artifact.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{DataFusionError, plan_datafusion_err};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{LogicalPlan, TableScan};
use datafusion::optimizer::OptimizerRule;
use datafusion::optimizer::decorrelate_lateral_join::DecorrelateLateralJoin;
use datafusion::optimizer::decorrelate_predicate_subquery::DecorrelatePredicateSubquery;
use datafusion::optimizer::extract_equijoin_predicate::ExtractEquijoinPredicate;
use datafusion::optimizer::replace_distinct_aggregate::ReplaceDistinctWithAggregate;
use datafusion::optimizer::rewrite_set_comparison::RewriteSetComparison;
use datafusion::optimizer::scalar_subquery_to_join::ScalarSubqueryToJoin;
use datafusion::physical_plan::collect;
use futures::FutureExt;
use planc_frontend::sql::{self, SqlRule};
use planc_ir::catalog::table_name;
use planc_ir::table_function::reads_no_table;
use planc_ir::{Diagnostic, Digest, Plan, Settings, planning_state, substrait};

use crate::rows::Rows;
use crate::world::World;

/// How much of DataFusion's optimizer a plan goes through before it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// None of it.
    Bare,
    /// Only what makes subqueries and DISTINCT ON run at all.
    Decorrelated,
    /// All of it, as at replay.
    Full,
}

/// Why a plan gave no rows.
#[derive(Debug, Clone)]
pub enum Failure {
    /// DataFusion has no physical plan for it.
    Unplanned(String),
    /// DataFusion has a fault: an internal error or a panic.
    Broken(String),
    /// It failed on the data.
    Failed(String),
}

/// An artifact with the plan that it was made from.
pub struct Compiled {
    /// The canonical plan.
    pub plan: Plan,
    /// The artifact.
    pub bytes: Vec<u8>,
    /// The name of the artifact.
    pub digest: Digest,
}

/// How long a query over tables of a few rows may take. DataFusion waits for ever on some: an
/// operator whose input has failed is not always woken.
const PATIENCE: Duration = Duration::from_secs(10);

/// DataFusion in its three levels.
pub struct Engine {
    bare: SessionState,
    decorrelated: SessionState,
    full: SessionState,
}

impl Default for Engine {
    fn default() -> Self {
        let state = |rules: Option<Vec<Arc<dyn OptimizerRule + Send + Sync>>>| {
            let state = planning_state(&Settings::default());
            match rules {
                Some(rules) => SessionStateBuilder::new_from_existing(state)
                    .with_optimizer_rules(rules)
                    .build(),
                None => state,
            }
        };
        Engine {
            bare: state(Some(Vec::new())),
            decorrelated: state(Some(vec![
                Arc::new(RewriteSetComparison::new()),
                Arc::new(ReplaceDistinctWithAggregate::new()),
                Arc::new(DecorrelatePredicateSubquery::new()),
                Arc::new(ScalarSubqueryToJoin::new()),
                Arc::new(DecorrelateLateralJoin::new()),
                // Without pairs of keys, an anti join of NOT IN forgets that NULL defeats it.
                Arc::new(ExtractEquijoinPredicate::new()),
            ])),
            full: state(None),
        }
    }
}

impl Engine {
    /// The state that everything is planned with.
    pub fn state(&self) -> &SessionState {
        &self.full
    }

    /// The plan of a query as the front end makes it.
    ///
    /// # Errors
    /// What the front end reports as errors.
    pub fn plan(&self, world: &World, text: &str) -> Result<Plan, Vec<Diagnostic>> {
        let rule = SqlRule { text, dialect: "datafusion", params: &BTreeMap::new() };
        let planned = sql::plan(&sql::parse(&rule)?, &world.catalog(), &self.full);
        planned.plan.ok_or(planned.diagnostics)
    }

    /// The canonical form of a plan.
    ///
    /// # Errors
    /// Those of the passes.
    pub fn canonical(&self, plan: Plan) -> Result<Plan, Diagnostic> {
        planc_passes::canonicalize(plan, &self.full, &mut |_| {})
    }

    /// The canonical form, encoded.
    ///
    /// # Errors
    /// Those of the passes and of the codec.
    pub fn compile(&self, plan: Plan) -> Result<Compiled, Diagnostic> {
        let plan = self.canonical(plan)?;
        let bytes = substrait::encode(&plan)?.bytes;
        let digest = Digest::of(&bytes);
        Ok(Compiled { plan, bytes, digest })
    }

    /// The plan of an artifact.
    ///
    /// # Errors
    /// Those of the codec.
    pub fn decode(&self, bytes: &[u8]) -> Result<Plan, Diagnostic> {
        substrait::decode(bytes, &self.full)
    }

    /// Runs a plan on the tables with as little of the optimizer as it takes.
    ///
    /// # Errors
    /// Why there are no rows.
    pub async fn run_plain(&self, plan: &LogicalPlan, world: &World) -> Result<Rows, Failure> {
        let mut last = Failure::Unplanned(String::new());
        for level in [Level::Bare, Level::Decorrelated, Level::Full] {
            match self.run(plan, world, level).await {
                Err(failure @ (Failure::Unplanned(_) | Failure::Broken(_))) => last = failure,
                other => return other,
            }
        }
        Err(last)
    }

    /// Runs a plan on the tables.
    ///
    /// # Errors
    /// Why there are no rows.
    pub async fn run(
        &self,
        plan: &LogicalPlan,
        world: &World,
        level: Level,
    ) -> Result<Rows, Failure> {
        let attempt = AssertUnwindSafe(self.attempt(plan, world, level)).catch_unwind();
        match tokio::time::timeout(PATIENCE, attempt).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panic)) => Err(Failure::Broken(panic_text(panic.as_ref()))),
            Err(_) => Err(Failure::Broken("it does not end".to_owned())),
        }
    }

    async fn attempt(
        &self,
        plan: &LogicalPlan,
        world: &World,
        level: Level,
    ) -> Result<Rows, Failure> {
        let broken = |error: &DataFusionError| {
            matches!(error.find_root(), DataFusionError::Internal(_))
                .then(|| Failure::Broken(error.strip_backtrace()))
        };
        let unplanned = |error: DataFusionError| {
            broken(&error).unwrap_or_else(|| Failure::Unplanned(error.strip_backtrace()))
        };
        let failed = |error: DataFusionError| {
            broken(&error).unwrap_or_else(|| Failure::Failed(error.strip_backtrace()))
        };
        let state = match level {
            Level::Bare => &self.bare,
            Level::Decorrelated => &self.decorrelated,
            Level::Full => &self.full,
        };
        let bound = bind(plan, world).map_err(unplanned)?;
        let physical = state.create_physical_plan(&bound).await.map_err(|error| {
            // Constants that fail are computed while planning.
            match error.find_root() {
                DataFusionError::ArrowError(..) | DataFusionError::Execution(_) => failed(error),
                _ => unplanned(error),
            }
        })?;
        // The logical schema has the names; types are settled by coercion only.
        let names = plan.schema().fields().iter().map(|field| field.name().clone());
        let types = physical.schema();
        let columns = names.zip(types.fields()).map(|(name, f)| (name, f.data_type().clone()));
        let columns = columns.collect();
        let batches = collect(physical, state.task_ctx()).await.map_err(failed)?;
        Rows::new(columns, &batches).map_err(|error| Failure::Failed(error.to_string()))
    }
}

/// What a panic says.
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "a panic".to_owned())
}

/// The plan with its scans over the tables of the world.
fn bind(plan: &LogicalPlan, world: &World) -> Result<LogicalPlan, DataFusionError> {
    let bound = plan.clone().transform_up_with_subqueries(|node| {
        let LogicalPlan::TableScan(scan) = node else { return Ok(Transformed::no(node)) };
        if reads_no_table(&scan) {
            return Ok(Transformed::no(LogicalPlan::TableScan(scan)));
        }
        let name = table_name(&scan.table_name);
        let rows = world.get(&name).map(|table| &table.rows);
        let rows = rows.ok_or_else(|| plan_datafusion_err!("no table {name}"))?;
        let places = scan
            .projected_schema
            .fields()
            .iter()
            .map(|field| Ok(rows.schema().index_of(field.name())?))
            .collect::<Result<Vec<_>, DataFusionError>>()?;
        let table = MemTable::try_new(rows.schema(), vec![vec![rows.clone()]])?;
        let source = provider_as_source(Arc::new(table));
        let projection = Some(places);
        Ok(Transformed::yes(LogicalPlan::TableScan(TableScan { source, projection, ..scan })))
    })?;
    Ok(bound.data)
}
