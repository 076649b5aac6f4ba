//! Golden cases: Markdown files with queries, what they mean, and what they return.
//!
//! A file is one topic. Below a heading stand fenced blocks: `table NAME` and `toml` (settings
//! and constraints as in `planc.toml`), both also for the headings below it; `sql LABEL
//! [dialect]`, `rule LABEL NAME` (one of the project's) and `substrait LABEL path`; `assert`; and
//! the outputs `plan`, `diagnostics`, `rows` and `digest`, which blessing rewrites. Every case with rows runs twice, planned
//! directly by DataFusion and replayed from its artifact.
//!
//! Assertions: `same A B`, `differ A B`, `fires PASS`, `quiet PASS`, and `trace LABEL`, which
//! asks for the query's way through the passes as a snapshot beside the file.

mod assertion;
mod case;
mod file;
mod run;
mod setting;
mod snapshot;
mod table;

pub use case::{Assert, Block, Case, Fault, Query, QuerySource, parse};
pub use file::{Failure, Report, run_file};
pub use setting::Surroundings;
pub use snapshot::Snapshot;
