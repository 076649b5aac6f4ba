//! What the store remembers of a compilation, and how records are written.
//!
//! A record file is the blake3 of its body in hex, the body in JSON, and, where it is signed, the
//! signer's key and the signature. The first line makes a truncated or edited record a miss. The
//! body says for which kind, zone and key it was made and by whom, so that a signature over it
//! holds nowhere else.

use std::collections::BTreeMap;

use planc_ir::{Diagnostic, Digest};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Entry, ProblemKind, PublicKey, RecordKind, Trust, Zone};

/// The number of the record format. Readers treat any other as a miss.
const FORMAT: u32 = 2;

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
    /// How long compiling took, in microseconds: what a hit saves. No part of the result.
    #[serde(default)]
    pub micros: u64,
}

impl ResultRecord {
    /// Whether two compilations gave the same, however long they took.
    pub fn agrees_with(&self, other: &ResultRecord) -> bool {
        ResultRecord { micros: 0, ..self.clone() } == ResultRecord { micros: 0, ..other.clone() }
    }
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

/// The body of a record file. The order of the fields is the order in the bytes.
#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    format: u32,
    kind: String,
    zone: String,
    key: Digest,
    builder: String,
    record: T,
}

/// A record file that was found in order.
#[derive(Debug)]
pub(crate) struct Opened {
    record: serde_json::Value,
    /// Whether a key that the project knows signed it.
    pub(crate) signed: bool,
}

/// Why a record file is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: ProblemKind,
    pub(crate) reason: String,
    /// Another planc's format: not to be believed, and not to be thrown away.
    pub(crate) foreign: bool,
}

impl Opened {
    /// The record itself.
    pub(crate) fn record<T: DeserializeOwned>(self) -> Result<T, Fault> {
        serde_json::from_value(self.record).map_err(|error| corrupt(format!("no record: {error}")))
    }

    /// The artifact that it names: of a result, or of a deep digest without a fallback.
    pub(crate) fn object(&self) -> Option<Digest> {
        let fallback = self.record.get("fallback").is_some_and(|why| !why.is_null());
        let digest = self.record.get("digest").filter(|_| !fallback)?;
        digest.as_str()?.parse().ok()
    }
}

/// The file for a record of this kind in this zone under this key, signed where there is a key
/// to sign with.
pub(crate) fn write<T: Serialize>(
    (kind, zone, key): (RecordKind, &Zone, &Digest),
    builder: &str,
    record: &T,
    trust: &Trust,
) -> serde_json::Result<Vec<u8>> {
    let body = serde_json::to_vec(&Envelope {
        format: FORMAT,
        kind: kind.folder().to_owned(),
        zone: zone.to_string(),
        key: *key,
        builder: builder.to_owned(),
        record,
    })?;
    let mut file = format!("{}\n", Digest::of(&body)).into_bytes();
    let signature = trust.signer.as_ref().map(|signer| (signer.public(), signer.sign(&body)));
    file.extend(body);
    file.push(b'\n');
    if let Some((key, signature)) = signature {
        file.extend(format!("{key} {signature}\n").into_bytes());
    }
    Ok(file)
}

/// Reads what [`write`] wrote, and believes it only as the record of this entry and as far as
/// `trust` says.
pub(crate) fn open(entry: &Entry, file: &[u8], trust: &Trust) -> Result<Opened, Fault> {
    let Entry::Record { kind, zone, key } = entry else {
        return Err(corrupt("an artifact is no record".to_owned()));
    };
    let text = std::str::from_utf8(file).map_err(|_| corrupt("it is no text".to_owned()))?;
    let whole = text.strip_suffix('\n').ok_or_else(|| corrupt("it is truncated".to_owned()))?;
    let mut lines = whole.split('\n');
    let (Some(seal), Some(body), signature, None) =
        (lines.next(), lines.next(), lines.next(), lines.next())
    else {
        return Err(corrupt("it is truncated".to_owned()));
    };
    if seal != Digest::of(body.as_bytes()).to_string() {
        return Err(corrupt("its checksum does not match".to_owned()));
    }
    let value: serde_json::Value =
        serde_json::from_str(body).map_err(|error| corrupt(format!("it is no record: {error}")))?;
    if let Some(format) = value.get("format").and_then(serde_json::Value::as_u64)
        && format != u64::from(FORMAT)
    {
        let reason = format!("it has format {format}, this planc reads {FORMAT}");
        return Err(Fault { foreign: true, ..corrupt(reason) });
    }
    let envelope: Envelope<serde_json::Value> = serde_json::from_value(value)
        .map_err(|error| corrupt(format!("it is no record: {error}")))?;
    let refused = |kind, reason: String| Err(Fault { kind, reason, foreign: false });
    let signed = match signature {
        Some(line) if !trust.keys.is_empty() => match judge(line, body, trust) {
            Ok(()) => true,
            Err((kind, reason)) => return refused(kind, reason),
        },
        _ => false,
    };
    if envelope.kind != kind.folder() || envelope.key != *key {
        let reason = format!("it was made for {}/{}", envelope.kind, envelope.key);
        return refused(ProblemKind::OtherKey, reason);
    }
    if envelope.zone != zone.to_string() {
        let reason = format!("it was made in the zone {}", envelope.zone);
        return refused(ProblemKind::OtherZone, reason);
    }
    if trust.require_signed && *zone == Zone::Trusted && !signed {
        return refused(ProblemKind::Unsigned, "it is not signed".to_owned());
    }
    Ok(Opened { record: envelope.record, signed })
}

/// Whether the signature line is one of a known key over this body.
fn judge(line: &str, body: &str, trust: &Trust) -> Result<(), (ProblemKind, String)> {
    let bad = || (ProblemKind::BadSignature, "its signature is none".to_owned());
    let (key, signature) = line.split_once(' ').ok_or_else(bad)?;
    let key: PublicKey = key.parse().map_err(|_| bad())?;
    let Some(name) = trust.name_of(&key) else {
        let reason = format!("it is signed with {key}, which the project does not name");
        return Err((ProblemKind::UnknownSigner, reason));
    };
    if !key.verifies(body.as_bytes(), signature) {
        let reason = format!("its signature by `{name}` is over other bytes");
        return Err((ProblemKind::BadSignature, reason));
    }
    Ok(())
}

pub(crate) fn corrupt(reason: String) -> Fault {
    Fault { kind: ProblemKind::Corrupt, reason, foreign: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Signer;

    fn entry(zone: Zone, key: &[u8]) -> Entry {
        Entry::Record { kind: RecordKind::Action, zone, key: Digest::of(key) }
    }

    fn signed_by(seed: u8, require_signed: bool) -> Trust {
        let known = Signer::from_seed([1; 32]).public();
        let signer = Some(Signer::from_seed([seed; 32]));
        Trust { keys: vec![("main".to_owned(), known)], require_signed, signer }
    }

    fn file(trust: &Trust) -> Vec<u8> {
        let record = ActionRecord { lookups: vec!["t".to_owned()] };
        let place = (RecordKind::Action, &Zone::Trusted, &Digest::of(b"k"));
        write(place, "test", &record, trust).unwrap()
    }

    fn refusal(entry: &Entry, file: &[u8], trust: &Trust) -> ProblemKind {
        open(entry, file, trust).unwrap_err().kind
    }

    #[test]
    fn a_record_is_believed_in_its_place_and_by_its_signer_only() {
        let right = entry(Zone::Trusted, b"k");
        let main = signed_by(1, true);
        let unsigned = Trust { signer: None, ..main.clone() };
        let good = file(&main);
        assert!(open(&right, &good, &main).unwrap().signed);
        assert!(open(&right, &file(&Trust::default()), &Trust::default()).is_ok());
        assert_eq!(refusal(&right, &file(&unsigned), &main), ProblemKind::Unsigned);
        let lenient = signed_by(1, false);
        assert!(!open(&right, &file(&unsigned), &lenient).unwrap().signed);
        assert_eq!(refusal(&right, &file(&signed_by(2, true)), &main), ProblemKind::UnknownSigner);
        let other = entry(Zone::Trusted, b"other");
        assert_eq!(refusal(&other, &good, &main), ProblemKind::OtherKey);
        let elsewhere = entry(Zone::Pull("1".to_owned()), b"k");
        assert_eq!(refusal(&elsewhere, &good, &main), ProblemKind::OtherZone);
    }

    #[test]
    fn a_signature_does_not_hold_for_an_edited_body_with_a_new_checksum() {
        let main = signed_by(1, false);
        let text = String::from_utf8(file(&main)).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines[1] = lines[1].replace("\"t\"", "\"x\"");
        lines[0] = Digest::of(lines[1].as_bytes()).to_string();
        let edited = lines.join("\n") + "\n";
        let right = entry(Zone::Trusted, b"k");
        assert_eq!(refusal(&right, edited.as_bytes(), &main), ProblemKind::BadSignature);
    }

    #[test]
    fn no_changed_byte_is_believed() {
        let trust = signed_by(1, true);
        let (right, good) = (entry(Zone::Trusted, b"k"), file(&trust));
        for at in 0..good.len() {
            let mut changed = good.clone();
            changed[at] ^= 1;
            assert!(open(&right, &changed, &trust).is_err(), "byte {at} changed");
            assert!(open(&right, &good[..at], &trust).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn another_format_is_passed_over_and_left_alone() {
        let text = String::from_utf8(file(&Trust::default())).unwrap();
        let body = text.lines().nth(1).unwrap().replace("\"format\":2", "\"format\":3");
        let file = format!("{}\n{body}\n", Digest::of(body.as_bytes()));
        let fault = open(&entry(Zone::Trusted, b"k"), file.as_bytes(), &Trust::default());
        let fault = fault.unwrap_err();
        assert!(fault.foreign);
        assert_eq!(fault.reason, "it has format 3, this planc reads 2");
    }
}
