//! The change feed of a table whose columns have other names in its files.
//!
//! The library reads no such feed. It is shown another log instead, in memory: the commits of the
//! range, numbered from 0, of a table whose columns are called as in the files. The data are read
//! where they lie. What comes out of it gets the table's names and the commits' own numbers.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result as EngineResult, ScalarValue};
use datafusion::logical_expr::{Expr, Operator, TableType};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::expressions::{BinaryExpr, Column, Literal};
use datafusion::physical_plan::projection::ProjectionExec;
use deltalake::DeltaTable;
use deltalake::logstore::{StorageConfig, logstore_with};
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use serde_json::{Value, json};
use url::Url;

use crate::index::StoredNames;
use crate::{fault, location};

const LOG: &str = "_delta_log";
const VERSION: &str = "_commit_version";

/// The table of these commits, with the names of the files and without what else it has.
///
/// # Errors
/// Why there is none.
pub(super) async fn as_stored(
    table: &DeltaTable,
    commits: &[(u64, Vec<Value>)],
) -> std::result::Result<DeltaTable, String> {
    let failed = |error: Error| error.to_string();
    let log = InMemory::new();
    for (place, (_, actions)) in commits.iter().enumerate() {
        let mut lines = String::new();
        if place == 0 {
            for action in description(table)? {
                lines.push_str(&format!("{action}\n"));
            }
        }
        let told = |action: &&Value| {
            ["commitInfo", "add", "remove", "cdc"].iter().any(|key| action.get(key).is_some())
        };
        for action in actions.iter().filter(told) {
            lines.push_str(&format!("{action}\n"));
        }
        let at = Path::from(format!("{LOG}/{place:020}.json"));
        log.put(&at, lines.into()).await.map_err(failed)?;
    }
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let place = Url::parse(&format!("{}://n{number}/", location::CHANGES_SCHEME));
    let place = place.map_err(|error| error.to_string())?;
    let store = Arc::new(Relogged { files: table.object_store(), log });
    let store = logstore_with(store, &place, StorageConfig::default());
    let mut table = DeltaTable::new(store.map_err(|error| fault::delta_sentence(&error))?);
    table.load().await.map_err(|error| fault::delta_sentence(&error))?;
    Ok(table)
}

/// The protocol and the metadata.
fn description(table: &DeltaTable) -> std::result::Result<[Value; 2], String> {
    let state = table.snapshot().map_err(|error| fault::delta_sentence(&error))?;
    let names = StoredNames::of(table)?;
    let mut schema = serde_json::to_value(state.schema()).map_err(|error| error.to_string())?;
    let fields = schema.get_mut("fields").and_then(Value::as_array_mut);
    for field in fields.into_iter().flatten() {
        let name = field.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        if field.get("type").is_some_and(StoredNames::maps_within) {
            return Err(format!(
                "`{name}` holds structs whose fields have other names in the files"
            ));
        }
        let stored =
            names.stored(&name).ok_or_else(|| format!("`{name}` has no name in the files"))?;
        let stored = json!(stored);
        if let Some(field) = field.as_object_mut() {
            field.insert("name".to_owned(), stored);
        }
    }
    without_metadata(&mut schema);
    let partitions = state.metadata().partition_columns().iter();
    let partitions: Vec<_> = partitions.filter_map(|name| names.stored(name)).collect();
    let metadata = json!({ "metaData": {
        "id": state.metadata().id(),
        "format": { "provider": "parquet", "options": {} },
        "schemaString": schema.to_string(),
        "partitionColumns": partitions,
        "configuration": { "delta.enableChangeDataFeed": "true" },
    }});
    let protocol = serde_json::to_value(state.protocol()).map_err(|error| error.to_string())?;
    let features = protocol.get("readerFeatures").and_then(Value::as_array);
    let features = features.into_iter().flatten().filter(|name| *name != "columnMapping");
    let readers: Vec<&Value> = features.collect();
    let recorded = json!("changeDataFeed");
    let writers: Vec<&Value> = readers.iter().copied().chain([&recorded]).collect();
    let protocol = json!({ "protocol": {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": readers,
        "writerFeatures": writers,
    }});
    Ok([protocol, metadata])
}

/// Takes the names and numbers of the mapping away, which nothing has without a mapping.
fn without_metadata(schema: &mut Value) {
    match schema {
        Value::Object(parts) => {
            for (key, part) in parts {
                if key == "metadata" {
                    *part = json!({});
                } else {
                    without_metadata(part);
                }
            }
        }
        Value::Array(parts) => parts.iter_mut().for_each(without_metadata),
        _ => {}
    }
}

/// A feed of [`as_stored`] with the names of the table and the numbers of its commits.
#[derive(Debug)]
pub(super) struct MappedChanges {
    feed: Arc<dyn TableProvider>,
    schema: SchemaRef,
    version: Option<usize>,
    from: u64,
}

impl MappedChanges {
    /// The feed of a table from version `from` on.
    pub(super) fn new(feed: Arc<dyn TableProvider>, names: &StoredNames, from: u64) -> Self {
        let found = feed.schema();
        // The columns that the feed adds stand behind the table's own.
        let version = found.fields().iter().rposition(|field| field.name() == VERSION);
        let own = version.map_or(0, |version| version.saturating_sub(1));
        let named = |(place, field): (usize, &Arc<Field>)| {
            let name = if place < own { names.logical(field.name()) } else { None };
            field.as_ref().clone().with_name(name.unwrap_or_else(|| field.name().clone()))
        };
        let fields: Vec<_> = found.fields().iter().enumerate().map(named).collect();
        MappedChanges { schema: Arc::new(Schema::new(fields)), version, from, feed }
    }
}

#[async_trait]
impl TableProvider for MappedChanges {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        self.feed.table_type()
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> EngineResult<Arc<dyn ExecutionPlan>> {
        let plan = self.feed.scan(state, projection, &[], limit).await?;
        let wanted = match projection {
            Some(projection) => projection.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        let mut columns: Vec<(Arc<dyn PhysicalExpr>, String)> = Vec::new();
        for (place, of) in wanted.into_iter().enumerate() {
            let field = self.schema.field(of);
            let found = plan.schema();
            let mut column: Arc<dyn PhysicalExpr> =
                Arc::new(Column::new(found.field(place).name(), place));
            if Some(of) == self.version {
                let first = Arc::new(Literal::new(ScalarValue::UInt64(Some(self.from))));
                column = Arc::new(BinaryExpr::new(column, Operator::Plus, first));
            }
            columns.push((column, field.name().clone()));
        }
        Ok(Arc::new(ProjectionExec::try_new(columns, plan)?))
    }
}

/// The files of one store with the log of another. It can only be read.
#[derive(Debug)]
struct Relogged {
    files: Arc<dyn ObjectStore>,
    log: InMemory,
}

impl Relogged {
    fn of(&self, at: Option<&Path>) -> &dyn ObjectStore {
        let in_log = at.and_then(|at| at.parts().next()).is_some_and(|part| part.as_ref() == LOG);
        if in_log { &self.log } else { self.files.as_ref() }
    }
}

fn unwritable() -> Error {
    Error::NotSupported { source: "the changes of a table are only read".into() }
}

impl fmt::Display for Relogged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Relogged({})", self.files)
    }
}

#[async_trait]
impl ObjectStore for Relogged {
    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(unwritable())
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(unwritable())
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        self.of(Some(at)).get_opts(at, options).await
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        Box::pin(futures::stream::once(async { Err(unwritable()) }))
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.of(prefix).list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.of(prefix).list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.of(prefix).list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(unwritable())
    }
}
