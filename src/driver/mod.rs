//! What commands do with a project: compile its rules, replay their artifacts.

mod catalog;
mod compile;
mod constraints;
mod deep;
mod dups;
mod fix;
mod graph;
mod impact;
mod lineage;
mod lint;
mod output_findings;
mod run;
mod run_key;
mod run_record;
mod run_table;
mod suppress;
mod target;
mod trace;

pub use catalog::{load_catalog, read_lock};
pub use compile::{Compiled, Compiler, Outcome, Selected, Status};
pub use constraints::{Verdict, check_constraints, is_trusted, trust_note};
pub use deep::{Deep, DeepPlans};
pub use dups::{Duplicates, duplicates};
pub use fix::{fixed, unified_diff};
pub use graph::{Graph, Selection, select};
pub use impact::{Digests, Effect, RuleImpact, impact};
pub use lineage::Lineage;
pub use lint::apply_levels;
pub use output_findings::output_findings;
pub use run::{At, INDEXES, Rows, RunOptions, Runner};
pub use run_record::{RUNS, RunRecord, Seen};
pub use trace::{Trace, TraceStep, changed_lines};

pub(crate) use run::{block_on, place};
