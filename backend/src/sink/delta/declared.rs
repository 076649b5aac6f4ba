//! What is wrong with an output before any row is there: with its options beside the rows' schema.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::{DataType, Schema};
use datafusion::common::ScalarValue;
use datafusion::execution::context::SessionState;
use planc_ir::code::{PARAMETER, RULE_SETTINGS};
use planc_ir::suggest::did_you_mean;
use planc_ir::{Diagnostic, code};

use super::{Mode, SchemaMode, WriteOptions, clause, merge, types};

/// Everything that a write of such rows would be refused for whatever the table holds: a type,
/// a key, partition columns, a condition. `params` are the declared parameters with their types;
/// the state is only asked for where there is a condition.
pub fn findings<'s>(
    state: impl FnOnce() -> &'s SessionState,
    location: &str,
    rows: &Schema,
    options: &WriteOptions,
    params: &BTreeMap<String, DataType>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    found.extend(types::check(location, rows).err());
    found.extend(same_but_for_case(location, rows));
    found.extend(partitions(location, rows, &options.partition_by));
    match &options.mode {
        // A key column that is not there is found where the rule is compiled.
        Mode::Merge { key } if key.iter().all(|name| rows.field_with_name(name).is_ok()) => {
            found.extend(merge::check_key(location, key, rows).err());
        }
        // Of a table that keeps columns which the rows lack nobody knows them all.
        Mode::ReplaceWhere { predicate } if options.schema_mode != Some(SchemaMode::Merge) => {
            found.extend(condition(state(), location, rows, predicate, params));
        }
        Mode::Merge { .. } | Mode::ReplaceWhere { .. } | Mode::Overwrite | Mode::Append => {}
    }
    found
}

fn condition(
    state: &SessionState,
    location: &str,
    rows: &Schema,
    predicate: &str,
    params: &BTreeMap<String, DataType>,
) -> Option<Diagnostic> {
    // The values are not known yet, and only their types matter here.
    let typed = params.iter().filter_map(|(name, data_type)| {
        Some((name.clone(), ScalarValue::try_from(data_type).ok()?))
    });
    let error = clause::parse(state, location, predicate, rows, &typed.collect()).err()?;
    if error.code != PARAMETER {
        return Some(error);
    }
    let name = error.message.split('`').nth(1).unwrap_or_default();
    let help = did_you_mean(name, params.keys().map(String::as_str));
    let help = help.unwrap_or_else(|| format!("declare it: `{name} = \"date\"` in [params]"));
    let message = format!("replace_where: the project declares no parameter `{name}`");
    Some(Diagnostic::new(PARAMETER, message).help(help))
}

/// Delta tells columns apart by more than their case, and so does Spark.
fn same_but_for_case(location: &str, rows: &Schema) -> Option<Diagnostic> {
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for field in rows.fields() {
        if let Some(other) = names.insert(field.name().to_lowercase(), field.name()) {
            let message = format!(
                "`{location}`: a Delta table cannot hold both `{other}` and `{}`",
                field.name()
            );
            let help = "their names differ in case only: give one of them another with AS";
            return Some(Diagnostic::new(code::OUTPUT_FAILED, message).help(help));
        }
    }
    None
}

fn partitions(location: &str, rows: &Schema, partition_by: &[String]) -> Option<Diagnostic> {
    let wrong = |why: String| Some(Diagnostic::new(RULE_SETTINGS, format!("`{location}`: {why}")));
    let mut named = BTreeSet::new();
    for name in partition_by {
        if !named.insert(name.as_str()) {
            return wrong(format!("partition_by names `{name}` twice"));
        }
        let Ok(field) = rows.field_with_name(name) else {
            // That is found where the rule is compiled.
            return None;
        };
        if field.data_type().is_nested() {
            return wrong(format!(
                "`{name}` is {}, and a partition column has one value",
                field.data_type()
            ));
        }
    }
    if !partition_by.is_empty() && named.len() == rows.fields().len() {
        return wrong(
            "partition_by names every column, so nothing is left for the files".to_owned(),
        );
    }
    None
}
