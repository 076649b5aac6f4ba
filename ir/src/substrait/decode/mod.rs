//! From the bytes of an artifact to a logical plan.
//!
//! Substrait has no names within a plan, and DataFusion wants every column to have one that
//! is its own. So the decoder makes them: every scan goes by a fresh qualifier `t0`, `t1`, …,
//! every computed column by a fresh name `c0`, `c1`, …, and a projection at the root gives
//! the output its names.

mod aggregate;
mod expr;
mod extension;
mod function;
mod join;
mod literal;
mod names;
mod rel;
mod types;
mod wire;

use std::collections::HashMap;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::catalog::{TableFunctionArgs, TableProvider};
use datafusion::common::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{
    AggregateUDF, Expr, HigherOrderUDF, LogicalPlan, ScalarUDF, WindowUDF,
};
use prost::Message;
use substrait::proto::extensions::simple_extension_declaration::MappingType;
use substrait::proto::{Plan, plan_rel};

use super::encode::Called;
use super::extension::{Detail, Parameters, type_url};
use crate::table_function::CalledTable;
use crate::{Diagnostic, code};
use names::Columns;

/// The largest artifact that is read, in bytes.
pub(super) const MAX_BYTES: usize = 64 << 20;
/// How deeply relations and expressions may be nested in each other.
const MAX_DEPTH: usize = 500;
/// The sum of the widths of all relations and of the copies made of expressions: a bound for
/// the memory that a plan takes.
const MAX_COST: usize = 4 << 20;

/// How many times 64 names may be compared to find columns: a bound for the time that it takes
/// to build a plan.
const MAX_LOOKUPS: usize = 16 << 20;

/// Where the functions of a plan come from.
pub(super) trait Functions {
    fn scalar(&self, name: &str) -> Option<Arc<ScalarUDF>>;
    fn higher_order(&self, name: &str) -> Option<Arc<HigherOrderUDF>>;
    fn aggregate(&self, name: &str) -> Option<Arc<AggregateUDF>>;
    fn window(&self, name: &str) -> Option<Arc<WindowUDF>>;
    /// The rows of a table function that is called with literals.
    fn rows(&self, name: &str, args: &[Expr]) -> Option<RowsOfCall>;
}

type RowsOfCall = std::result::Result<Arc<dyn TableProvider>, DataFusionError>;

impl Functions for SessionState {
    fn scalar(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.scalar_functions().get(name).cloned()
    }

    fn higher_order(&self, name: &str) -> Option<Arc<HigherOrderUDF>> {
        self.higher_order_functions().get(name).cloned()
    }

    fn aggregate(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.aggregate_functions().get(name).cloned()
    }

    fn window(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.window_functions().get(name).cloned()
    }

    fn rows(&self, name: &str, args: &[Expr]) -> Option<RowsOfCall> {
        let function = self.table_functions().get(name)?;
        let rows = function.create_table_provider_with_args(TableFunctionArgs::new(args, self));
        Some(rows.map(|rows| CalledTable::of(name, args, rows)))
    }
}

impl Functions for Called {
    fn scalar(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.scalar.get(name).cloned()
    }

    fn higher_order(&self, name: &str) -> Option<Arc<HigherOrderUDF>> {
        self.higher_order.get(name).cloned()
    }

    fn aggregate(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.aggregate.get(name).cloned()
    }

    fn window(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.window.get(name).cloned()
    }

    fn rows(&self, name: &str, args: &[Expr]) -> Option<RowsOfCall> {
        let is_it = |provider: &&Arc<dyn TableProvider>| {
            let call = provider.downcast_ref::<CalledTable>();
            call.is_some_and(|call| call.name == name && call.args == args)
        };
        self.calls.iter().find(is_it).map(|provider| Ok(Arc::clone(provider)))
    }
}

/// Why bytes are no plan.
#[derive(Debug)]
enum Fault {
    /// They break a rule of Substrait's, or DataFusion refuses what they say.
    Malformed(String),
    /// They use something that this planc does not have.
    Unknown(String),
}

type Result<T> = std::result::Result<T, Fault>;

fn malformed(why: impl Display) -> Fault {
    Fault::Malformed(why.to_string())
}

fn unknown(what: impl Display) -> Fault {
    Fault::Unknown(what.to_string())
}

impl From<DataFusionError> for Fault {
    fn from(error: DataFusionError) -> Self {
        malformed(error.strip_backtrace())
    }
}

impl From<arrow::error::ArrowError> for Fault {
    fn from(error: arrow::error::ArrowError) -> Self {
        malformed(error)
    }
}

/// Decodes; see [`decode`](super::decode).
pub(super) fn decode(
    bytes: &[u8],
    functions: &dyn Functions,
) -> std::result::Result<LogicalPlan, Diagnostic> {
    let mut path = Vec::new();
    // DataFusion's constructors and its functions' type rules are not written for plans that
    // somebody forged. A panic in one of them is a refusal, too.
    let decoded = catch_unwind(AssertUnwindSafe(|| Decoder::run(bytes, functions, &mut path)));
    let fault = match decoded {
        Ok(Ok(plan)) => return Ok(plan),
        Ok(Err(fault)) => fault,
        Err(_) => malformed("DataFusion cannot work with it"),
    };
    let (code, message) = match fault {
        Fault::Malformed(message) => (code::MALFORMED_ARTIFACT, message),
        Fault::Unknown(message) => (code::UNKNOWN_EXTENSION, message),
    };
    let place = if path.is_empty() { String::new() } else { format!("at {}: ", path.join("/")) };
    Err(Diagnostic::new(code, format!("{place}{message}")))
}

/// Reads the messages of a plan; what lies deep is in the pieces.
pub(super) fn read(bytes: &[u8]) -> std::result::Result<(Plan, Pieces), Diagnostic> {
    messages(bytes).map_err(|fault| match fault {
        Fault::Malformed(why) => Diagnostic::new(code::MALFORMED_ARTIFACT, why),
        Fault::Unknown(what) => Diagnostic::new(code::UNKNOWN_EXTENSION, what),
    })
}

fn messages(bytes: &[u8]) -> Result<(Plan, Pieces)> {
    if bytes.len() > MAX_BYTES {
        return Err(malformed(format_args!("it is larger than {MAX_BYTES} bytes")));
    }
    if let Ok(plan) = Plan::decode(bytes) {
        return Ok((plan, Pieces::default()));
    }
    // Perhaps it is only too deep.
    let (whole, pieces) = wire::cut(bytes)?;
    Ok((Plan::decode(whole.as_slice()).map_err(malformed)?, Pieces(pieces)))
}

/// The deep parts of a plan. Each is taken once.
#[derive(Debug, Default)]
pub(super) struct Pieces(Vec<Vec<u8>>);

impl Pieces {
    /// The part with this number.
    pub(super) fn take<M: Message + Default>(&mut self, number: &str) -> Option<M> {
        let piece = self.0.get_mut(number.parse::<usize>().ok()?).map(std::mem::take)?;
        M::decode(piece.as_slice()).ok()
    }
}

/// A declared function.
#[derive(Debug, Clone)]
struct Declared {
    urn: String,
    name: String,
}

/// Reads one plan.
struct Decoder<'f> {
    available: &'f dyn Functions,
    functions: HashMap<u32, Declared>,
    /// planc's types by anchor.
    types: HashMap<u32, String>,
    /// planc's type variations by anchor.
    variations: HashMap<u32, String>,
    parameters: Vec<String>,
    names: names::Names,
    /// The columns around the subquery that is being decoded, the innermost last.
    outer: Vec<Columns>,
    /// The work tables of the recursive queries around, the innermost last.
    recursions: Vec<(String, SchemaRef)>,
    pieces: Pieces,
    /// The parameters of the lambdas around, the innermost last.
    lambdas: Vec<Vec<FieldRef>>,
    /// Where the decoder is; after a fault, where it was.
    path: &'f mut Vec<String>,
    depth: usize,
    cost: usize,
    lookups: usize,
}

impl<'f> Decoder<'f> {
    fn run(
        bytes: &[u8],
        available: &'f dyn Functions,
        path: &'f mut Vec<String>,
    ) -> Result<LogicalPlan> {
        let (plan, pieces) = messages(bytes)?;
        let mut decoder = Decoder {
            available,
            functions: HashMap::new(),
            types: HashMap::new(),
            variations: HashMap::new(),
            parameters: Vec::new(),
            names: names::Names::unlike(bytes),
            outer: Vec::new(),
            recursions: Vec::new(),
            pieces,
            lambdas: Vec::new(),
            path,
            depth: 0,
            cost: 0,
            lookups: 0,
        };
        decoder.version(&plan)?;
        decoder.declarations(&plan)?;
        let [relation] = plan.relations.as_slice() else {
            return Err(malformed(format_args!("it has {} relations", plan.relations.len())));
        };
        let Some(plan_rel::RelType::Root(root)) = &relation.rel_type else {
            return Err(malformed("its relation is no root"));
        };
        decoder.step("root", |decoder| decoder.root(root))
    }

    /// A planc of this format wrote it, or it is plain Substrait of somebody else.
    fn version(&self, plan: &Plan) -> Result<()> {
        let producer = plan.version.as_ref().map_or("", |version| version.producer.as_str());
        match producer.strip_prefix("planc/format-") {
            Some(format) if format != super::FORMAT.to_string() => {
                Err(unknown(format_args!("it has the format {format}")))
            }
            _ => Ok(()),
        }
    }

    fn declarations(&mut self, plan: &Plan) -> Result<()> {
        let urns: HashMap<u32, &str> = plan
            .extension_urns
            .iter()
            .map(|urn| (urn.extension_urn_anchor, urn.urn.as_str()))
            .collect();
        if urns.len() != plan.extension_urns.len() {
            return Err(malformed("two extension URNs have one anchor"));
        }
        let urn = |anchor: u32| {
            urns.get(&anchor)
                .copied()
                .ok_or_else(|| malformed(format_args!("no extension URN has the anchor {anchor}")))
        };
        let own = |anchor: u32, name: &str| match urn(anchor)? {
            super::extension::URN => Ok(name.to_owned()),
            other => Err(unknown(format_args!("the type {name} of {other}"))),
        };
        for declaration in &plan.extensions {
            let free = match &declaration.mapping_type {
                Some(MappingType::ExtensionFunction(f)) => {
                    let urn = urn(f.extension_urn_reference)?.to_owned();
                    let declared = Declared { urn, name: f.name.clone() };
                    self.functions.insert(f.function_anchor, declared).is_none()
                }
                Some(MappingType::ExtensionType(t)) => {
                    let name = own(t.extension_urn_reference, &t.name)?;
                    self.types.insert(t.type_anchor, name).is_none()
                }
                Some(MappingType::ExtensionTypeVariation(v)) => {
                    let name = own(v.extension_urn_reference, &v.name)?;
                    self.variations.insert(v.type_variation_anchor, name).is_none()
                }
                None => return Err(malformed("an extension declares nothing")),
            };
            if !free {
                return Err(malformed("two extensions have one anchor"));
            }
        }
        if let Some(advanced) = &plan.advanced_extensions {
            if let Some(enhancement) = &advanced.enhancement {
                return Err(unknown(format_args!("the message {}", enhancement.type_url)));
            }
            for hint in &advanced.optimization {
                if hint.type_url == type_url::<Parameters>() {
                    self.parameters =
                        Parameters::decode(hint.value.as_ref()).map_err(malformed)?.names;
                }
            }
        }
        Ok(())
    }

    /// Goes one step down the plan, for the path of a fault.
    fn step<T>(
        &mut self,
        name: impl Into<String>,
        inner: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        self.path.push(name.into());
        let value = inner(self)?;
        self.path.pop();
        Ok(value)
    }

    /// Goes one level deeper.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= MAX_DEPTH {
            return Err(malformed(format_args!("it is nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let value = inner(self)?;
        self.depth -= 1;
        Ok(value)
    }

    /// Counts what the plan will take in memory.
    fn spend(&mut self, cost: usize) -> Result<()> {
        self.cost = self.cost.saturating_add(cost);
        if self.cost > MAX_COST {
            return Err(malformed("it is too large a plan for its bytes"));
        }
        Ok(())
    }

    /// Counts columns that DataFusion looks up by name, one by one, among others.
    fn spend_lookups(&mut self, count: usize, among: usize) -> Result<()> {
        self.spend(count)?;
        self.lookups = self.lookups.saturating_add(count.saturating_mul(among / 64));
        if self.lookups > MAX_LOOKUPS {
            return Err(malformed("it refers to too many columns among too many"));
        }
        Ok(())
    }

    /// The part of the plan that a stand-in with this number stands for.
    fn piece<M: Message + Default>(&mut self, number: &str) -> Result<M> {
        self.pieces.take(number).ok_or_else(|| malformed("a stand-in stands for nothing"))
    }

    /// A message of planc's, which the type URL has been found to name.
    fn message<D: Detail>(&self, value: &[u8]) -> Result<D> {
        D::decode(value).map_err(malformed)
    }
}
