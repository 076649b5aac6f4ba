//! The content-addressed artifact store.
//!
//! Four kinds of immutable entries, found by key alone:
//!
//! | path | holds | key |
//! | --- | --- | --- |
//! | `cas/<first two hex>/<digest>` | a Substrait `Plan`, nothing else | blake3 of its bytes |
//! | `ac/<zone>/<action key>` | the tables that a source text looks up | [`ActionKey`] |
//! | `rc/<zone>/<result key>` | what compiling it gave | [`ResultKey`] |
//! | `dc/<zone>/<deep key>` | the digest of its plan with all upstream inlined | [`DeepKey`] |
//!
//! Entries appear by rename, so readers and writers need no lock. Whatever cannot be read,
//! does not match its key or speaks another format is a miss, with a reason to report.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod key;
mod local;
mod record;

pub use key::{Action, ActionKey, DeepKey, ResultKey};
pub use local::{LocalStore, Lookup};
pub use record::{ActionRecord, DeepRecord, FieldRecord, ResultRecord};
