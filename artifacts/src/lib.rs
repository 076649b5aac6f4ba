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
//! They lie in two tiers: a folder, and an object store that several machines share. [`Store`]
//! reads the folder first and fills it from the object store. Whatever cannot be read, does not
//! match its key, speaks another format or is not signed as it must be is a miss, with a reason
//! to report. No failure of a tier is the end of a build.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod archive;
mod counts;
mod doctor;
mod entry;
mod fetch;
mod gc;
mod key;
mod local;
mod problem;
mod record;
mod remote;
mod store;
mod transfer;
mod trust;
mod zone;

pub use archive::{Carried, export, import};
pub use counts::{Counts, Summary, TierCounts};
pub use doctor::{Finding, Verdict};
pub use entry::{Entry, RecordKind};
pub use gc::{GcOptions, GcReport, gc};
pub use key::{Action, ActionKey, DeepKey, ResultKey};
pub use local::{Listed, LocalTier, Lookup};
pub use problem::{Problem, ProblemKind, TierName};
pub use record::{ActionRecord, DeepRecord, FieldRecord, ResultRecord};
pub use remote::{Put, Remote, RemoteConfig, RemoteListed};
pub use store::{Mode, Store, StoreConfig};
pub use transfer::{Audit, Transfer, is_shared};
pub use trust::{PublicKey, Signer, Trust};
pub use zone::Zone;
