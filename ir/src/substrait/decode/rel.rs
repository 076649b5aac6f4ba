//! Relations.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::common::TableReference;
use datafusion::logical_expr::{
    Distinct, EmptyRelation, Expr, Filter, Limit, LogicalPlan, Projection, Sort, SubqueryAlias,
    TableScanBuilder, Union, Values, Window,
};
use substrait::proto::fetch_rel::{CountMode, OffsetMode};
use substrait::proto::read_rel::ReadType;
use substrait::proto::rel::RelType;
use substrait::proto::rel_common::EmitKind;
use substrait::proto::set_rel::SetOp;
use substrait::proto::{FetchRel, ProjectRel, ReadRel, Rel, RelCommon, RelRoot, SetRel};

use super::names::Columns;
use super::{Decoder, Result, malformed, unknown};
use crate::SchemaSource;
use crate::substrait::encode::types::names_in_depth;

impl Decoder<'_> {
    /// The root relation, its columns by their names.
    pub(super) fn root(&mut self, root: &RelRoot) -> Result<LogicalPlan> {
        let input = root.input.as_ref().ok_or_else(|| malformed("it has no relation"))?;
        let plan = self.relation(input)?;
        let mut wanted: Vec<&str> = Vec::new();
        let mut names = root.names.iter();
        for field in plan.schema().fields() {
            let name = names.next().ok_or_else(|| malformed("it has fewer names than columns"))?;
            wanted.push(name);
            // The names within a column's type follow; the type says them already.
            let mut within = Vec::new();
            names_in_depth(field, &mut within);
            for _ in within.iter().skip(1) {
                names.next().ok_or_else(|| malformed("it has fewer names than fields"))?;
            }
        }
        if names.next().is_some() {
            return Err(malformed("it has more names than fields"));
        }
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for name in &wanted {
            *counts.entry(name).or_default() += 1;
        }
        let once = |name: &str| counts.get(name) == Some(&1);
        self.spend_lookups(wanted.len(), wanted.len())?;
        let (exprs, input) = match plan {
            LogicalPlan::Projection(projection) => (projection.expr, projection.input),
            plan => {
                let unchanged = plan.schema().fields().iter().zip(&wanted);
                if unchanged.clone().all(|(field, name)| field.name() == name)
                    && wanted.iter().all(|name| once(name))
                {
                    return Ok(plan);
                }
                (Columns::of([plan.schema().as_ref()]).exprs(), Arc::new(plan))
            }
        };
        let renamed = exprs.into_iter().zip(&wanted).map(|(expr, name)| {
            let bare = match expr {
                Expr::Alias(alias) => *alias.expr,
                other => other,
            };
            match &bare {
                // DataFusion takes a name twice where its qualifiers differ.
                _ if !once(name) => bare.alias_qualified(Some(self.names.table()), *name),
                Expr::Column(column) if column.name == **name => bare,
                _ => bare.alias(*name),
            }
        });
        let renamed = renamed.collect();
        Ok(LogicalPlan::Projection(Projection::try_new(renamed, input)?))
    }

    /// A relation. Its columns have names that no other column of the plan has.
    pub(super) fn relation(&mut self, encoded: &Rel) -> Result<LogicalPlan> {
        let kind = encoded.rel_type.as_ref();
        let kind = kind.ok_or_else(|| malformed("a relation says nothing"))?;
        let plan = self.nested(|decoder| match kind {
            RelType::Read(read) => decoder.step("read", |d| d.read(read)),
            RelType::Project(project) => decoder.step("project", |d| d.project(project)),
            RelType::Filter(filter) => decoder.step("filter", |d| {
                let (input, columns) = d.input(filter.input.as_deref())?;
                let condition = d.required("condition", filter.condition.as_deref(), &columns)?;
                plain(&filter.advanced_extension)?;
                let plan = LogicalPlan::Filter(Filter::try_new(condition, input)?);
                d.emitted(plan, filter.common.as_ref())
            }),
            RelType::Fetch(fetch) => decoder.step("fetch", |d| d.fetch(fetch)),
            RelType::Sort(sort) => decoder.step("sort", |d| {
                let (input, columns) = d.input(sort.input.as_deref())?;
                let expr = d.step("sorts", |d| d.sorts(&sort.sorts, &columns))?;
                plain(&sort.advanced_extension)?;
                let plan = LogicalPlan::Sort(Sort { expr, input, fetch: None });
                d.emitted(plan, sort.common.as_ref())
            }),
            RelType::Aggregate(aggregate) => decoder.step("aggregate", |d| d.aggregate(aggregate)),
            RelType::Join(join) => decoder.step("join", |d| d.join(join)),
            RelType::Cross(cross) => decoder.step("cross", |d| d.cross(cross)),
            RelType::Set(set) => decoder.step("set", |d| d.set(set)),
            RelType::ExtensionSingle(single) => {
                decoder.step("extension_single", |d| d.extension_single(single))
            }
            RelType::ExtensionMulti(multi) => {
                decoder.step("extension_multi", |d| d.recursive(multi))
            }
            RelType::ExtensionLeaf(leaf) => {
                decoder.step("extension_leaf", |d| d.extension_leaf(leaf))
            }
            RelType::Reference(_) => {
                let whole = decoder.whole_relation(encoded)?;
                decoder.relation(&whole)
            }
            RelType::Write(_) | RelType::Ddl(_) | RelType::Update(_) => {
                Err(unknown("a relation that changes something"))
            }
            RelType::HashJoin(_)
            | RelType::MergeJoin(_)
            | RelType::NestedLoopJoin(_)
            | RelType::Window(_)
            | RelType::Exchange(_)
            | RelType::Expand(_) => Err(unknown("a physical relation")),
        })?;
        self.spend(plan.schema().fields().len() + 1)?;
        Ok(plan)
    }

    /// A relation that lies deep in the plan, or the one given.
    pub(super) fn whole_relation<'e>(&mut self, encoded: &'e Rel) -> Result<Cow<'e, Rel>> {
        match &encoded.rel_type {
            Some(RelType::Reference(stand_in)) => {
                Ok(Cow::Owned(self.piece(&stand_in.subtree_ordinal.to_string())?))
            }
            _ => Ok(Cow::Borrowed(encoded)),
        }
    }

    /// The only input of a relation, and its columns.
    pub(super) fn input(&mut self, input: Option<&Rel>) -> Result<(Arc<LogicalPlan>, Columns)> {
        let input = input.ok_or_else(|| malformed("it has no input"))?;
        let plan = self.step("input", |decoder| decoder.relation(input))?;
        let columns = Columns::of([plan.schema().as_ref()]);
        Ok((Arc::new(plan), columns))
    }

    /// The columns that a relation emits.
    pub(super) fn emitted(
        &mut self,
        plan: LogicalPlan,
        common: Option<&RelCommon>,
    ) -> Result<LogicalPlan> {
        let Some(EmitKind::Emit(emit)) = common.and_then(|common| common.emit_kind.as_ref()) else {
            return Ok(plan);
        };
        let columns = Columns::of([plan.schema().as_ref()]);
        self.spend_lookups(emit.output_mapping.len(), columns.len())?;
        let mut seen = HashSet::new();
        let exprs = emit.output_mapping.iter().map(|at| {
            let at = usize::try_from(*at).map_err(malformed)?;
            let (column, _) = columns.get(at)?;
            Ok(self.named(Expr::Column(column.clone()), &mut seen))
        });
        let exprs = exprs.collect::<Result<_>>()?;
        Ok(LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(plan))?))
    }

    /// Qualifies all columns anew.
    pub(super) fn qualified(&mut self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let alias = TableReference::bare(self.names.table());
        Ok(LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(plan), alias)?))
    }

    /// Gives all columns fresh names without qualifiers.
    pub(super) fn renamed(&mut self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let columns = Columns::of([plan.schema().as_ref()]).exprs();
        self.spend_lookups(columns.len(), columns.len())?;
        let exprs = columns.into_iter().map(|column| column.alias(self.names.column())).collect();
        Ok(LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(plan))?))
    }

    /// The columns under the names that `first` has.
    fn named_as(&mut self, plan: LogicalPlan, first: &LogicalPlan) -> Result<LogicalPlan> {
        let columns = Columns::of([plan.schema().as_ref()]).exprs();
        self.spend_lookups(columns.len(), columns.len())?;
        if columns.len() != first.schema().fields().len() {
            // The union refuses it.
            return Ok(plan);
        }
        let names = first.schema().fields().iter().map(|field| field.name());
        let exprs = columns.into_iter().zip(names).map(|(column, name)| column.alias(name));
        let exprs = exprs.collect::<Vec<_>>();
        Ok(LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(plan))?))
    }

    fn read(&mut self, read: &ReadRel) -> Result<LogicalPlan> {
        if read.filter.is_some() || read.best_effort_filter.is_some() {
            return Err(unknown("a filter within a read"));
        }
        if read.projection.is_some() {
            return Err(unknown("a projection within a read"));
        }
        plain(&read.advanced_extension)?;
        let schema = read.base_schema.as_ref().ok_or_else(|| malformed("it has no schema"))?;
        let schema = self.step("base_schema", |decoder| decoder.schema(schema))?;
        let plan = match &read.read_type {
            Some(ReadType::NamedTable(table)) => {
                plain(&table.advanced_extension)?;
                let name = match table.names.as_slice() {
                    [table] => TableReference::bare(table.clone()),
                    [schema, table] => TableReference::partial(schema.clone(), table.clone()),
                    [catalog, schema, table] => {
                        TableReference::full(catalog.clone(), schema.clone(), table.clone())
                    }
                    parts => TableReference::bare(parts.join(".")),
                };
                let source = Arc::new(SchemaSource::new(schema));
                let scan = TableScanBuilder::new(name, source).build()?;
                self.qualified(LogicalPlan::TableScan(scan))?
            }
            Some(ReadType::VirtualTable(table)) => {
                let fields = schema.fields().iter().map(|field| {
                    (None, Arc::new(field.as_ref().clone().with_name(self.names.column())))
                });
                let schema = datafusion::common::DFSchema::new_with_metadata(
                    fields.collect(),
                    Default::default(),
                )?;
                let width = schema.fields().len();
                let schema = Arc::new(schema);
                #[allow(deprecated, reason = "plans of other producers use it")]
                if !table.values.is_empty() {
                    return Err(unknown("a virtual table of literals"));
                }
                match table.expressions.as_slice() {
                    [] => {
                        LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: false, schema })
                    }
                    [row] if width == 0 && row.fields.is_empty() => {
                        LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: true, schema })
                    }
                    _ if width == 0 => return Err(unknown("several rows without columns")),
                    rows => {
                        let none = Columns::default();
                        let mut values = Vec::with_capacity(rows.len());
                        for (at, row) in rows.iter().enumerate() {
                            if row.fields.len() != width {
                                let found = row.fields.len();
                                return Err(malformed(format_args!("row {at} has {found} values")));
                            }
                            let row = self.step(format!("row[{at}]"), |decoder| {
                                decoder.expressions(&row.fields, &none)
                            })?;
                            values.push(row);
                        }
                        LogicalPlan::Values(Values { schema, values })
                    }
                }
            }
            Some(_) => return Err(unknown("a read of something other than a named table")),
            None => return Err(malformed("it reads nothing")),
        };
        self.emitted(plan, read.common.as_ref())
    }

    fn project(&mut self, project: &ProjectRel) -> Result<LogicalPlan> {
        let (input, columns) = self.input(project.input.as_deref())?;
        plain(&project.advanced_extension)?;
        let mut exprs = Vec::with_capacity(project.expressions.len());
        for (at, expr) in project.expressions.iter().enumerate() {
            let expr = self.step(format!("expressions[{at}]"), |d| d.expression(expr, &columns))?;
            exprs.push(expr);
        }
        let emit = project.common.as_ref().and_then(|common| common.emit_kind.as_ref());
        let windows = exprs.iter().filter(|expr| matches!(expr, Expr::WindowFunction(_))).count();
        if windows > 0 {
            if windows < exprs.len() {
                return Err(unknown("window functions beside other expressions"));
            }
            let plan = self.window(exprs, input)?;
            return self.emitted(plan, project.common.as_ref());
        }
        let width = columns.len();
        let mapping: Vec<usize> = match emit {
            Some(EmitKind::Emit(emit)) => {
                let mapping = emit.output_mapping.iter().map(|at| usize::try_from(*at));
                mapping.collect::<std::result::Result<_, _>>().map_err(malformed)?
            }
            _ => (0..width + exprs.len()).collect(),
        };
        self.spend_lookups(mapping.len(), width)?;
        let mut free: Vec<Option<Expr>> = exprs.into_iter().map(Some).collect();
        let mut seen = HashSet::new();
        let mut output = Vec::with_capacity(mapping.len());
        for at in mapping {
            let expr = match at.checked_sub(width) {
                None => Expr::Column(columns.get(at)?.0.clone()),
                Some(at) => {
                    let slot = free.get_mut(at);
                    let slot = slot.ok_or_else(|| {
                        malformed(format_args!("there is no expression {at} to emit"))
                    })?;
                    match slot {
                        // A column is small and may be emitted again.
                        Some(Expr::Column(column)) => Expr::Column(column.clone()),
                        _ => slot
                            .take()
                            .ok_or_else(|| unknown("an expression that is emitted twice"))?,
                    }
                }
            };
            output.push(self.named(expr, &mut seen));
        }
        Ok(LogicalPlan::Projection(Projection::try_new(output, input)?))
    }

    fn window(&mut self, exprs: Vec<Expr>, input: Arc<LogicalPlan>) -> Result<LogicalPlan> {
        let mut names: HashSet<String> =
            input.schema().fields().iter().map(|field| field.name().clone()).collect();
        let named = exprs.into_iter().map(|expr| {
            // Optimizer rules look for bare window functions, so they keep their own names
            // where these are unique.
            let name = expr.schema_name().to_string();
            if names.insert(name) { expr } else { expr.alias(self.names.column()) }
        });
        let named = named.collect();
        Ok(LogicalPlan::Window(Window::try_new(named, input)?))
    }

    fn fetch(&mut self, fetch: &FetchRel) -> Result<LogicalPlan> {
        let (input, _) = self.input(fetch.input.as_deref())?;
        plain(&fetch.advanced_extension)?;
        let none = Columns::default();
        let number = |value: i64| datafusion::prelude::lit(value);
        #[allow(deprecated, reason = "plans of other producers use them")]
        let skip = match &fetch.offset_mode {
            None => None,
            Some(OffsetMode::Offset(offset)) => Some(number(*offset)),
            Some(OffsetMode::OffsetExpr(expr)) => Some(self.expression(expr, &none)?),
        };
        #[allow(deprecated, reason = "plans of other producers use them")]
        let count = match &fetch.count_mode {
            None | Some(CountMode::Count(-1)) => None,
            Some(CountMode::Count(count)) => Some(number(*count)),
            Some(CountMode::CountExpr(expr)) => Some(self.expression(expr, &none)?),
        };
        let plan = LogicalPlan::Limit(Limit {
            skip: skip.map(Box::new),
            fetch: count.map(Box::new),
            input,
        });
        self.emitted(plan, fetch.common.as_ref())
    }

    fn set(&mut self, set: &SetRel) -> Result<LogicalPlan> {
        plain(&set.advanced_extension)?;
        let mut inputs: Vec<Arc<LogicalPlan>> = Vec::with_capacity(set.inputs.len());
        for (at, input) in set.inputs.iter().enumerate() {
            let mut plan = self.step(format!("inputs[{at}]"), |d| d.relation(input))?;
            // The output's names come from the first input; they must not fall together. The
            // others take them over: where DataFusion drops the inputs that are empty, it looks
            // the output's names up in the one that is left.
            plan = match inputs.first() {
                None => self.renamed(plan)?,
                Some(first) => self.named_as(plan, first)?,
            };
            inputs.push(Arc::new(plan));
        }
        let distinct = match SetOp::try_from(set.op) {
            Ok(SetOp::UnionAll) => false,
            Ok(SetOp::UnionDistinct) => true,
            _ => return Err(unknown("a set operation other than UNION")),
        };
        let mut plan = LogicalPlan::Union(Union::try_new(inputs)?);
        if distinct {
            plan = LogicalPlan::Distinct(Distinct::All(Arc::new(plan)));
        }
        self.emitted(plan, set.common.as_ref())
    }
}

/// Nothing that alters the meaning may be attached where planc attaches nothing.
pub(super) fn plain(
    advanced: &Option<substrait::proto::extensions::AdvancedExtension>,
) -> Result<()> {
    match advanced.as_ref().and_then(|advanced| advanced.enhancement.as_ref()) {
        Some(enhancement) => Err(unknown(format_args!("the message {}", enhancement.type_url))),
        None => Ok(()),
    }
}
