//! What a pass is.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::common::alias::AliasGenerator;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::{AnalyzerRule, Optimizer, OptimizerConfig, OptimizerRule};

use crate::block::{Block, Surroundings};

/// One rewrite: a name, and a function from plans to plans that keeps the meaning.
pub struct Pass {
    /// Its id: the name of its module and of its golden file.
    pub name: &'static str,
    /// Why it is in the list, and why where it is.
    pub reason: &'static str,
    /// The rewrite. It must keep the names, the order and the types of the output.
    pub apply: fn(LogicalPlan, &PassContext) -> Result<Transformed<LogicalPlan>>,
}

/// One rewrite of a query block (see [`crate::block`]). Blocks are taken apart, rewritten by
/// all of [`crate::pipeline::BLOCKS`], and put together again.
pub struct BlockPass {
    /// Its id, as of a [`Pass`].
    pub name: &'static str,
    /// Why it is in the list, and why where it is.
    pub reason: &'static str,
    /// The rewrite; true where it changed the block.
    pub(crate) apply: fn(&mut Block, &Surroundings) -> Result<bool>,
}

/// What passes may know: the session's options and functions, and nothing of the time or the
/// machine.
pub struct PassContext<'a> {
    state: &'a SessionState,
    options: Arc<ConfigOptions>,
    aliases: Arc<AliasGenerator>,
    relied_on: RefCell<BTreeSet<String>>,
    fired: RefCell<BTreeSet<&'static str>>,
    refused: Cell<bool>,
}

impl<'a> PassContext<'a> {
    /// A context for one compilation.
    pub fn new(state: &'a SessionState) -> Self {
        let mut options = state.config_options().as_ref().clone();
        options.optimizer.max_passes = 1;
        options.optimizer.skip_failed_rules = false;
        PassContext {
            state,
            options: Arc::new(options),
            aliases: Arc::default(),
            relied_on: RefCell::default(),
            fired: RefCell::default(),
            refused: Cell::default(),
        }
    }

    /// Notes that a rewrite is right because of a declared constraint of this table. `kind` is
    /// the word of the project file: `key`, `unique`, `not_null` or `references`.
    pub(crate) fn rely_on(&self, table: &str, kind: &str, columns: &[String]) {
        let constraint = format!("{table}: {kind} ({})", columns.join(", "));
        self.relied_on.borrow_mut().insert(constraint);
    }

    /// A column name that no plan has yet; `rename` gives it an ordinary one.
    pub(crate) fn fresh(&self) -> String {
        self.aliases.next("__planc")
    }

    /// Notes that a pass of a block fired.
    pub(crate) fn fire(&self, name: &'static str) {
        self.fired.borrow_mut().insert(name);
    }

    /// The block passes that fired since the last call.
    pub(crate) fn take_fired(&self) -> BTreeSet<&'static str> {
        self.fired.take()
    }

    /// The constraints noted by [`Self::rely_on`].
    pub(crate) fn into_relied_on(self) -> BTreeSet<String> {
        self.relied_on.into_inner()
    }

    /// Whether one of DataFusion's own rules ended in an error: it refuses the query.
    pub(crate) fn refused(&self) -> bool {
        self.refused.get()
    }

    /// Refuses the query: one of DataFusion's rules has made no plan of it.
    pub(crate) fn refuse(&self, message: String) -> Result<()> {
        self.noted(Err(DataFusionError::Plan(message)))
    }

    fn noted<T>(&self, result: Result<T>) -> Result<T> {
        result.inspect_err(|_| self.refused.set(true))
    }

    /// Runs one of DataFusion's analyzer rules.
    pub(crate) fn analyze(
        &self,
        rule: &dyn AnalyzerRule,
        plan: LogicalPlan,
    ) -> Result<Transformed<LogicalPlan>> {
        let before = plan.clone();
        let after = self.noted(rule.analyze(plan, &self.options))?;
        let changed = after != before;
        Ok(Transformed::new_transformed(after, changed))
    }

    /// Runs one of DataFusion's optimizer rules once over the whole plan, subqueries too.
    pub(crate) fn optimize(
        &self,
        rule: impl OptimizerRule + Send + Sync + 'static,
        plan: LogicalPlan,
    ) -> Result<Transformed<LogicalPlan>> {
        let before = plan.clone();
        let rules = Optimizer::with_rules(vec![Arc::new(rule)]);
        let after = self.noted(rules.optimize(plan, self, |_, _| {}))?;
        let changed = after != before;
        Ok(Transformed::new_transformed(after, changed))
    }
}

impl OptimizerConfig for PassContext<'_> {
    /// None on purpose: with a time, DataFusion would fold `now()` into a literal.
    fn query_execution_start_time(&self) -> Option<DateTime<Utc>> {
        None
    }

    fn alias_generator(&self) -> &Arc<AliasGenerator> {
        &self.aliases
    }

    fn options(&self) -> Arc<ConfigOptions> {
        Arc::clone(&self.options)
    }

    fn function_registry(&self) -> Option<&dyn FunctionRegistry> {
        Some(self.state)
    }
}
