//! Sources, replay and sinks: everything that touches data.
//!
//! [`Session::open`] opens a [`SourceSpec`] as a [`Source`]; [`check_reads`] says whether the
//! sources still have what a plan reads; [`replay`] runs the plan on them and gives a stream
//! of batches, which goes to a [`sink`] or a [`preview`](preview::preview). Between scan and
//! sink nothing is collected.
//!
//! **Architecture invariant:** file statistics never decide a value, and never drop a row
//! that they cannot speak of; see [`scan`].
// A diagnostic is made once in a failing run; boxing it would only cost its readers.
#![allow(clippy::result_large_err)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

pub mod bind;
pub mod compare;
pub mod constraint;
mod distinct;
pub mod fault;
pub mod index;
pub mod limits;
pub mod location;
pub mod measure;
pub mod order;
pub mod preview;
mod pushdown;
pub mod replay;
mod run;
pub mod scan;
pub mod session;
pub mod sink;
pub mod source;
mod store;
pub mod upkeep;

pub use bind::{Binding, Bindings, check_reads};
pub use constraint::{Extent, check_constraint};
pub use limits::{Limits, within};
pub use replay::{JoinOrder, Replay, replay, replay_with};
pub use session::Session;
pub use source::{Changes, ColumnOverride, DeltaScan, Pruned, PruningLog, Source, SourceSpec};

#[cfg(test)]
mod tests;
