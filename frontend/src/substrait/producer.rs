//! Who made a plan: what its words mean depends on it.

use std::fmt;

use substrait::proto::Plan;

use super::Fact;
use super::fault::{Result, unsupported};

/// The producer of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Producer {
    /// ibis-substrait, which names itself.
    Ibis,
    /// ibis-substrait as built from its repository: it leaves its name empty.
    IbisUnnamed,
    /// Isthmus: Calcite's plans.
    Isthmus,
    /// DuckDB's extension.
    DuckDb,
    /// DataFusion's own producer.
    DataFusion,
    /// planc, or a producer that writes for planc.
    Planc,
    /// Nobody says, and the extensions are named as ibis-substrait names them, and others too.
    Nobody,
    /// Somebody else, who is taken at the word of the specification.
    Unknown,
}

impl Producer {
    /// By the name that the plan gives, and by how it names its extensions.
    pub(super) fn of(plan: &Plan, uris: &[String]) -> Self {
        let name = plan.version.as_ref().map_or("", |version| version.producer.as_str());
        let lower = name.to_ascii_lowercase();
        let has = |part: &str| lower.contains(part);
        if lower.starts_with("planc") {
            Producer::Planc
        } else if name == "ibis-substrait" && minor(plan) <= LAST_IBIS {
            Producer::Ibis
        } else if has("isthmus") || has("calcite") || has("substrait-java") {
            Producer::Isthmus
        } else if has("duckdb") {
            Producer::DuckDb
        } else if has("datafusion") {
            Producer::DataFusion
        } else if !name.is_empty() {
            Producer::Unknown
        } else if !uris.is_empty() && uris.iter().all(|uri| uri.starts_with(IBIS_URIS)) {
            Producer::Nobody
        } else if !uris.is_empty() && uris.iter().all(|uri| uri.starts_with("/functions_")) {
            Producer::Isthmus
        } else {
            Producer::Unknown
        }
    }

    /// With what the bundle says of a plan that names nobody.
    pub(super) fn known(self, facts: &[Fact]) -> Result<Self> {
        match self {
            Producer::Nobody | Producer::Unknown if facts.contains(&Fact::ByIbis) => {
                Ok(Producer::IbisUnnamed)
            }
            Producer::Nobody if facts.contains(&Fact::ByTheBook) => Ok(Producer::Unknown),
            Producer::Nobody => Err(unsupported("the plan does not say who made it").help(
                "write `producer = \"ibis-substrait\"` into the TOML file beside it, or \
                 `producer = \"specification\"`",
            )),
            named => Ok(named),
        }
    }

    /// True where Ibis's meanings hold, and not those of the specification.
    pub(super) fn is_ibis(self) -> bool {
        matches!(self, Producer::Ibis | Producer::IbisUnnamed)
    }
}

/// The last minor version of Substrait that ibis-substrait 4.0.1 works with.
const LAST_IBIS: u32 = 57;

/// The minor version of Substrait that a plan names, 0 where it names none.
pub(super) fn minor(plan: &Plan) -> u32 {
    plan.version.as_ref().map_or(0, |version| version.minor_number)
}

/// What ibis-substrait's extension URIs begin with.
const IBIS_URIS: &str = "https://github.com/substrait-io/substrait/blob/main/extensions/functions_";

impl fmt::Display for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Producer::Ibis => "ibis-substrait",
            Producer::IbisUnnamed => "ibis-substrait (unnamed)",
            Producer::Isthmus => "Isthmus",
            Producer::DuckDb => "DuckDB",
            Producer::DataFusion => "DataFusion",
            Producer::Planc => "planc",
            Producer::Nobody | Producer::Unknown => "an unknown producer",
        })
    }
}
