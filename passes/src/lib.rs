//! The passes between the front ends and the artifact: one ordered list in [`pipeline`].
//!
//! A pass takes a plan and gives an equal one, nearer to the canonical form. [`canonicalize`]
//! runs the list, verifies after every pass, and repeats the rewrites until the plan stands
//! still.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

#[allow(dead_code, reason = "the passes that ask are coming")]
mod expressions;
mod grouping;
mod pass;
pub mod pipeline;
#[allow(dead_code, unused_imports, reason = "the passes that ask are coming")]
mod property;
mod rewrite;
mod runner;
mod verify;

pub use pass::{Pass, PassContext};
pub use runner::{Step, Trace, canonicalize};

#[cfg(test)]
mod tests;
