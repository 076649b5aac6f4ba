//! Golden cases: Markdown files with queries, what they mean, and what they return.
//!
//! A file is one topic. Below a heading stand fenced blocks: `table NAME` (also for the
//! headings below it), `sql LABEL [dialect]`, `assert`, and the outputs `plan`,
//! `diagnostics`, `rows` and `digest`, which blessing rewrites. Every case with rows runs
//! twice, planned directly by DataFusion and replayed from its artifact.

mod case;
mod run;
mod table;

pub use case::{Block, Case, parse};
pub use run::{Failure, run_file};
