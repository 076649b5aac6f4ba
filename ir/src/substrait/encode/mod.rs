//! From a logical plan to the bytes of an artifact.

mod aggregate;
mod expr;
mod function;
mod join;
mod literal;
mod rel;
pub(super) mod types;

use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::DataFusionError;
use datafusion::logical_expr::{AggregateUDF, HigherOrderUDF, LogicalPlan, ScalarUDF, WindowUDF};
use indexmap::IndexSet;
use prost::Message;
use substrait::proto::extensions::simple_extension_declaration::{
    ExtensionFunction, ExtensionType, ExtensionTypeVariation, MappingType,
};
use substrait::proto::extensions::{
    AdvancedExtension, SimpleExtensionDeclaration, SimpleExtensionUrn,
};
use substrait::proto::{Plan, PlanRel, RelRoot, Version, plan_rel};

use super::extension::{self, Detail, Parameters};
use crate::key::Scope;
use crate::{Diagnostic, code};

/// What encoding gives, or why it cannot.
type Result<T> = std::result::Result<T, Diagnostic>;

/// The functions that a plan calls, by DataFusion's names.
#[derive(Debug, Default)]
pub(crate) struct Called {
    pub(crate) scalar: HashMap<String, Arc<ScalarUDF>>,
    pub(crate) higher_order: HashMap<String, Arc<HigherOrderUDF>>,
    pub(crate) aggregate: HashMap<String, Arc<AggregateUDF>>,
    pub(crate) window: HashMap<String, Arc<WindowUDF>>,
    /// The rows of calls of table functions.
    pub(crate) calls: Vec<Arc<dyn TableProvider>>,
}

/// An encoded plan, the functions it calls, and whether all of it is standard.
pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
    pub(super) called: Called,
    pub(super) portable: bool,
}

/// Encodes without the proof that [`encode`](super::encode) adds.
pub(super) fn encode(plan: &LogicalPlan) -> Result<Output> {
    let mut encoder = Encoder::default();
    let input = encoder.relation(plan)?;
    let schema = plan.schema();
    let mut names = Vec::new();
    for field in schema.fields() {
        types::names_in_depth(field, &mut names);
    }
    let root = RelRoot { input: Some(input), names };
    let relation = PlanRel { rel_type: Some(plan_rel::RelType::Root(root)) };
    let plan = encoder.plan(relation);
    Ok(Output { bytes: plan.encode_to_vec(), called: encoder.called, portable: !encoder.extended })
}

/// Collects the declarations of a plan while its relations are encoded.
#[derive(Default)]
struct Encoder<'a> {
    /// URN and compound name, in the order of first use: the anchor is the place, from 1.
    functions: IndexSet<(String, String)>,
    /// Names of planc's types.
    types: IndexSet<&'static str>,
    /// Names of planc's type variations.
    variations: IndexSet<&'static str>,
    /// Parameters with names, in the order of first use.
    parameters: IndexSet<String>,
    /// Type URLs of planc's messages.
    details: BTreeSet<String>,
    /// True as soon as something of planc's is used.
    extended: bool,
    called: Called,
    /// The scopes around the subquery that is being encoded, the innermost last.
    outer: Vec<Scope<'a>>,
    /// The names of the recursive queries around, the innermost last.
    recursions: Vec<&'a str>,
    /// The parameters of the lambdas around, the innermost last.
    lambdas: Vec<&'a [String]>,
}

impl Encoder<'_> {
    fn plan(&self, relation: PlanRel) -> Plan {
        let own = !self.types.is_empty() || !self.variations.is_empty();
        let urns: BTreeSet<&str> = self
            .functions
            .iter()
            .map(|(urn, _)| urn.as_str())
            .chain(own.then_some(extension::URN))
            .collect();
        let anchor =
            |urn: &str| urns.iter().position(|known| *known == urn).map_or(0, |at| at as u32 + 1);
        let extension_urns = urns.iter().map(|urn| SimpleExtensionUrn {
            extension_urn_anchor: anchor(urn),
            urn: (*urn).to_owned(),
        });
        let functions = self.functions.iter().zip(1..).map(|((urn, name), at)| {
            MappingType::ExtensionFunction(ExtensionFunction {
                extension_urn_reference: anchor(urn),
                function_anchor: at,
                name: name.clone(),
            })
        });
        let types = self.types.iter().zip(1..).map(|(name, at)| {
            MappingType::ExtensionType(ExtensionType {
                extension_urn_reference: anchor(extension::URN),
                type_anchor: at,
                name: (*name).to_owned(),
            })
        });
        let variations = self.variations.iter().zip(1..).map(|(name, at)| {
            MappingType::ExtensionTypeVariation(ExtensionTypeVariation {
                extension_urn_reference: anchor(extension::URN),
                type_variation_anchor: at,
                name: (*name).to_owned(),
            })
        });
        let declarations = functions.chain(types).chain(variations);
        let names = Parameters { names: self.parameters.iter().cloned().collect() };
        let advanced_extensions = (!names.names.is_empty()).then(|| AdvancedExtension {
            optimization: extension::packed(&names).detail.into_iter().collect(),
            enhancement: None,
        });
        Plan {
            version: Some(Version {
                // The release of the specification that format 1 is written in.
                major_number: 0,
                minor_number: 85,
                patch_number: 0,
                git_hash: String::new(),
                producer: format!("planc/format-{}", super::FORMAT),
            }),
            extension_urns: extension_urns.collect(),
            extensions: declarations
                .map(|kind| SimpleExtensionDeclaration { mapping_type: Some(kind) })
                .collect(),
            relations: vec![relation],
            advanced_extensions,
            expected_type_urls: self.details.iter().cloned().collect(),
            ..Plan::default()
        }
    }

    /// Encodes something that sees nothing of what is around it, with the declarations of
    /// this encoder.
    fn detached<'b, T>(&mut self, encode: impl FnOnce(&mut Encoder<'b>) -> Result<T>) -> Result<T> {
        let mut inner = Encoder {
            functions: std::mem::take(&mut self.functions),
            types: std::mem::take(&mut self.types),
            variations: std::mem::take(&mut self.variations),
            parameters: std::mem::take(&mut self.parameters),
            details: std::mem::take(&mut self.details),
            extended: self.extended,
            called: std::mem::take(&mut self.called),
            outer: Vec::new(),
            recursions: Vec::new(),
            lambdas: Vec::new(),
        };
        let encoded = encode(&mut inner);
        self.functions = inner.functions;
        self.types = inner.types;
        self.variations = inner.variations;
        self.parameters = inner.parameters;
        self.details = inner.details;
        self.extended = inner.extended;
        self.called = inner.called;
        encoded
    }

    /// The anchor of a function.
    fn function(&mut self, urn: &str, name: String) -> u32 {
        self.extended |= urn == extension::URN;
        self.functions.insert_full((urn.to_owned(), name)).0 as u32 + 1
    }

    /// The anchor of one of planc's functions.
    fn own_function(&mut self, name: &str) -> u32 {
        self.function(extension::URN, name.to_owned())
    }

    /// The anchor of one of planc's types.
    fn own_type(&mut self, name: &'static str) -> u32 {
        self.extended = true;
        self.types.insert_full(name).0 as u32 + 1
    }

    /// The anchor of one of planc's type variations; no name is the standard's own.
    fn variation(&mut self, name: Option<&'static str>) -> u32 {
        name.map_or(0, |name| {
            self.extended = true;
            self.variations.insert_full(name).0 as u32 + 1
        })
    }

    /// Packs one of planc's messages as the enhancement of a standard relation.
    fn enhancement<D: Detail>(&mut self, detail: &D) -> AdvancedExtension {
        let enhancement = self.detail(detail).detail;
        AdvancedExtension { optimization: Vec::new(), enhancement }
    }

    /// Packs one of planc's messages.
    fn detail<D: Detail>(&mut self, detail: &D) -> substrait::proto::ExtensionLeafRel {
        self.extended = true;
        self.details.insert(extension::type_url::<D>());
        extension::packed(detail)
    }
}

/// The diagnostic for what has no place in an artifact.
fn refuse(what: impl Display) -> Diagnostic {
    Diagnostic::new(code::NOT_REPRESENTABLE, format!("{what} cannot be written as Substrait"))
}

/// The diagnostic for a plan that DataFusion itself finds wrong.
fn broken(error: DataFusionError) -> Diagnostic {
    let message = error.strip_backtrace();
    Diagnostic::new(code::NOT_REPRESENTABLE, format!("the plan has no type: {message}"))
}
