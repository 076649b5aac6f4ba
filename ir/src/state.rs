//! The one place that builds DataFusion's planning state, so that front end, passes and
//! replay cannot disagree about what a name, a type or a function means.

use std::sync::Arc;

use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::{SessionConfig, SessionState};
use datafusion::execution::runtime_env::RuntimeEnv;

use crate::table_function::record_calls;

/// The settings of a project that change what a query means. They are part of every key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The session's time zone: `UTC`, an IANA name or an offset such as `+02:00`.
    pub time_zone: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { time_zone: "UTC".to_owned() }
    }
}

/// A session state with DataFusion's default functions and planc's fixed options.
pub fn planning_state(settings: &Settings) -> SessionState {
    session_state(session_config(settings), Arc::default())
}

/// The options that [`planning_state`] plans with. Replay adds to them what changes speed
/// and never meaning (partitions, batch size, memory).
pub fn session_config(settings: &Settings) -> SessionConfig {
    let mut config = SessionConfig::new().with_target_partitions(1);
    let options = config.options_mut();
    options.execution.time_zone = Some(settings.time_zone.clone());
    options.sql_parser.collect_spans = true;
    options.sql_parser.enable_ident_normalization = true;
    // Plans speak of logical types only; views are a choice of the scan.
    options.sql_parser.map_string_types_to_utf8view = false;
    // A rule that fails must fail the compile, not vanish.
    options.optimizer.skip_failed_rules = false;
    config
}

/// A state of this configuration and runtime, with the functions that every state has.
pub fn session_state(config: SessionConfig, runtime: Arc<RuntimeEnv>) -> SessionState {
    let mut state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_default_features()
        .build();
    record_calls(&mut state);
    state
}
