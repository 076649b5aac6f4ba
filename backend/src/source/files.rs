//! Sources that are plain files: Parquet, CSV, JSON and Arrow IPC.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::arrow::ArrowFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionState;
use futures::TryStreamExt;
use object_store::ObjectMeta;
use planc_ir::catalog::logical_schema;
use planc_ir::code::SOURCE_UNREADABLE;
use planc_ir::{Diagnostic, Digest};

use super::{Source, SourceSpec, csv, footer, missing, unreadable};
use crate::{Session, fault, location};

/// Opens a source of any kind but Delta and DDL.
pub(super) async fn open(session: &Session, spec: &SourceSpec) -> Result<Source, Diagnostic> {
    let text = spec.location();
    let wrong = |error| unreadable(text, fault::sentence(&error));
    let url = listing_url(session, text)?;
    // A single file is taken whatever its ending is.
    let ending = if url.is_collection() { extension(spec) } else { "" };
    let options = ListingOptions::new(format(session, spec)).with_file_extension(ending);
    let state = session.state.as_ref();
    let (inferred, files) = infer(state, &url, &options, spec).await.map_err(wrong)?;
    let listed = listing_state(&files);
    // The reader itself brings each file's layout to the logical types.
    let schema = logical_schema(&inferred);
    if schema.fields().is_empty() {
        return Err(unreadable(text, "it has no columns"));
    }
    if let SourceSpec::Csv { header, delimiter, .. } = spec {
        let (header, delimiter) = (*header, *delimiter);
        let provider =
            Arc::new(csv::CsvTable { url, files, schema: schema.clone(), header, delimiter });
        return Ok(Source { provider, schema, version: None, state: Some(listed), pruning: None });
    }
    let config =
        ListingTableConfig::new(url).with_listing_options(options).with_schema(schema.clone());
    let table = ListingTable::try_new(config).map_err(wrong)?;
    let cache = state.runtime_env().cache_manager.get_file_statistic_cache();
    let provider = Arc::new(table.with_cache(cache));
    Ok(Source { provider, schema, version: None, state: Some(listed), pruning: None })
}

async fn infer(
    state: &SessionState,
    url: &ListingTableUrl,
    options: &ListingOptions,
    spec: &SourceSpec,
) -> Result<(SchemaRef, Vec<ObjectMeta>), DataFusionError> {
    let store = state.runtime_env().object_store(url)?;
    let listed = url.list_all_files(state, store.as_ref(), &options.file_extension).await?;
    let files: Vec<_> = listed.try_collect().await?;
    if files.is_empty() {
        let ending = &options.file_extension;
        return Err(DataFusionError::Plan(format!("there are no {ending} files")));
    }
    let schema = match spec {
        SourceSpec::Csv { schema: Some(known), .. } => Ok(Arc::clone(known)),
        SourceSpec::Csv { header, delimiter, schema: None, .. } => {
            csv::infer(store.as_ref(), &files, *header, *delimiter).await
        }
        SourceSpec::Parquet { .. } => {
            footer::check(store.as_ref(), &files).await?;
            options.infer_schema(state, url).await
        }
        SourceSpec::Arrow { .. } => {
            let inferred = options.infer_schema(state, url).await;
            inferred.map_err(|error| match error.find_root() {
                DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) => error,
                _ => DataFusionError::Plan("it is no Arrow IPC file or stream".to_owned()),
            })
        }
        _ => options.infer_schema(state, url).await,
    };
    Ok((schema?, files))
}

/// The files with their sizes and times, as one mark.
fn listing_state(files: &[ObjectMeta]) -> String {
    let mut files: Vec<&ObjectMeta> = files.iter().collect();
    files.sort_by(|a, b| a.location.cmp(&b.location));
    let parts = files.iter().map(|file| {
        let (tag, version) = (file.e_tag.as_deref(), file.version.as_deref());
        let time = file.last_modified.timestamp_micros();
        format!("{} {} {time} {tag:?} {version:?}", file.location, file.size)
    });
    let parts: Vec<String> = parts.collect();
    format!("files {}", Digest::of_parts(parts.iter().map(String::as_bytes)))
}

fn listing_url(session: &Session, text: &str) -> Result<ListingTableUrl, Diagnostic> {
    let wrong = |error| unreadable(text, fault::sentence(&error));
    let url = location::parse(text, SOURCE_UNREADABLE)?;
    if url.scheme() != "file" {
        let store = location::remote_store(&url).map_err(|error| wrong(error.into()))?;
        session.state.runtime_env().register_object_store(&url, store);
        return ListingTableUrl::parse(text).map_err(wrong);
    }
    let is_glob = text.contains(['*', '?', '[']);
    if let Some(diagnostic) = missing(text, &url) {
        if !is_glob {
            return Err(diagnostic);
        }
        return ListingTableUrl::parse(text).map_err(wrong);
    }
    // A path that exists is meant as it stands, though it may look like a glob.
    ListingTableUrl::try_new(url, None).map_err(wrong)
}

fn format(session: &Session, spec: &SourceSpec) -> Arc<dyn FileFormat> {
    match spec {
        // Only its files are listed that way.
        SourceSpec::Csv { .. } => Arc::new(CsvFormat::default()),
        SourceSpec::Json { .. } => {
            Arc::new(JsonFormat::default().with_schema_infer_max_rec(usize::MAX))
        }
        SourceSpec::Arrow { .. } => Arc::new(ArrowFormat),
        SourceSpec::Parquet { .. }
        | SourceSpec::Delta { .. }
        | SourceSpec::DeltaChanges { .. }
        | SourceSpec::Ddl { .. } => {
            let options = session.state.table_options().parquet.clone();
            Arc::new(ParquetFormat::default().with_options(options).with_force_view_types(false))
        }
    }
}

fn extension(spec: &SourceSpec) -> &'static str {
    match spec {
        SourceSpec::Csv { .. } => ".csv",
        SourceSpec::Json { .. } => ".json",
        SourceSpec::Arrow { .. } => ".arrow",
        SourceSpec::Parquet { .. }
        | SourceSpec::Delta { .. }
        | SourceSpec::DeltaChanges { .. }
        | SourceSpec::Ddl { .. } => ".parquet",
    }
}
