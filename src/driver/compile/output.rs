//! What a compilation leaves: a record, and the rule's output as a table for its readers.

use std::collections::BTreeMap;
use std::time::Duration;

use arrow::datatypes::{Field, Schema};
use planc_artifacts::{FieldRecord, ResultRecord};
use planc_ir::type_text::{parse_type, type_text};
use planc_ir::{Diagnostic, Table, code};

use super::{Outcome, Status};

pub(super) fn failed(diagnostics: Vec<Diagnostic>, time: Duration) -> Outcome {
    let record = ResultRecord { diagnostics, ..empty_record() };
    Outcome { status: Status::Failed, record, artifact: None, key: None, time }
}

pub(super) fn empty_record() -> ResultRecord {
    ResultRecord {
        digest: None,
        diagnostics: vec![],
        output: vec![],
        lookups: BTreeMap::new(),
        constraints: vec![],
        portable: false,
        micros: 0,
    }
}

pub(super) fn fields(schema: &Schema) -> Result<Vec<FieldRecord>, Diagnostic> {
    let record = |field: &std::sync::Arc<Field>| {
        let data_type = type_text(field.data_type()).ok_or_else(|| {
            let message = format!("the type of the output column `{}` has no text", field.name());
            Diagnostic::new(code::NOT_REPRESENTABLE, message)
        })?;
        Ok(FieldRecord { name: field.name().clone(), data_type, nullable: field.is_nullable() })
    };
    schema.fields().iter().map(record).collect()
}

/// A rule's output as a table for the rules that read it.
pub(in crate::driver) fn output_table(record: &ResultRecord) -> Option<Table> {
    let field = |field: &FieldRecord| {
        Some(Field::new(&field.name, parse_type(&field.data_type).ok()?, field.nullable))
    };
    let fields: Option<Vec<Field>> = record.output.iter().map(field).collect();
    Some(Table::new(&Schema::new(fields?)))
}
