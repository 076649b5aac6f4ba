//! Merging rows into a table by a key.

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::common::Column;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use deltalake::operations::merge::MergeBuilder;
use futures::TryStreamExt;
use planc_ir::Diagnostic;
use planc_ir::code::{OUTPUT_FAILED, OUTPUT_KEY};

use super::attempt::{Failure, Target};
use super::provenance::commit_properties;
use super::spool::Spooled;
use super::{Committed, Mode, Rows, SchemaMode, WriteOptions};
use crate::scan::guard::holds_floats;
use crate::{Session, fault};

/// The names of the two sides in the merge's conditions.
const ROWS: &str = "planc_rows";
const TABLE: &str = "planc_table";

/// The key's columns can identify rows.
///
/// # Errors
/// P0714 for no column, one that the rows lack, or one whose values have no equality or no
/// bounds that files can be chosen by.
pub(super) fn check_key(location: &str, key: &[String], rows: &Schema) -> Result<(), Diagnostic> {
    let wrong = |why: String| Err(Diagnostic::new(OUTPUT_KEY, format!("`{location}`: {why}")));
    if key.is_empty() {
        return wrong("a merge needs a key".to_owned());
    }
    for name in key {
        let Ok(field) = rows.field_with_name(name) else {
            return wrong(format!("the rows have no key column `{name}`"));
        };
        let data_type = field.data_type();
        if holds_floats(data_type) || data_type.is_nested() || *data_type == DataType::Null {
            return wrong(format!("`{name}` is {data_type}, which cannot be a key"));
        }
    }
    Ok(())
}

/// The rows in the table, in one commit.
pub(super) async fn merge(
    session: &Session,
    target: &Target,
    spooled: &Spooled,
    options: &WriteOptions,
) -> Result<Committed, Failure> {
    // Without a row there is nothing to match, and the commit still says that the run was.
    if target.check_schema(&spooled.schema, options)?.is_none() || spooled.rows == 0 {
        return target.write(session, &First { session, spooled }, options).await;
    }
    let Some(snapshot) = target.snapshot()? else {
        return Err(Failure::Wrong(Diagnostic::new(OUTPUT_KEY, "the table vanished")));
    };
    let Mode::Merge { key } = &options.mode else {
        return Err(Failure::Wrong(Diagnostic::new(OUTPUT_KEY, "a merge needs a key")));
    };
    let mut config = session.state.config().clone();
    let optimizer = &mut config.options_mut().optimizer;
    // Hash joins panic when they make a list of keys from the dictionaries of partition columns.
    optimizer.hash_join_inlist_pushdown_max_size = 0;
    optimizer.hash_join_inlist_pushdown_max_distinct_values = 0;
    // A hash join cannot spill.
    optimizer.prefer_hash_join = session.limits.memory.is_none();
    let state = SessionStateBuilder::new_from_existing(session.state.as_ref().clone())
        .with_config(config)
        .build();
    let wrong = |error| Failure::Wrong(failed_query(&target.location, &error));
    let rows = spooled.read(state.clone()).map_err(wrong)?;
    let side = |side: &str, name: &str| Expr::Column(Column::new(Some(side), name));
    let same = conjunction(key.iter().map(|name| side(TABLE, name).eq(side(ROWS, name))));
    let Some(same) = same else {
        return Err(Failure::Wrong(Diagnostic::new(OUTPUT_KEY, "a merge needs a key")));
    };
    let names: Vec<String> =
        spooled.schema.fields().iter().map(|field| field.name().clone()).collect();
    let build = || {
        MergeBuilder::new(target.log_store(), Some(snapshot), same, rows)
            .with_source_alias(ROWS)
            .with_target_alias(TABLE)
            .with_session_state(Arc::new(state))
            .with_safe_cast(false)
            .with_merge_schema(options.schema_mode == Some(SchemaMode::Merge))
            .with_commit_properties(commit_properties(options, target.attempt()))
            .when_matched_update(|mut update| {
                for name in &names {
                    update = update.update(Column::new(Some(TABLE), name), side(ROWS, name));
                }
                update
            })?
            .when_not_matched_insert(|mut insert| {
                for name in &names {
                    insert = insert.set(Column::new(Some(TABLE), name), side(ROWS, name));
                }
                insert
            })
    };
    let merged = match build() {
        Ok(merge) => merge.await,
        Err(error) => Err(error),
    };
    match merged {
        Ok((table, _)) => Ok(Committed {
            version: table.version().unwrap_or_default(),
            rows: spooled.rows,
            unchanged: false,
        }),
        Err(error) => Err(Failure::of(&target.location, &error, spooled.rows)),
    }
}

fn failed_query(location: &str, error: &datafusion::error::DataFusionError) -> Diagnostic {
    let message = format!("`{location}` cannot be merged");
    fault::engine_failed(OUTPUT_FAILED, &message, error)
}

/// The rows as those of a table that does not exist yet.
struct First<'a> {
    session: &'a Session,
    spooled: &'a Spooled,
}

#[async_trait]
impl Rows for First<'_> {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.spooled.schema)
    }

    async fn stream(&self) -> Result<SendableRecordBatchStream, Diagnostic> {
        let state = self.session.state.as_ref().clone();
        let rows = self.spooled.read(state).map_err(|error| fault::run_failed(&error))?;
        let batches = futures::stream::once(rows.execute_stream()).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }
}
