//! Extension URIs, which plans before specification 0.75 have in the place of URNs. The
//! messages of today do not know them any more.

use std::collections::HashMap;

use prost::Message;

/// The part of a plan that names its extensions.
#[derive(Clone, PartialEq, Message)]
struct OldPlan {
    #[prost(message, repeated, tag = "1")]
    uris: Vec<Uri>,
    #[prost(message, repeated, tag = "2")]
    declarations: Vec<Declaration>,
}

#[derive(Clone, PartialEq, Message)]
struct Uri {
    #[prost(uint32, tag = "1")]
    anchor: u32,
    #[prost(string, tag = "2")]
    uri: String,
}

/// A type, a type variation or a function.
#[derive(Clone, PartialEq, Message)]
struct Declaration {
    #[prost(message, optional, tag = "1")]
    of_type: Option<Reference>,
    #[prost(message, optional, tag = "2")]
    variation: Option<Reference>,
    #[prost(message, optional, tag = "3")]
    function: Option<Reference>,
}

#[derive(Clone, PartialEq, Message)]
struct Reference {
    #[prost(uint32, tag = "1")]
    uri: u32,
}

/// The URIs of a plan's declarations, by their place.
#[derive(Debug, Default)]
pub(super) struct Uris(Vec<Option<String>>);

impl Uris {
    pub(super) fn of(&self, place: usize) -> Option<&str> {
        self.0.get(place)?.as_deref()
    }
}

/// Reads the URIs. A plan without them, or one that is none, has no URIs.
pub(super) fn uris(bytes: &[u8]) -> Uris {
    let plan = OldPlan::decode(bytes).unwrap_or_default();
    let known: HashMap<u32, String> =
        plan.uris.into_iter().map(|uri| (uri.anchor, uri.uri)).collect();
    let places = plan.declarations.iter().map(|declaration| {
        let references = [&declaration.of_type, &declaration.variation, &declaration.function];
        let reference = references.into_iter().find_map(Option::as_ref)?;
        known.get(&reference.uri).cloned()
    });
    Uris(places.collect())
}
