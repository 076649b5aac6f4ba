//! From bytes, binary or JSON, to messages and declared functions. Total: any bytes give a
//! plan or a fault.
//!
//! The messages that planc is built with have no extension URIs any more, only URNs. Plans of
//! older producers have URIs, which are read here with messages of our own.

use std::collections::HashMap;

use planc_ir::code;
use prost::Message;
use serde_json::Value;
use substrait::proto::extensions::simple_extension_declaration::MappingType;
use substrait::proto::{Plan, RelRoot, plan_rel};

use super::fault::{Fault, Result, invalid, unsupported};
use super::producer::{Producer, minor};

/// The largest plan that is read, in bytes.
pub(super) const MAX_BYTES: usize = 64 << 20;

/// A plan's messages and who made them.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) root: RelRoot,
    pub(super) functions: HashMap<u32, Declared>,
    /// planc's types by anchor.
    pub(super) types: HashMap<u32, String>,
    pub(super) producer: Producer,
    /// The minor version of Substrait that the plan names, 0 where it names none.
    pub(super) minor: u32,
}

/// A declared function.
#[derive(Debug, Clone)]
pub(super) struct Declared {
    pub(super) home: Home,
    /// The name without its signature.
    pub(super) name: String,
    /// What stands behind the colon, if anything.
    pub(super) signature: Option<String>,
}

/// Where a function is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Home {
    /// In an official file: its name without path and ending (`functions_string`).
    Official(String),
    /// In planc's file.
    Planc,
    /// Nowhere: the producer names functions only.
    Unsaid,
    /// In a file that planc does not know.
    Foreign(String),
}

/// The fields of a plan that newer messages lack.
#[derive(Clone, PartialEq, Message)]
struct OldPlan {
    #[prost(message, repeated, tag = "1")]
    uris: Vec<OldUri>,
    #[prost(message, repeated, tag = "2")]
    declarations: Vec<OldDeclaration>,
}

#[derive(Clone, PartialEq, Message)]
struct OldUri {
    #[prost(uint32, tag = "1")]
    anchor: u32,
    #[prost(string, tag = "2")]
    uri: String,
}

#[derive(Clone, PartialEq, Message)]
struct OldDeclaration {
    #[prost(message, optional, tag = "3")]
    function: Option<OldFunction>,
}

#[derive(Clone, PartialEq, Message)]
struct OldFunction {
    #[prost(uint32, tag = "1")]
    uri: u32,
    #[prost(uint32, tag = "2")]
    anchor: u32,
}

/// The bytes of a plan that planc, or a producer for planc, wrote; none where another did.
pub(super) fn of_planc(bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    let own = |bytes: &[u8]| {
        // Only the version is read here: a plan may be deeper than these messages go.
        Versioned::decode(bytes)
            .ok()
            .and_then(|plan| plan.version)
            .is_some_and(|version| version.producer.starts_with("planc"))
    };
    match json(bytes) {
        None => Ok(own(bytes).then(|| bytes.to_vec())),
        Some(text) if text.contains("\"planc") => {
            let bytes = planc_ir::substrait::from_json(text)
                .map_err(|error| Fault::new(error.code, error.message))?;
            Ok(own(&bytes).then_some(bytes))
        }
        Some(_) => Ok(None),
    }
}

fn json(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| text.trim_start().starts_with('{'))
}

#[derive(Clone, PartialEq, Message)]
struct Versioned {
    #[prost(message, optional, tag = "6")]
    version: Option<Version>,
}

#[derive(Clone, PartialEq, Message)]
struct Version {
    #[prost(string, tag = "5")]
    producer: String,
}

/// Reads a plan.
pub(super) fn decode(bytes: &[u8]) -> Result<Source> {
    if bytes.len() > MAX_BYTES {
        return Err(invalid(format_args!("it is larger than {MAX_BYTES} bytes")));
    }
    let (plan, old) = match json(bytes) {
        Some(text) => from_json(text)?,
        None => {
            let plan = Plan::decode(bytes).map_err(no_plan)?;
            (plan, OldPlan::decode(bytes).map_err(no_plan)?)
        }
    };
    let producer = {
        let uris: Vec<String> = old.uris.iter().map(|uri| uri.uri.clone()).collect();
        Producer::of(&plan, &uris)
    };
    let (functions, types) = declarations(&plan, &old)?;
    if plan.advanced_extensions.as_ref().is_some_and(|a| a.enhancement.is_some()) {
        return Err(unsupported("the plan is enhanced by a message that planc does not know"));
    }
    let minor = minor(&plan);
    let mut roots = plan.relations.into_iter();
    let (Some(relation), None) = (roots.next(), roots.next()) else {
        return Err(invalid("a plan has one relation, and this has none or several"));
    };
    match relation.rel_type {
        Some(plan_rel::RelType::Root(root)) => {
            Ok(Source { root, functions, types, producer, minor })
        }
        _ => Err(invalid("its relation is no root, so that its columns have no names")),
    }
}

fn no_plan(error: prost::DecodeError) -> Fault {
    Fault::new(code::MALFORMED_ARTIFACT, format_args!("the bytes are no Substrait plan: {error}"))
        .help("the file must hold one Substrait `Plan`, in binary or in Substrait's JSON")
}

type Declarations = (HashMap<u32, Declared>, HashMap<u32, String>);

fn declarations(plan: &Plan, old: &OldPlan) -> Result<Declarations> {
    let mut homes: HashMap<u32, Home> = HashMap::new();
    for urn in &plan.extension_urns {
        if homes.insert(urn.extension_urn_anchor, home(&urn.urn)).is_some() {
            return Err(invalid("two extension URNs have one anchor"));
        }
    }
    let mut old_homes: HashMap<u32, Home> = HashMap::new();
    for uri in &old.uris {
        if old_homes.insert(uri.anchor, home(&uri.uri)).is_some() {
            return Err(invalid("two extension URIs have one anchor"));
        }
    }
    let old_references: HashMap<u32, u32> = old
        .declarations
        .iter()
        .filter_map(|declaration| declaration.function.as_ref())
        .map(|function| (function.anchor, function.uri))
        .collect();
    let mut functions = HashMap::new();
    let mut types = HashMap::new();
    for declaration in &plan.extensions {
        match &declaration.mapping_type {
            Some(MappingType::ExtensionFunction(function)) => {
                let by_urn = homes.get(&function.extension_urn_reference);
                let reference = old_references.get(&function.function_anchor);
                let home = match by_urn {
                    Some(home) => home.clone(),
                    None => match reference.and_then(|reference| old_homes.get(reference)) {
                        Some(home) => home.clone(),
                        None if homes.is_empty() && old_homes.is_empty() => Home::Unsaid,
                        None => {
                            return Err(invalid(format_args!(
                                "the function {} is of an extension that is not declared",
                                function.name
                            )));
                        }
                    },
                };
                let (name, signature) = match function.name.split_once(':') {
                    Some((name, signature)) => (name.to_owned(), Some(signature.to_owned())),
                    None => (function.name.clone(), None),
                };
                let declared = Declared { home, name, signature };
                if functions.insert(function.function_anchor, declared).is_some() {
                    return Err(invalid("two functions have one anchor"));
                }
            }
            Some(MappingType::ExtensionType(declared)) => {
                if homes.get(&declared.extension_urn_reference) == Some(&Home::Planc) {
                    types.insert(declared.type_anchor, declared.name.clone());
                }
            }
            // Only types that a plan uses can be a fault.
            Some(MappingType::ExtensionTypeVariation(_)) | None => {}
        }
    }
    Ok((functions, types))
}

/// Where the official files lie.
const FOLDER: &str = "https://github.com/substrait-io/substrait/blob/main/extensions/";

fn home(uri: &str) -> Home {
    if uri == planc_ir::substrait::URN {
        return Home::Planc;
    }
    // DuckDB names the folder of all files.
    if uri.is_empty() || uri == FOLDER {
        return Home::Unsaid;
    }
    let official = uri.strip_prefix("extension:io.substrait:").or_else(|| {
        let github = uri.strip_prefix("https://github.com/substrait-io/substrait/blob/");
        let path = github.map(|rest| rest.rsplit('/').next().unwrap_or(rest));
        path.or_else(|| uri.strip_prefix('/'))?.strip_suffix(".yaml")
    });
    match official {
        Some(file) if file.starts_with("functions_") => Home::Official(file.to_owned()),
        _ => Home::Foreign(uri.to_owned()),
    }
}

/// Substrait's JSON, with the fields and values of older versions brought to today's.
fn from_json(text: &str) -> Result<(Plan, OldPlan)> {
    let no_json = |why: &dyn std::fmt::Display| {
        Fault::new(code::MALFORMED_ARTIFACT, format_args!("the text is no Substrait plan: {why}"))
    };
    let mut value: Value = serde_json::from_str(text).map_err(|error| no_json(&error))?;
    let mut old = OldPlan::default();
    let number = |value: Option<&Value>| {
        value.and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
    };
    if let Some(plan) = value.as_object_mut() {
        let uris = plan.remove("extensionUris").or_else(|| plan.remove("extension_uris"));
        for uri in uris.iter().filter_map(Value::as_array).flatten() {
            let anchor = uri.get("extensionUriAnchor").or_else(|| uri.get("extension_uri_anchor"));
            let text = uri.get("uri").and_then(Value::as_str).unwrap_or_default().to_owned();
            old.uris.push(OldUri { anchor: number(anchor), uri: text });
        }
        let extensions = plan.get_mut("extensions").and_then(Value::as_array_mut);
        for declaration in extensions.into_iter().flatten().filter_map(Value::as_object_mut) {
            for (kind, inner) in declaration.iter_mut() {
                let Some(inner) = inner.as_object_mut() else { continue };
                let uri = inner
                    .remove("extensionUriReference")
                    .or_else(|| inner.remove("extension_uri_reference"));
                let is_function = kind == "extensionFunction" || kind == "extension_function";
                if is_function {
                    let anchor =
                        inner.get("functionAnchor").or_else(|| inner.get("function_anchor"));
                    let function =
                        OldFunction { uri: number(uri.as_ref()), anchor: number(anchor) };
                    old.declarations.push(OldDeclaration { function: Some(function) });
                }
            }
        }
    }
    renamed(&mut value, 0)?;
    let bytes = planc_ir::substrait::from_json(&value.to_string())
        .map_err(|error| Fault::new(error.code, error.message))?;
    Ok((Plan::decode(bytes.as_slice()).map_err(no_plan)?, old))
}

/// Values of enumerations that were renamed since.
fn renamed(value: &mut Value, depth: usize) -> Result<()> {
    if depth > 1_000 {
        return Err(invalid("its JSON is nested more than 1000 deep"));
    }
    match value {
        Value::Array(values) => {
            for value in values {
                renamed(value, depth + 1)?;
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                if let (true, Value::String(text)) = (name == "type", &mut *value) {
                    let now = match text.as_str() {
                        "JOIN_TYPE_SEMI" => "JOIN_TYPE_LEFT_SEMI",
                        "JOIN_TYPE_ANTI" => "JOIN_TYPE_LEFT_ANTI",
                        "JOIN_TYPE_SINGLE" => "JOIN_TYPE_LEFT_SINGLE",
                        _ => continue,
                    };
                    now.clone_into(text);
                }
                renamed(value, depth + 1)?;
            }
        }
        _ => {}
    }
    Ok(())
}
