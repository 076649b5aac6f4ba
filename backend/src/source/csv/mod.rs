//! CSV files, after RFC 4180. An unquoted empty field is NULL and `""` is the empty text, which
//! arrow's reader does not tell apart; so planc reads the records itself.

mod columns;
mod infer;
mod records;
mod scan;

pub(super) use infer::infer;
pub(super) use scan::CsvTable;
