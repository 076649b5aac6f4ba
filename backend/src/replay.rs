//! Running a plan on today's data.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::execution::context::SessionState;
use datafusion::execution::{SendableRecordBatchStream, SessionStateBuilder, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::expressions::{CastExpr, Column};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;
use planc_ir::code::INTERNAL;
use planc_ir::{Diagnostic, Plan};

use crate::bind::{Binding, Bindings, bind, check_reads};
use crate::measure::{Measured, PeakPool};
use crate::order::{self, Choice};
use crate::run::{Executor, cooperative, in_background};
use crate::scan::holds_dictionaries;
use crate::{Session, fault};

/// A plan that is bound, optimised and ready to run.
#[derive(Debug, Clone)]
pub struct Replay {
    /// The output's names, types and nullability: exactly the plan's.
    pub schema: SchemaRef,
    /// What runs.
    pub physical: Arc<dyn ExecutionPlan>,
    /// The join orders that were chosen, a choice for each region of joins.
    pub order: Vec<Choice>,
    context: Arc<TaskContext>,
    executor: Arc<Executor>,
    memory: Arc<PeakPool>,
    started: Arc<AtomicBool>,
    /// What [`physical`](Self::physical) was made of.
    origin: Arc<Origin>,
}

#[derive(Debug)]
struct Origin {
    optimised: LogicalPlan,
    state: SessionState,
}

impl Replay {
    /// What the first run of this replay did so far. One session counts the memory of one run
    /// at a time.
    pub fn measured(&self) -> Measured {
        Measured::of(self.physical.as_ref(), self.memory.peak())
    }

    /// Starts the work, on the session's own threads. Rows come in the plan's order where it
    /// has one. Dropping the stream stops the work. Its errors become diagnostics through
    /// [`fault::run_failed`]. Operators keep what they learn from the rows, so a replay runs
    /// once; [`fresh`](Self::fresh) makes another one.
    ///
    /// # Errors
    /// None today; an operator that cannot start fails the stream.
    pub fn stream(&self) -> Result<SendableRecordBatchStream, Diagnostic> {
        self.memory.reset();
        let schema = Arc::clone(&self.schema);
        self.started.store(true, Ordering::SeqCst);
        let (plan, context) = (Arc::clone(&self.physical), Arc::clone(&self.context));
        let batches = in_background(&self.executor, plan, context);
        let batches = batches.map(move |batch| {
            let batch = batch?;
            let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            let columns = batch.columns().to_vec();
            Ok(RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &rows)?)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches)))
    }
}

impl Replay {
    /// Whether its rows were asked for.
    pub(crate) fn was_started(&self) -> bool {
        self.started.load(Ordering::SeqCst)
    }

    /// The same on the same data, not yet run: filters that a sort or an aggregate has pushed
    /// into the scans are not in it.
    ///
    /// # Errors
    /// P0704 where the engine cannot plan it.
    pub async fn fresh(&self) -> Result<Replay, Diagnostic> {
        let Origin { optimised, state } = self.origin.as_ref();
        let physical = physical(optimised, state, &self.schema).await?;
        Ok(Replay { physical, started: Arc::default(), ..self.clone() })
    }
}

async fn physical(
    optimised: &LogicalPlan,
    state: &SessionState,
    schema: &Schema,
) -> Result<Arc<dyn ExecutionPlan>, Diagnostic> {
    let failed = |error| fault::run_failed(&error);
    let physical = state.query_planner().create_physical_plan(optimised, state).await;
    cooperative(with_output_types(physical.map_err(failed)?, schema)?).map_err(failed)
}

/// Which order joins run in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinOrder {
    /// The one that today's statistics make cheapest.
    Chosen,
    /// The plan's own, as the engine takes it.
    AsPlanned,
}

/// [`replay_with`] the join order that is best today.
///
/// # Errors
/// As [`replay_with`].
pub async fn replay(
    session: &Session,
    plan: &Plan,
    bindings: &Bindings,
) -> Result<Replay, Diagnostic> {
    replay_with(session, plan, bindings, JoinOrder::Chosen).await
}

/// Binds the plan's scans by name, optimises it for today's data, and makes it ready to run.
///
/// # Errors
/// The first finding of [`check_reads`]; P0704 where the engine cannot plan it.
pub async fn replay_with(
    session: &Session,
    plan: &Plan,
    bindings: &Bindings,
    join_order: JoinOrder,
) -> Result<Replay, Diagnostic> {
    if let Some(finding) = check_reads(plan, bindings).into_iter().next() {
        return Err(finding);
    }
    let failed = |error| fault::run_failed(&error);
    let schema = plan.output_schema();
    let mut state = state_for(session, bindings);
    let bound = bind(&plan.logical, bindings).map_err(failed)?;
    let mut optimised = state.optimize(&bound).map_err(failed)?;
    let mut order = Vec::new();
    if join_order == JoinOrder::Chosen {
        let ordered = order::choose(&state, optimised).await.map_err(failed)?;
        (optimised, order) = (ordered.plan, ordered.choices);
        if ordered.sides_chosen {
            let options = state.config_mut().options_mut();
            options.optimizer.join_reordering = false;
        }
    }
    let physical = physical(&optimised, &state, &schema).await?;
    let schema = Arc::new(Schema::clone(&schema).with_metadata(Default::default()));
    let (executor, memory) = (Arc::clone(&session.executor), Arc::clone(&session.memory));
    let (context, started) = (state.task_ctx(), Arc::default());
    let origin = Arc::new(Origin { optimised, state });
    Ok(Replay { schema, physical, order, context, executor, memory, started, origin })
}

/// The physical plan with exactly the planned types. The engine may come to other names or
/// nullability within lists and structs; such columns are cast, others are a fault.
fn with_output_types(
    physical: Arc<dyn ExecutionPlan>,
    planned: &Schema,
) -> Result<Arc<dyn ExecutionPlan>, Diagnostic> {
    let found = physical.schema();
    let fault = || {
        let message = "the physical plan's output differs from the plan's";
        Diagnostic::new(INTERNAL, format!("{message}: {planned} and {found}"))
    };
    if planned.fields().len() != found.fields().len() {
        return Err(fault());
    }
    let mut columns = Vec::new();
    let mut casts = false;
    for (place, (planned, found)) in planned.fields().iter().zip(found.fields()).enumerate() {
        let mut column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(found.name(), place));
        if planned.data_type() != found.data_type() {
            if !found.data_type().equals_datatype(planned.data_type()) {
                return Err(fault());
            }
            casts = true;
            column = Arc::new(CastExpr::new(column, planned.data_type().clone(), None));
        }
        columns.push((column, planned.name().clone()));
    }
    if !casts {
        return Ok(physical);
    }
    let cast = ProjectionExec::try_new(columns, physical);
    Ok(Arc::new(cast.map_err(|error| fault::run_failed(&error))?))
}

/// The session's state, without the push-down of join keys as lists where a source gives
/// dictionaries: hash joins panic when they build such a list from a dictionary.
fn state_for(session: &Session, bindings: &Bindings) -> SessionState {
    let dictionaries = bindings.values().any(|binding| match binding {
        Binding::Source(source) => {
            let schema = source.provider.schema();
            schema.fields().iter().any(|field| holds_dictionaries(field.data_type()))
        }
        Binding::Plan(_) => false,
    });
    let mut state = SessionState::clone(&session.state);
    if dictionaries {
        let mut config = state.config().clone();
        let optimizer = &mut config.options_mut().optimizer;
        optimizer.hash_join_inlist_pushdown_max_size = 0;
        optimizer.hash_join_inlist_pushdown_max_distinct_values = 0;
        state = SessionStateBuilder::new_from_existing(state).with_config(config).build();
    }
    // Functions such as now() answer with one time for the whole run.
    let options = Arc::clone(state.config_options());
    state.execution_props_mut().mark_start_execution(options);
    state
}
