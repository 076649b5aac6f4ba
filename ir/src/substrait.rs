//! Stub.
use crate::{Diagnostic, Plan};
use datafusion::execution::SessionState;
/// f
pub const FORMAT: u32 = 1;
/// e
pub struct Encoded {
    /// b
    pub bytes: Vec<u8>,
    /// p
    pub portable: bool,
}
/// e
pub fn encode(_: &Plan) -> Result<Encoded, Diagnostic> {
    Err(Diagnostic::new(crate::code::INTERNAL, "stub"))
}
/// d
pub fn decode(_: &[u8], _: &SessionState) -> Result<Plan, Diagnostic> {
    Err(Diagnostic::new(crate::code::INTERNAL, "stub"))
}
/// d
pub fn describe(_: &[u8]) -> Result<String, Diagnostic> {
    Err(Diagnostic::new(crate::code::INTERNAL, "stub"))
}
