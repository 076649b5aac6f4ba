//! The rows of a merge on disk, so that they can be checked before the table is touched, read
//! as often as the merge needs, and used again when another writer was faster.

use std::fs::File;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::execution::context::{SessionContext, SessionState};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, ident, lit};
use futures::StreamExt;
use parquet::arrow::ArrowWriter;
use planc_ir::Diagnostic;
use planc_ir::code::{OUTPUT_FAILED, OUTPUT_KEY};
use tempfile::TempDir;

use super::Rows;
use crate::sink::parquet::ROW_GROUP_BYTES;
use crate::{Session, fault};

/// Rows in a temporary Parquet file, which goes with this.
pub(super) struct Spooled {
    _folder: TempDir,
    table: Arc<ListingTable>,
    pub(super) schema: SchemaRef,
    pub(super) rows: u64,
}

impl Spooled {
    /// The rows, to be read in this state.
    pub(super) fn read(&self, state: SessionState) -> datafusion::common::Result<DataFrame> {
        SessionContext::new_with_state(state).read_table(Arc::clone(&self.table) as _)
    }
}

/// Reads all rows. Their key must tell them apart.
///
/// # Errors
/// P0704 or P0707 where the query fails, P0714 for a key that is NULL or there twice, P0705
/// where the temporary file cannot be written.
pub(super) async fn spool(
    session: &Session,
    rows: &dyn Rows,
    key: &[String],
    location: &str,
) -> Result<Spooled, Diagnostic> {
    let failed = |why: String| {
        Diagnostic::new(OUTPUT_FAILED, format!("the rows cannot be kept for the merge: {why}"))
    };
    let folder = tempfile::Builder::new().prefix("planc-merge-").tempdir();
    let folder = folder.map_err(|error| failed(error.to_string()))?;
    let path = folder.path().join("rows.parquet");
    let schema = rows.schema();
    let file = File::create(&path).map_err(|error| failed(error.to_string()))?;
    let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), None)
        .map_err(|error| failed(error.to_string()))?;
    let mut stream = rows.stream().await?;
    let mut count = 0;
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(|error| fault::run_failed(&error))?;
        count += batch.num_rows() as u64;
        writer.write(&batch).map_err(|error| failed(error.to_string()))?;
        if writer.memory_size() > ROW_GROUP_BYTES {
            writer.flush().map_err(|error| failed(error.to_string()))?;
        }
    }
    writer.close().map_err(|error| failed(error.to_string()))?;
    let wrong = |error| fault::engine_failed(OUTPUT_FAILED, "the rows cannot be merged", &error);
    let url = ListingTableUrl::parse(path.to_string_lossy()).map_err(wrong)?;
    let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension("");
    let config =
        ListingTableConfig::new(url).with_listing_options(options).with_schema(Arc::clone(&schema));
    let table = Arc::new(ListingTable::try_new(config).map_err(wrong)?);
    let spooled = Spooled { _folder: folder, table, schema, rows: count };
    if let Some(why) = unfit_key(session, &spooled, key).await.map_err(wrong)? {
        let message = format!("`{location}`: {why}");
        let help = match why.ends_with("is NULL in some row") {
            true => "leave such rows out, by WHERE … IS NOT NULL, or give them a key",
            false => "make the rule give one row for each key, for instance by GROUP BY",
        };
        return Err(Diagnostic::new(OUTPUT_KEY, message).help(help));
    }
    Ok(spooled)
}

/// Why the key does not tell the rows apart.
async fn unfit_key(
    session: &Session,
    spooled: &Spooled,
    key: &[String],
) -> datafusion::common::Result<Option<String>> {
    let read = || spooled.read(session.state.as_ref().clone());
    let columns: Vec<Expr> = key.iter().map(ident).collect();
    let shown = |names: &[String]| {
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    for (column, name) in columns.iter().zip(key) {
        let nulls = read()?.filter(column.clone().is_null())?.limit(0, Some(1))?;
        if nulls.count().await? > 0 {
            return Ok(Some(format!("the key column `{name}` is NULL in some row")));
        }
    }
    let twice = read()?
        .aggregate(columns.clone(), vec![count(lit(1)).alias("__rows")])?
        .filter(ident("__rows").gt(lit(1)))?
        .limit(0, Some(1))?
        .collect()
        .await?;
    let Some(batch) = twice.iter().find(|batch| batch.num_rows() > 0) else { return Ok(None) };
    let mut values = Vec::new();
    for column in batch.columns().iter().take(key.len()) {
        values.push(arrow::util::display::array_value_to_string(column, 0)?);
    }
    let rows = batch.columns().get(key.len());
    let rows = rows.map(|rows| arrow::util::display::array_value_to_string(rows, 0)).transpose()?;
    Ok(Some(format!(
        "{} rows have the key ({}) = ({})",
        rows.unwrap_or_default(),
        shown(key),
        values.join(", ")
    )))
}
