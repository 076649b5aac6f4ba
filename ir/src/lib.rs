//! planc's intermediate representation and everything that gives it identity.
//!
//! The plan is DataFusion's [`LogicalPlan`](datafusion::logical_expr::LogicalPlan), wrapped
//! in [`Plan`]: names and types mean what they will mean when they run. Around it stand the
//! [`Catalog`] of known schemas, [`Diagnostic`]s with [`Code`]s and [`Span`]s, the
//! [`PlanKey`](key::PlanKey) by which plans are compared, and the [`substrait`] codec whose
//! bytes are hashed into a [`Digest`].
//!
//! This crate is pure: it reads no file and opens no connection.

pub mod catalog;
pub mod code;
pub mod constraint;
pub mod diagnostic;
pub mod digest;
pub mod inline;
pub mod key;
pub mod plan;
pub mod span;
pub mod state;
pub mod substrait;
pub mod suggest;
pub mod table_function;
pub mod type_text;

pub use catalog::{Catalog, SchemaSource, Table};
pub use code::{CODES, Code, CodeInfo};
pub use constraint::{Constraint, ConstraintKind};
pub use diagnostic::{Diagnostic, Edit, Severity};
pub use digest::Digest;
pub use plan::{Plan, TableRead};
pub use span::{LineIndex, Position, Span};
pub use state::{Settings, planning_state};
