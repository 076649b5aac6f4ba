//! The integration tests of the root package, in one binary.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod cases;
mod check;
mod constraints;
mod delta;
mod delta_s3;
mod duckdb;
mod faults;
mod golden;
mod ibis;
mod impact;
mod lint;
#[cfg(target_os = "linux")]
mod memory;
mod outputs;
mod plans;
mod precommit;
mod remote;
mod run;
mod runs;
mod sandbox;
mod seeing;
mod servers;
mod slips;
mod store;
mod tidy;
mod tpch;
mod upkeep;
mod writes;
