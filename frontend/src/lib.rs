//! Front ends: they turn rules into plans.
//!
//! [`sql`] reads SQL text in DataFusion's dialect, and other dialects through a translation.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

pub mod sql;
