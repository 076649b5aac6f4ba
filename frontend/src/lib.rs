//! Front ends: they turn rules into plans.
//!
//! [`sql`] reads SQL text in DataFusion's dialect, and other dialects through a translation.
//! [`ibis_sql`] finds what Ibis's SQL says otherwise than Ibis means. [`substrait`] reads Substrait plans of other producers.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod counted_sets;
pub mod ibis_sql;
pub mod sql;
pub mod substrait;
