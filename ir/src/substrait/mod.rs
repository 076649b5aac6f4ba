//! The codec between plans and artifacts: plain Substrait, written and read by planc itself.
//!
//! Encoding is deterministic, refers to columns by ordinals, and proves itself: the bytes are
//! decoded again and the plan that comes back must have the same [`plan_key`] and the same
//! output schema. What cannot be said, or does not come back, is refused, never dropped.
//!
//! Decoding is total: any bytes give a plan or a diagnostic.

mod decode;
mod describe;
mod encode;
mod extension;
mod functions;
mod json;
mod kinds;

pub use extension::URN;
pub use functions::{Form, Meaning, UnknownFunction, meaning};
pub use kinds::{comparison, is_single_join, join_type, quantifier};

use datafusion::common::DFSchema;
use datafusion::execution::SessionState;

use crate::key::plan_key;
use crate::{Diagnostic, Plan, code};

/// The version of the artifacts that this planc writes. It stands in their
/// `version.producer`.
pub const FORMAT: u32 = 1;

/// How much stack encoding and decoding run on: enough for the deepest plan that is not
/// refused, whatever thread calls. A thread with more than that spares the allocation.
pub const STACK: usize = 64 << 20;

/// Runs on that much stack: the thread's own, where so much is left.
fn on_deep_stack<T>(work: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(STACK, STACK, work)
}

/// An artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// A Substrait `Plan`.
    pub bytes: Vec<u8>,
    /// True where it uses none of planc's functions, types and relations, so that other
    /// Substrait tools can run it.
    pub portable: bool,
}

/// Encodes a (canonical) plan. Err: `NOT_REPRESENTABLE`, saying exactly what.
pub fn encode(plan: &Plan) -> Result<Encoded, Diagnostic> {
    on_deep_stack(|| {
        let output = encode::encode(&plan.logical)?;
        let decoded = decode::decode(&output.bytes, &output.called).map_err(|why| {
            Diagnostic::new(
                code::NOT_REPRESENTABLE,
                format!("the plan does not read back from Substrait: {}", why.message),
            )
        })?;
        let key_of = |plan| {
            plan_key(plan).map_err(|why| {
                let why = why.strip_backtrace();
                Diagnostic::new(code::NOT_REPRESENTABLE, format!("the plan has no key: {why}"))
            })
        };
        compare(plan.logical.schema(), decoded.schema())?;
        if key_of(&plan.logical)? != key_of(&decoded)? {
            return Err(Diagnostic::new(
                code::NOT_REPRESENTABLE,
                "the plan reads back from Substrait as another one",
            ));
        }
        Ok(Encoded { bytes: output.bytes, portable: output.portable })
    })
}

/// Decodes an artifact. Scans come back over a [`SchemaSource`](crate::SchemaSource) of the
/// columns used, in logical types; column names within the plan are made anew.
///
/// Err: `MALFORMED_ARTIFACT` with the place in the plan, or `UNKNOWN_EXTENSION`.
pub fn decode(bytes: &[u8], functions: &SessionState) -> Result<Plan, Diagnostic> {
    on_deep_stack(|| decode::decode(bytes, functions).map(Plan::new))
}

/// An artifact as text for people: its extensions, relations, expressions and types.
///
/// Err: `MALFORMED_ARTIFACT` where the bytes are no Substrait plan.
pub fn describe(bytes: &[u8]) -> Result<String, Diagnostic> {
    on_deep_stack(|| describe::describe(bytes))
}

/// Any Substrait plan in Substrait's JSON mapping.
///
/// Err: `MALFORMED_ARTIFACT` where the bytes are no Substrait plan, or are nested more deeply
/// than protobuf's readers go (100 messages).
pub fn to_json(bytes: &[u8]) -> Result<String, Diagnostic> {
    on_deep_stack(|| json::write(bytes))
}

/// The bytes of a plan that is written in Substrait's JSON mapping.
///
/// Err: `MALFORMED_ARTIFACT` where the text is no Substrait plan.
pub fn from_json(text: &str) -> Result<Vec<u8>, Diagnostic> {
    on_deep_stack(|| json::read(text))
}

/// The names of the operators and special forms in planc's own URN.
pub fn own_names() -> impl Iterator<Item = &'static str> {
    functions::OWN.iter().map(|(_, name)| *name)
}

/// Names, types and nullability of the output must come back as they were.
fn compare(wanted: &DFSchema, found: &DFSchema) -> Result<(), Diagnostic> {
    let same = wanted.fields().len() == found.fields().len();
    let differs = wanted.fields().iter().zip(found.fields()).find(|(wanted, found)| {
        wanted.name() != found.name()
            || wanted.data_type() != found.data_type()
            || wanted.is_nullable() != found.is_nullable()
    });
    match differs {
        None if same => Ok(()),
        None => Err(Diagnostic::new(
            code::NOT_REPRESENTABLE,
            "the plan reads back from Substrait with another number of columns",
        )),
        Some((wanted, found)) => Err(Diagnostic::new(
            code::NOT_REPRESENTABLE,
            format!("an output column reads back from Substrait as {found}, and it was {wanted}"),
        )),
    }
}
