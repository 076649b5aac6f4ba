//! The passes between the front ends and the artifact: one ordered list in [`pipeline`].
//!
//! A pass takes a plan and gives an equal one, nearer to the canonical form. [`canonicalize`]
//! runs the list, verifies after every pass, and repeats the rewrites until the plan stands
//! still.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod block;
mod expressions;
mod grouping;
mod pass;
pub mod pipeline;
mod predicate;
mod property;
mod rewrite;
mod runner;
mod verify;

pub use pass::{BlockPass, Pass, PassContext};
pub use runner::{Step, Trace, canonicalize};

#[cfg(test)]
mod expression_tests;
#[cfg(test)]
mod grouping_tests;
#[cfg(test)]
mod tests;
