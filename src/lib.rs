//! planc: a compiler for query plans. This crate is the driver behind the command line.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

pub mod cli;
pub mod demo;
pub mod driver;
pub mod golden;
pub mod project;
pub mod report;
