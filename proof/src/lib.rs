//! The machine that proves the canonical form: it makes queries at random, and holds their
//! canonical plans and artifacts against what DataFusion gives for the queries as written.
//!
//! - [`check`]: one query on one [`world`] of small tables.
//! - [`generate`]: random queries.
//! - [`shrink`]: from a failing query to a small one.
//! - [`blame`]: which pass is at fault.
//! - [`mutate`] and [`respell`]: edits that change what a query means, and edits that do not;
//!   [`differ`] holds their digests against their rows.
//! - [`pairs`]: pairs of queries that mean the same, and how many of them have one digest.
//! - [`tpch`]: the benchmark's queries in other spellings.
//!
//! All of this is test code: it stops at what must not happen.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

pub mod blame;
pub mod check;
pub mod company;
pub mod differ;
pub mod edit;
pub mod engine;
pub mod fuzz;
pub mod generate;
pub mod mutate;
pub mod pairs;
pub mod payroll;
pub mod respell;
pub mod rows;
pub mod shrink;
pub mod tpch;
pub mod world;
