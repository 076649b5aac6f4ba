//! Front ends: they turn rules into plans.
//!
//! [`sql`] reads SQL text in DataFusion's dialect, and other dialects through a translation.
//! [`substrait`] reads Substrait plans of other producers.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

pub mod sql;
pub mod substrait;
