//! The changes of a Delta table as a table: its change data feed.
//!
//! The library reads the feed of any range that it is asked for. Where the table did not record
//! it, or no longer has all of it, it gives other rows than those that changed, or fails while
//! it runs; so the whole range is looked at first.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session as EngineSession, TableProvider};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder};
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use deltalake::delta_datafusion::DeltaCdfTableProvider;
use deltalake::logstore::object_store::ObjectStoreExt;
use deltalake::{DeltaTable, Path};
use futures::{StreamExt, TryStreamExt};
use planc_ir::Diagnostic;
use planc_ir::catalog::logical_schema;
use planc_ir::code::CHANGE_FEED;
use serde_json::Value;

use super::mapped_changes::{self, MappedChanges};
use super::{Changes, DeltaScan, Source, delta};
use crate::index::StoredNames;
use crate::{Session, fault};

const ENABLED: &str = "delta.enableChangeDataFeed";

/// How many files are looked for together.
const AT_ONCE: usize = 32;

/// Opens the changes from one version to another, both included.
pub(super) async fn open(
    session: &Session,
    text: &str,
    changes: Changes,
) -> Result<Source, Diagnostic> {
    let wrong = |why: String| {
        Diagnostic::new(CHANGE_FEED, format!("the changes of `{text}` cannot be read: {why}"))
    };
    let latest = delta::open_existing(text, None).await?.version().unwrap_or_default();
    let Changes { from, to } = changes;
    let to = to.unwrap_or(latest);
    if from > to {
        return Err(wrong(format!("version {from} comes after version {to}")));
    }
    if to > latest {
        return Err(wrong(format!("there is no version {to}: the latest is {latest}")));
    }
    let table = delta::open_existing(text, Some(to)).await?;
    // Refuses what no scan of the table could read.
    delta::provider(&table, &DeltaScan::default()).map_err(|error| delta::refused(text, &error))?;
    let range = Range::read(&table, text, from, to).await?;
    range.check(&table).await.map_err(wrong)?;
    let version = table.version();
    let id = table.snapshot().map(|state| state.metadata().id().to_owned()).unwrap_or_default();
    let names = StoredNames::of(&table).map_err(wrong)?;
    let provider: Arc<dyn TableProvider> = if names.are_mapped() {
        let stored = mapped_changes::as_stored(&table, &range.commits).await.map_err(wrong)?;
        let feed = feed(session, stored, 0, to - from).map_err(wrong)?;
        Arc::new(MappedChanges::new(Arc::new(feed), &names, from))
    } else {
        Arc::new(feed(session, table, from, to).map_err(wrong)?)
    };
    let schema = logical_schema(&provider.schema());
    let state = Some(format!("changes from {from} to {to} of {id}"));
    Ok(Source { provider, schema, version, state, pruning: None })
}

fn feed(
    session: &Session,
    table: DeltaTable,
    from: u64,
    to: u64,
) -> std::result::Result<ChangeTable, String> {
    table
        .update_datafusion_session(session.state.as_ref())
        .map_err(|error| fault::delta_sentence(&error))?;
    let feed = table.scan_cdf().with_starting_version(from).with_ending_version(to);
    let feed = DeltaCdfTableProvider::try_new(feed);
    Ok(ChangeTable { feed: feed.map_err(|error| fault::delta_sentence(&error))? })
}

/// The commits of a range, as their log entries say them.
struct Range {
    from: u64,
    commits: Vec<(u64, Vec<Value>)>,
    /// The table at the first version.
    first: Layout,
    /// The table before it, where the first version replaced it.
    before: Option<Layout>,
}

/// What must stay the same within a range.
#[derive(Debug, Clone)]
struct Layout {
    enabled: bool,
    fields: Value,
    partitions: Vec<String>,
}

impl Layout {
    fn of(table: &DeltaTable) -> std::result::Result<Self, String> {
        let state = table.snapshot().map_err(|error| fault::delta_sentence(&error))?;
        let schema = serde_json::to_value(state.schema()).map_err(|error| error.to_string())?;
        let metadata = state.metadata();
        Ok(Layout {
            enabled: on(metadata.configuration().get(ENABLED).map(String::as_str)),
            fields: schema.get("fields").cloned().unwrap_or_default(),
            partitions: metadata.partition_columns().to_vec(),
        })
    }

    fn of_action(metadata: &Value) -> std::result::Result<Self, String> {
        let text = metadata.get("schemaString").and_then(Value::as_str).unwrap_or_default();
        let schema: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let enabled = metadata.get("configuration").and_then(|config| config.get(ENABLED));
        let partitions = metadata.get("partitionColumns").and_then(Value::as_array);
        let partitions = partitions.into_iter().flatten().filter_map(Value::as_str);
        Ok(Layout {
            enabled: on(enabled.and_then(Value::as_str)),
            fields: schema.get("fields").cloned().unwrap_or_default(),
            partitions: partitions.map(str::to_owned).collect(),
        })
    }

    /// Whether the changes of this version can be told in the layout of the last one.
    fn check(&self, version: u64, last: &Layout) -> std::result::Result<(), String> {
        if !self.enabled {
            return Err(format!("{ENABLED} is not set in version {version}"));
        }
        if self.fields != last.fields {
            return Err(format!("version {version} has another schema"));
        }
        if self.partitions != last.partitions {
            return Err(format!("version {version} has other partition columns"));
        }
        Ok(())
    }
}

fn on(value: Option<&str>) -> bool {
    value.is_some_and(|on| on.eq_ignore_ascii_case("true"))
}

impl Range {
    async fn read(table: &DeltaTable, text: &str, from: u64, to: u64) -> Result<Self, Diagnostic> {
        let wrong = |why: String| {
            Diagnostic::new(CHANGE_FEED, format!("the changes of `{text}` cannot be read: {why}"))
        };
        let mut commits = Vec::new();
        for version in from..=to {
            let entry = table.log_store().read_commit_entry(version).await;
            let entry = entry.map_err(|error| wrong(fault::delta_sentence(&error)))?;
            let Some(entry) = entry else {
                let why = format!("version {version} is gone from the log");
                return Err(wrong(why).help("begin the range at a later version"));
            };
            let lines = entry.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            let actions = lines.map(serde_json::from_slice).collect::<Result<_, _>>();
            let actions = actions.map_err(|error| {
                wrong(format!("the log entry of version {version} is not valid JSON: {error}"))
            })?;
            commits.push((version, actions));
        }
        let then = delta::open_existing(text, Some(from)).await?;
        let first = Layout::of(&then).map_err(wrong)?;
        let mut before = None;
        let replaces = commits.first().is_some_and(|(_, actions): &(u64, Vec<Value>)| {
            let has = |key: &str| actions.iter().any(|action| action.get(key).is_some());
            has("metaData") && has("remove")
        });
        if replaces && let Some(previous) = from.checked_sub(1) {
            let table = delta::open_existing(text, Some(previous)).await?;
            before = Some(Layout::of(&table).map_err(wrong)?);
        }
        Ok(Range { from, commits, first, before })
    }

    /// Whether the feed tells the changes as they happened.
    async fn check(&self, table: &DeltaTable) -> Result<(), String> {
        let state = table.snapshot().map_err(|error| fault::delta_sentence(&error))?;
        let config = state.metadata().configuration();
        if config.get("delta.columnMapping.mode").is_some_and(|mode| mode == "id") {
            return Err("the table maps its columns by id, and then the feed is not read".into());
        }
        let last = Layout::of(table)?;
        self.first.check(self.from, &last)?;
        if let Some(before) = &self.before {
            // What it removed is told too, and was of this layout.
            Layout { enabled: true, ..before.clone() }.check(self.from, &last)?;
        }
        for (version, actions) in self.commits.iter().skip(1) {
            for metadata in actions.iter().filter_map(|action| action.get("metaData")) {
                Layout::of_action(metadata)?.check(*version, &last)?;
            }
        }
        self.check_files(table).await
    }

    /// Every file of the feed is there: a missing one is met only while the query runs, and by
    /// one that counts rows not even then.
    async fn check_files(&self, table: &DeltaTable) -> Result<(), String> {
        let store = table.object_store();
        let missing = futures::stream::iter(self.files())
            .map(|(version, path)| {
                let store = Arc::clone(&store);
                async move {
                    let at = Path::from_url_path(&path).map_err(|error| error.to_string())?;
                    match store.head(&at).await {
                        Ok(_) => Ok(()),
                        Err(object_store::Error::NotFound { .. }) => {
                            Err(format!("`{path}` of version {version} is gone: a vacuum took it"))
                        }
                        Err(error) => Err(error.to_string()),
                    }
                }
            })
            .buffer_unordered(AT_ONCE);
        missing.try_collect().await
    }

    fn files(&self) -> BTreeSet<(u64, String)> {
        let mut files = BTreeSet::new();
        for (version, actions) in &self.commits {
            let paths = |key: &str| -> Vec<String> {
                let of = actions.iter().filter_map(|action| action.get(key));
                let changes = of.filter(|of| {
                    key == "cdc" || of.get("dataChange").and_then(Value::as_bool) == Some(true)
                });
                let paths = changes.filter_map(|of| of.get("path")?.as_str());
                paths.map(str::to_owned).collect()
            };
            let recorded = paths("cdc");
            let found = if recorded.is_empty() {
                [paths("add"), paths("remove")].concat()
            } else {
                recorded
            };
            files.extend(found.into_iter().map(|path| (*version, path)));
        }
        files
    }
}

/// The library's provider of the feed. It takes the log's paths, which are encoded as in a URL,
/// for paths in the store.
#[derive(Debug)]
struct ChangeTable {
    feed: DeltaCdfTableProvider,
}

#[async_trait]
impl TableProvider for ChangeTable {
    fn schema(&self) -> SchemaRef {
        self.feed.schema()
    }

    fn table_type(&self) -> TableType {
        self.feed.table_type()
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Unsupported; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn EngineSession,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let plan = self.feed.scan(state, projection, &[], limit).await?;
        plan.transform_down(|node| {
            let config = node
                .downcast_ref::<DataSourceExec>()
                .and_then(|scan| scan.data_source().downcast_ref::<FileScanConfig>());
            let Some(config) = config else { return Ok(Transformed::no(node)) };
            if config.file_groups.is_empty() {
                // A scan of no file has no partition, and a sort above it wants one.
                let nothing = Arc::new(EmptyExec::new(node.schema())) as Arc<dyn ExecutionPlan>;
                return Ok(Transformed::yes(nothing));
            }
            let groups = config.file_groups.iter().map(decoded).collect::<Result<_>>()?;
            let config =
                FileScanConfigBuilder::from(config.clone()).with_file_groups(groups).build();
            Ok(Transformed::yes(DataSourceExec::from_data_source(config) as Arc<dyn ExecutionPlan>))
        })
        .data()
    }
}

/// The files at their places in the store.
fn decoded(group: &FileGroup) -> Result<FileGroup> {
    let mut files = Vec::new();
    for file in group.iter() {
        let mut file = file.clone();
        let location = file.object_meta.location.as_ref();
        // What was encoded once more on the way here.
        file.object_meta.location = Path::parse(percent_decoded(location))
            .map_err(|error| datafusion::common::DataFusionError::External(Box::new(error)))?;
        files.push(file);
    }
    Ok(FileGroup::new(files))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
