//! Plans through the codec and back, run on both sides.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod codec;
mod fixtures;
mod functions;
mod harness;
mod hostile;
mod keys;
mod pins;
mod sessions;
mod tpch;
