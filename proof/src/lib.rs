//! The machine that proves the canonical form: it makes queries at random, and holds their
//! canonical plans and artifacts against what DataFusion gives for the queries as written.
//!
//! - [`check`]: one query on one [`world`] of small tables.
//! - [`generate`]: random queries.
//! - [`shrink`]: from a failing query to a small one.
//! - [`blame`]: which pass is at fault.
//!
//! All of this is test code: it stops at what must not happen.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

pub mod blame;
pub mod check;
pub mod edit;
pub mod engine;
pub mod fuzz;
pub mod generate;
pub mod rows;
pub mod shrink;
pub mod world;
