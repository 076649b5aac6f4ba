//! An artifact as text.

use prost::Message;
use substrait::proto::Plan;

use crate::{Diagnostic, code};

/// See [`describe`](super::describe).
pub(super) fn describe(bytes: &[u8]) -> Result<String, Diagnostic> {
    let plan = Plan::decode(bytes)
        .map_err(|why| Diagnostic::new(code::MALFORMED_ARTIFACT, why.to_string()))?;
    Ok(format!("{plan:#?}"))
}
