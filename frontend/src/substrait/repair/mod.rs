//! What producers say wrongly and planc puts right: one line a repair, and the rewrites of
//! whole plans. Repairs of single calls are made where the call is lowered.
//!
//! A repair is made only where the plan leaves no doubt about what was meant. What is lost is
//! refused, with a code.

mod duckdb;
mod joins;

use std::fmt;

use super::Fact;
use super::decode::Source;
use super::fault::{Path, Result};
use super::producer::Producer;

/// Something that a producer says wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repair {
    /// DuckDB's projections have none of their input's columns.
    ProjectOnly,
    /// The emit of a projection counts the columns that Ibis has, not those of the join.
    ProjectEmit,
    /// A semi join's right columns are counted, though it has none.
    SemiJoinEmit,
    /// Nulls sort last in Ibis, and the plan says first.
    NullOrder,
    /// Ibis divides integers to a float.
    TrueDivision,
    /// Ibis counts characters from 0.
    Substring,
    /// Ibis counts positions from 0.
    StringPosition,
    /// Ibis strips all white space.
    Strip,
    /// A frame without units means rows.
    RowsFrame,
    /// An offset of 0 is the current row.
    ZeroOffset,
    /// The part of a date is an enumeration argument.
    DatePart,
    /// A function goes by another name in DataFusion.
    Renamed,
    /// A function is an expression in DataFusion.
    Expression,
    /// The deprecated timestamps count microseconds.
    PrecisionTimestamp,
    /// Texts of a fixed or bounded length are texts.
    VarcharLiteral,
    /// A filter within a read, which some consumers ignore.
    ReadFilter,
    /// A field of a struct, by its place.
    NestedField,
    /// A window function within a filter.
    FilterWindow,
    /// The catalog says another nullability, or a wider type.
    Nullability,
    /// Names differ in case.
    NameCase,
    /// Integer results are of the type that the plan says.
    ResultType,
}

/// A line of the table of repairs.
#[derive(Debug)]
pub struct RepairInfo {
    /// The repair.
    pub repair: Repair,
    /// Whose plans need it.
    pub producers: &'static str,
    /// What was wrong, as a sentence's part.
    pub reason: &'static str,
}

macro_rules! repairs {
    ($($repair:ident $producers:literal $reason:literal;)*) => {
        /// All repairs.
        pub static REPAIRS: &[RepairInfo] = &[$(RepairInfo {
            repair: Repair::$repair,
            producers: $producers,
            reason: $reason,
        }),*];
    };
}

repairs! {
    ProjectOnly "DuckDB" "a projection without emit has only what it computes";
    ProjectEmit "ibis-substrait ≤ 4.0.1" "a projection above a join emits the wrong columns";
    SemiJoinEmit "ibis-substrait ≤ 4.0.1" "the right columns of a semi join are counted, though it has none";
    NullOrder "ibis-substrait ≤ 4.0.1" "sorts say NULLS FIRST where Ibis means NULLS LAST";
    TrueDivision "ibis-substrait ≤ 4.0.1" "the division of integers gives a float in Ibis";
    Substring "ibis-substrait ≤ 4.0.1" "substr is zero-based";
    StringPosition "ibis-substrait ≤ 4.0.1" "positions in strings are zero-based";
    Strip "ibis-substrait ≤ 4.0.1" "strip takes away all white space";
    RowsFrame "ibis-substrait ≤ 4.0.1" "frames do not say that they count rows";
    ZeroOffset "ibis-substrait ≤ 4.0.1" "an offset of 0 in a frame is the current row";
    DatePart "every producer" "the part of a date is an enumeration argument";
    Renamed "every producer" "a function goes by another name in DataFusion";
    Expression "every producer" "a function that DataFusion has as an expression";
    PrecisionTimestamp "producers of Substrait before 0.60" "timestamps are of the deprecated types, in microseconds";
    VarcharLiteral "Isthmus, IBM" "a literal of varchar or fixed char is taken as a string";
    ReadFilter "DuckDB, Isthmus" "a filter stands within a read";
    NestedField "every producer" "fields of structs are referred to by their place";
    FilterWindow "every producer" "a window function stands within a filter";
    Nullability "every producer" "nullability and wider types are taken from the catalog";
    NameCase "Isthmus" "names are compared without case";
    ResultType "every producer" "a result is brought to the type that the plan says";
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = REPAIRS.iter().find(|info| info.repair == *self);
        info.map_or(Ok(()), |info| write!(f, "{} ({})", info.reason, info.producers))
    }
}

/// Rewrites a plan where its producer is known to write it wrongly; returns the repairs made.
pub(super) fn repair(source: &mut Source, facts: &[Fact], path: &mut Path) -> Result<Vec<Repair>> {
    match source.producer {
        Producer::Ibis | Producer::IbisUnnamed => joins::repair(source, facts, path),
        Producer::DuckDb => Ok(duckdb::repair(source)),
        _ => Ok(Vec::new()),
    }
}
