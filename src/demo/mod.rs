//! The demo: TPC-H as a small project of Delta tables and rules.

pub mod data;
pub mod project;
