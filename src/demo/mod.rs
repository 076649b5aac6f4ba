//! The demo: TPC-H as a small project of Delta tables and rules.

pub mod data;
mod project;

pub use data::SCALE;
pub use project::{Demo, WrittenTable, write};

/// Where the demo is written unless its user says otherwise.
pub const FOLDER: &str = "planc-demo";
