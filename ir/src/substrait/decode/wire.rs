//! Deeply nested messages.
//!
//! prost stops at 100 messages within each other, and a plan of forty relations or of an
//! expression thirty deep has more. So a deep plan is cut, before prost sees it, into pieces
//! that are shallow: where a relation or an expression lies deep, the piece holds a stand-in
//! with the number of the piece that the real one was moved to. The decoder takes the next
//! piece when it comes to a stand-in. Stand-ins are messages that a plan must not have.

use super::{Result, malformed, unknown};

/// Messages within each other before a cut. What is not cut (types, literals) has the rest of
/// prost's 100 for itself.
const SHALLOW: usize = 40;
/// Messages within each other in all, a bound for the recursion here.
const DEEPEST: usize = 4_000;
/// The most pieces: a plan that needs more is not one.
const MOST_PIECES: usize = 1 << 16;

/// The messages on the way to relations and expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plan,
    PlanRel,
    Root,
    Rel,
    Read,
    VirtualTable,
    Row,
    Filter,
    Fetch,
    Aggregate,
    Grouping,
    Measure,
    AggregateFunction,
    Sort,
    SortField,
    Join,
    Project,
    Inputs,
    Input,
    Cross,
    Expression,
    ScalarFunction,
    WindowFunction,
    Argument,
    IfThen,
    IfClause,
    Switch,
    IfValue,
    InList,
    Cast,
    Subquery,
    Scalar,
    Lambda,
    InPredicate,
    SetPredicate,
    SetComparison,
}

/// The message in a field, where relations or expressions lie within; by the numbers in
/// Substrait's `plan.proto` and `algebra.proto`.
fn within(kind: Kind, field: u32) -> Option<Kind> {
    use Kind::*;
    Some(match (kind, field) {
        (Plan, 3) => PlanRel,
        (PlanRel, 1) => Rel,
        (PlanRel, 2) => Root,
        (Root, 1) => Rel,
        (Rel, 1) => Read,
        (Rel, 2) => Filter,
        (Rel, 3) => Fetch,
        (Rel, 4) => Aggregate,
        (Rel, 5) => Sort,
        (Rel, 6) => Join,
        (Rel, 7) => Project,
        (Rel, 8 | 10) => Inputs,
        (Rel, 9) => Input,
        (Rel, 12) => Cross,
        (Read, 3 | 11) => Expression,
        (Read, 5) => VirtualTable,
        (VirtualTable, 2) => Row,
        (Row, 1) => Expression,
        (Filter | Fetch | Aggregate | Sort | Project | Inputs | Input, 2) => Rel,
        (Join | Cross, 2 | 3) => Rel,
        (Filter | Project, 3) => Expression,
        (Fetch, 5 | 6) => Expression,
        (Aggregate, 3) => Grouping,
        (Aggregate, 4) => Measure,
        (Aggregate, 5) => Expression,
        (Grouping, 1) => Expression,
        (Measure, 1) => AggregateFunction,
        (Measure, 2) => Expression,
        (AggregateFunction, 3) => SortField,
        (AggregateFunction, 7) => Argument,
        (Sort, 3) => SortField,
        (SortField, 1) => Expression,
        (Join, 4 | 5) => Expression,
        (Expression, 3) => ScalarFunction,
        (Expression, 5) => WindowFunction,
        (Expression, 6) => IfThen,
        (Expression, 7) => Switch,
        (Expression, 8) => InList,
        (Expression, 11) => Cast,
        (Expression, 12) => Subquery,
        (Expression, 15) => Lambda,
        (ScalarFunction, 4) => Argument,
        (WindowFunction, 2) => Expression,
        (WindowFunction, 3) => SortField,
        (WindowFunction, 9) => Argument,
        (Argument, 3) => Expression,
        (IfThen, 1) => IfClause,
        (IfThen, 2) => Expression,
        (IfClause, 1 | 2) => Expression,
        (Switch, 1) => IfValue,
        (Switch, 2 | 3) => Expression,
        (IfValue, 2) => Expression,
        (InList, 1 | 2) => Expression,
        (Cast, 2) => Expression,
        (Subquery, 1) => Scalar,
        (Subquery, 2) => InPredicate,
        (Subquery, 3) => SetPredicate,
        (Subquery, 4) => SetComparison,
        (Lambda, 2) => Expression,
        (Scalar, 1) => Rel,
        (InPredicate, 1) => Expression,
        (InPredicate, 2) => Rel,
        (SetPredicate, 2) => Rel,
        (SetComparison, 3) => Expression,
        (SetComparison, 4) => Rel,
        _ => return None,
    })
}

/// Cuts the bytes of a plan. The first is the plan itself, the others are its pieces.
pub(super) fn cut(bytes: &[u8]) -> Result<(Vec<u8>, Vec<Vec<u8>>)> {
    let mut pieces = Vec::new();
    let mut plan = Vec::with_capacity(bytes.len());
    copy(bytes, Kind::Plan, 0, 0, &mut plan, &mut pieces)?;
    Ok((plan, pieces))
}

/// Copies a message and cuts what lies too deep in it. `shallow` counts from the last cut.
fn copy(
    message: &[u8],
    kind: Kind,
    depth: usize,
    shallow: usize,
    copied: &mut Vec<u8>,
    pieces: &mut Vec<Vec<u8>>,
) -> Result<()> {
    if depth > DEEPEST {
        return Err(malformed(format_args!("its messages are nested over {DEEPEST} deep")));
    }
    let mut rest = message;
    while !rest.is_empty() {
        let field = Field::read(&mut rest)?;
        let inner = field.content.and_then(|content| Some((content, within(kind, field.number)?)));
        match inner {
            None => {
                if is_stand_in(kind, field.number) {
                    return Err(unknown("a shared relation or an enum expression"));
                }
                copied.extend_from_slice(field.whole);
            }
            Some((content, Kind::Rel | Kind::Expression)) if shallow >= SHALLOW => {
                let is_rel = within(kind, field.number) == Some(Kind::Rel);
                let kind = if is_rel { Kind::Rel } else { Kind::Expression };
                if pieces.len() >= MOST_PIECES {
                    return Err(malformed("it has too many deep parts"));
                }
                let number = pieces.len();
                pieces.push(Vec::new());
                let mut piece = Vec::with_capacity(content.len());
                copy(content, kind, depth + 1, 0, &mut piece, pieces)?;
                if let Some(slot) = pieces.get_mut(number) {
                    *slot = piece;
                }
                delimited(field.number, &stand_in(is_rel, number), copied);
            }
            Some((content, kind)) => {
                let mut inner = Vec::with_capacity(content.len());
                copy(content, kind, depth + 1, shallow + 1, &mut inner, pieces)?;
                delimited(field.number, &inner, copied);
            }
        }
    }
    Ok(())
}

/// The field of a relation or expression that stand-ins use: `ReferenceRel`, and the
/// deprecated `Enum`.
fn is_stand_in(kind: Kind, field: u32) -> bool {
    matches!((kind, field), (Kind::Rel, 21) | (Kind::Expression, 10))
}

/// A relation `reference { subtree_ordinal: number }`, or an expression
/// `enum { specified: number }`.
fn stand_in(is_rel: bool, number: usize) -> Vec<u8> {
    let mut inner = Vec::new();
    let mut outer = Vec::new();
    if is_rel {
        varint(1 << 3, &mut inner);
        varint(number as u64, &mut inner);
        delimited(21, &inner, &mut outer);
    } else {
        delimited(1, number.to_string().as_bytes(), &mut inner);
        delimited(10, &inner, &mut outer);
    }
    outer
}

/// A field as it stands in a message.
struct Field<'a> {
    number: u32,
    /// Key, length and content.
    whole: &'a [u8],
    /// Of a length-delimited field.
    content: Option<&'a [u8]>,
}

impl<'a> Field<'a> {
    fn read(rest: &mut &'a [u8]) -> Result<Self> {
        let short = || malformed("a message ends in the middle of a field");
        let start = *rest;
        let key = read_varint(rest).ok_or_else(short)?;
        let number = u32::try_from(key >> 3).map_err(malformed)?;
        let length = match key & 7 {
            0 => {
                read_varint(rest).ok_or_else(short)?;
                0
            }
            1 => 8,
            2 => usize::try_from(read_varint(rest).ok_or_else(short)?).map_err(malformed)?,
            5 => 4,
            other => return Err(malformed(format_args!("there is no wire type {other}"))),
        };
        let content = rest.get(..length).ok_or_else(short)?;
        *rest = rest.get(length..).ok_or_else(short)?;
        let whole = start.get(..start.len() - rest.len()).ok_or_else(short)?;
        Ok(Field { number, whole, content: (key & 7 == 2).then_some(content) })
    }
}

fn read_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, tail) = rest.split_first()?;
        *rest = tail;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn delimited(field: u32, content: &[u8], out: &mut Vec<u8>) {
    varint(u64::from(field) << 3 | 2, out);
    varint(content.len() as u64, out);
    out.extend_from_slice(content);
}
