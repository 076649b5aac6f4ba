//! What planc adds to Substrait: names and messages. `ir/proto/planc.proto` and
//! `ir/extensions/*.yaml` are their documentation for readers of other languages.

use prost::Message;
use substrait::proto::r#type::Struct;
use substrait::proto::{Expression, ExtensionLeafRel, SortField};

/// The URN of planc's functions, types and type variations. Its last part is the semantic
/// version: the release of DataFusion whose functions they are.
pub const URN: &str = "extension:dev.planc:datafusion-55";

/// What stands before the message's name in the type URL of an `Any`.
const TYPE_URL: &str = "type.planc.dev/planc.v1.";

/// The options that planc's aggregate and window functions take, and their values.
pub(crate) mod option {
    /// `IGNORE`: nulls are no input of the function. Without it they are.
    pub(crate) const NULLS: &str = "nulls";
    pub(crate) const IGNORE: &str = "IGNORE";
    /// `GROUPS`: the bounds count groups of peers.
    pub(crate) const FRAME: &str = "frame";
    pub(crate) const GROUPS: &str = "GROUPS";
    /// `AGGREGATE`: the aggregate function of this name, where a window function has it too.
    pub(crate) const KIND: &str = "kind";
    pub(crate) const AGGREGATE: &str = "AGGREGATE";
}

/// The enumeration arguments that stand before what Substrait's window function has no
/// field for. They follow the function's own arguments.
pub(crate) mod marker {
    /// Before the condition that a row must meet to be an input of the function.
    pub(crate) const FILTER: &str = "FILTER";
    /// Before the literal that replaces the offset of the lower bound.
    pub(crate) const LOWER: &str = "LOWER_BOUND";
    /// Before the literal that replaces the offset of the upper bound.
    pub(crate) const UPPER: &str = "UPPER_BOUND";
}

/// A message of planc's that travels in an `Any`.
pub(crate) trait Detail: Message + Default {
    /// The message's name in `planc.v1`.
    const NAME: &'static str;
}

macro_rules! details {
    ($($message:ident)*) => {
        $(impl Detail for $message {
            const NAME: &'static str = stringify!($message);
        })*
    };
}

details! { GroupingId NullAware DistinctOn Unnest RecursiveQuery WorkTable Lateral TableFunction Parameters }

/// The type URL of a message.
pub(crate) fn type_url<D: Detail>() -> String {
    format!("{TYPE_URL}{}", D::NAME)
}

/// A message packed in the `detail` of a relation. It is returned within one, because the
/// type of the `Any` has no name outside of Substrait's messages.
pub(crate) fn packed<D: Detail>(detail: &D) -> ExtensionLeafRel {
    let mut relation = ExtensionLeafRel { common: None, detail: Some(Default::default()) };
    if let Some(any) = &mut relation.detail {
        any.type_url = type_url::<D>();
        any.value = detail.encode_to_vec().into();
    }
    relation
}

/// Enhances an `AggregateRel` with grouping sets: between the keys and the measures stands
/// DataFusion's grouping id, and no set index at the end.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct GroupingId {}

/// Enhances an anti `JoinRel` to what `NOT IN` means: a null on the right keeps no row, a null
/// on the left is kept only where the right is empty.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct NullAware {
    /// How many conjuncts at the head of the join's expression are its keys.
    #[prost(uint32, tag = "1")]
    pub(crate) keys: u32,
}

/// `SELECT DISTINCT ON (on) select … ORDER BY sorts`: of the input rows with equal `on`, the
/// first by `sorts`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct DistinctOn {
    #[prost(message, repeated, tag = "1")]
    pub(crate) on: Vec<Expression>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) select: Vec<Expression>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) sorts: Vec<SortField>,
}

/// Expands lists into rows and structs into columns.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Unnest {
    /// The input columns that are expanded.
    #[prost(uint32, repeated, tag = "1")]
    pub(crate) columns: Vec<u32>,
    /// Lists that are expanded to a depth other than one, or to several.
    #[prost(message, repeated, tag = "2")]
    pub(crate) recursions: Vec<Recursion>,
    /// 0: a null list gives no row. 1: it gives one row with a null. 2: so does an empty list.
    #[prost(uint32, tag = "3")]
    pub(crate) null_handling: u32,
}

/// One output of [`Unnest`].
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Recursion {
    #[prost(uint32, tag = "1")]
    pub(crate) column: u32,
    #[prost(uint32, tag = "2")]
    pub(crate) depth: u32,
}

/// The first input's rows, then the second input's again and again, until it gives none.
/// Within the second, [`WorkTable`] reads the rows of the round before.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RecursiveQuery {
    /// True where a row that was there before is dropped.
    #[prost(bool, tag = "1")]
    pub(crate) distinct: bool,
}

/// The rows of the round before of an enclosing [`RecursiveQuery`].
#[derive(Clone, PartialEq, Message)]
pub(crate) struct WorkTable {
    /// How many recursive queries lie between: 0 is the innermost.
    #[prost(uint32, tag = "1")]
    pub(crate) steps: u32,
    /// The types of the columns.
    #[prost(message, optional, tag = "2")]
    pub(crate) row: Option<Struct>,
}

/// The rows that a table function gives.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TableFunction {
    /// The anchor of the function.
    #[prost(uint32, tag = "1")]
    pub(crate) function_reference: u32,
    /// Literals.
    #[prost(message, repeated, tag = "2")]
    pub(crate) arguments: Vec<Expression>,
    /// The types of the columns.
    #[prost(message, optional, tag = "3")]
    pub(crate) row: Option<Struct>,
}

/// The right input of a join, computed anew for each row of the left one, to which its outer
/// references with one step point.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Lateral {}

/// In the plan's `advanced_extensions.optimization`: the names of parameters. The one with
/// the reference `2³¹ + n` is called `names[n]`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Parameters {
    #[prost(string, repeated, tag = "1")]
    pub(crate) names: Vec<String>,
}

/// The first reference of a parameter with a name; the ones below are numbers (`$1`).
pub(crate) const NAMED_PARAMETERS: u32 = 1 << 31;
