//! What commands do with a project: compile its rules, replay their artifacts.

mod catalog;
mod compile;
mod constraints;
mod graph;
mod lint;
mod run;

pub use catalog::{load_catalog, read_lock};
pub use compile::{Compiled, Compiler, Outcome, Selected, Status};
pub use constraints::{Verdict, check_constraints, is_trusted, trust_note};
pub use graph::{Graph, Selection, select};
pub use lint::apply_levels;
pub use run::{At, Rows, RunOptions, Runner};

pub(crate) use run::block_on;
