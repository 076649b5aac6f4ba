//! What the store remembers of a compilation, and how records are written.
//!
//! A record file is two lines: the blake3 of its kind, its key and its body, then the body in
//! JSON. The first line makes a truncated, edited or renamed record a miss.

use std::collections::BTreeMap;

use planc_ir::{Diagnostic, Digest};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The number of the record format. Readers treat any other as a miss.
const FORMAT: u32 = 1;

/// Under an action key: the tables that the source text looks up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionRecord {
    /// Table names, sorted.
    pub lookups: Vec<String>,
}

/// Under a result key: what compiling the source against these tables gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultRecord {
    /// The artifact, unless there were errors.
    pub digest: Option<Digest>,
    /// All findings at their default severities; they name no file.
    pub diagnostics: Vec<Diagnostic>,
    /// The output's columns in order; empty where there is no artifact.
    pub output: Vec<FieldRecord>,
    /// The tables looked up, with the fingerprints that they had.
    pub lookups: BTreeMap<String, Option<Digest>>,
    /// Declared constraints that a rewrite relied on.
    pub constraints: Vec<String>,
    /// Whether the artifact uses standard Substrait functions, types and relations only.
    pub portable: bool,
}

/// Under a deep key: what a rule asks of the sources, its upstream rules inlined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeepRecord {
    /// The digest of the inlined plan; its artifact is in the store. Where there is a
    /// `fallback`, a hash of the rule's own digest and of its upstream's deep digests.
    pub digest: Digest,
    /// Why the rules upstream are not inlined, where they are not.
    pub fallback: Option<String>,
}

/// One output column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldRecord {
    /// The column's name.
    pub name: String,
    /// Its Arrow type, as arrow-rs writes and reads it.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Whether it can hold NULL.
    pub nullable: bool,
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    format: u32,
    record: T,
}

/// The file for a record of this kind (`ac`, `rc`) under this key.
pub(crate) fn write<T: Serialize>(
    kind: &str,
    key: &str,
    record: &T,
) -> serde_json::Result<Vec<u8>> {
    let body = serde_json::to_vec(&Envelope { format: FORMAT, record })?;
    let mut file = format!("{}\n", seal(kind, key, &body)).into_bytes();
    file.extend(body);
    file.push(b'\n');
    Ok(file)
}

/// Reads what [`write`] wrote; the error says in a few words why it is none.
pub(crate) fn read<T: DeserializeOwned>(kind: &str, key: &str, file: &[u8]) -> Result<T, String> {
    let newline = file.iter().position(|byte| *byte == b'\n');
    let (head, tail) = newline.and_then(|at| file.split_at_checked(at)).ok_or("it is truncated")?;
    let body = tail.strip_prefix(b"\n").and_then(|body| body.strip_suffix(b"\n"));
    let body = body.ok_or("it is truncated")?;
    if head != seal(kind, key, body).to_string().as_bytes() {
        return Err("its checksum does not match".to_owned());
    }
    let envelope: Envelope<serde_json::Value> =
        serde_json::from_slice(body).map_err(|error| format!("it is no record: {error}"))?;
    if envelope.format != FORMAT {
        return Err(format!("it has format {}, this planc reads {FORMAT}", envelope.format));
    }
    serde_json::from_value(envelope.record).map_err(|error| format!("it is no record: {error}"))
}

fn seal(kind: &str, key: &str, body: &[u8]) -> Digest {
    Digest::of_parts([kind.as_bytes(), key.as_bytes(), body])
}
