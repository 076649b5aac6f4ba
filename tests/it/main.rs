//! The integration tests of the root package, in one binary.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod check;
mod constraints;
mod golden;
mod run;
mod sandbox;
mod store;
mod tidy;
mod tpch;
