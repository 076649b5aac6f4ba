//! Substrait's JSON mapping, which is protobuf's.

use prost::Message;
use substrait::proto::Plan;

use super::decode::MAX_BYTES;
use crate::{Diagnostic, code};

/// See [`to_json`](super::to_json).
pub(super) fn write(bytes: &[u8]) -> Result<String, Diagnostic> {
    if bytes.len() > MAX_BYTES {
        return Err(malformed(format!("it is larger than {MAX_BYTES} bytes")));
    }
    let plan = Plan::decode(bytes).map_err(|why| malformed(why.to_string()))?;
    serde_json::to_string_pretty(&plan).map_err(|why| malformed(why.to_string()))
}

/// See [`from_json`](super::from_json).
pub(super) fn read(text: &str) -> Result<Vec<u8>, Diagnostic> {
    if text.len() > MAX_BYTES {
        return Err(malformed(format!("it is larger than {MAX_BYTES} bytes")));
    }
    // The parser stops at 128 levels by itself.
    let plan: Plan = serde_json::from_str(text).map_err(|why| malformed(why.to_string()))?;
    Ok(plan.encode_to_vec())
}

fn malformed(why: String) -> Diagnostic {
    Diagnostic::new(code::MALFORMED_ARTIFACT, why)
}
