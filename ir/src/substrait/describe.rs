//! An artifact as text for people: what it declares, then its relations as a tree, each with
//! its expressions. Columns are `$0`, `$1`, … of the input, or of both inputs of a join.
//!
//! It shows any Substrait plan, also one that planc does not run.

mod expression;
mod types;
mod uri;

use std::collections::HashMap;
use std::fmt::Write;

use prost::Message;
use substrait::proto::extensions::simple_extension_declaration::MappingType;
use substrait::proto::fetch_rel::{CountMode, OffsetMode};
use substrait::proto::read_rel::ReadType;
use substrait::proto::rel::RelType;
use substrait::proto::rel_common::EmitKind;
use substrait::proto::{
    AggregateRel, FetchRel, JoinRel, Plan, ReadRel, Rel, RelCommon, join_rel, plan_rel, set_rel,
};

use super::decode::{Pieces, read};
use super::extension::{self, type_url};
use crate::Diagnostic;

/// See [`describe`](super::describe).
pub(super) fn describe(bytes: &[u8]) -> Result<String, Diagnostic> {
    let (plan, pieces) = read(bytes)?;
    let mut text = Text { pieces, uris: uri::uris(bytes), ..Text::default() };
    text.plan(&plan);
    Ok(text.out)
}

/// The text as it is written.
#[derive(Default)]
struct Text {
    out: String,
    depth: usize,
    /// Compound names by anchor.
    functions: HashMap<u32, String>,
    types: HashMap<u32, String>,
    variations: HashMap<u32, String>,
    pieces: Pieces,
    /// Extensions of older producers.
    uris: uri::Uris,
}

impl Text {
    fn plan(&mut self, plan: &Plan) {
        if let Some(version) = &plan.version {
            let (major, minor, patch) =
                (version.major_number, version.minor_number, version.patch_number);
            self.line(format!("substrait {major}.{minor}.{patch} by {}", version.producer));
        }
        let urns: HashMap<u32, &str> = plan
            .extension_urns
            .iter()
            .map(|urn| (urn.extension_urn_anchor, urn.urn.as_str()))
            .collect();
        let uris = std::mem::take(&mut self.uris);
        for (place, declaration) in plan.extensions.iter().enumerate() {
            let (kind, urn, anchor, name) = match &declaration.mapping_type {
                Some(MappingType::ExtensionFunction(f)) => {
                    self.functions.insert(f.function_anchor, f.name.clone());
                    ("function", f.extension_urn_reference, f.function_anchor, &f.name)
                }
                Some(MappingType::ExtensionType(t)) => {
                    self.types.insert(t.type_anchor, t.name.clone());
                    ("type", t.extension_urn_reference, t.type_anchor, &t.name)
                }
                Some(MappingType::ExtensionTypeVariation(v)) => {
                    self.variations.insert(v.type_variation_anchor, v.name.clone());
                    let anchor = v.type_variation_anchor;
                    ("variation", v.extension_urn_reference, anchor, &v.name)
                }
                None => continue,
            };
            let urn = urns.get(&urn).copied().or_else(|| uris.of(place));
            let urn = urn.unwrap_or("an unknown extension");
            self.line(format!("{kind} {anchor} {name} of {urn}"));
        }
        for url in &plan.expected_type_urls {
            self.line(format!("message {url}"));
        }
        for relation in &plan.relations {
            match &relation.rel_type {
                Some(plan_rel::RelType::Root(root)) => {
                    self.line(format!("root [{}]", root.names.join(", ")));
                    self.inner(root.input.as_ref());
                }
                Some(plan_rel::RelType::Rel(rel)) => self.relation(rel),
                None => self.line("nothing"),
            }
        }
    }

    fn line(&mut self, line: impl AsRef<str>) {
        let indent = self.depth * 2;
        // Writing to a string cannot fail.
        let _ = writeln!(self.out, "{:indent$}{}", "", line.as_ref());
    }

    fn inner(&mut self, relation: Option<&Rel>) {
        self.depth += 1;
        match relation {
            Some(relation) => self.relation(relation),
            None => self.line("missing"),
        }
        self.depth -= 1;
    }

    fn relation(&mut self, relation: &Rel) {
        stacker::maybe_grow(64 << 10, 1 << 20, || self.node(relation));
    }

    fn node(&mut self, relation: &Rel) {
        match &relation.rel_type {
            Some(RelType::Read(read)) => self.read(read),
            Some(RelType::Filter(filter)) => {
                let condition = self.optional(filter.condition.as_deref());
                self.line(format!("filter {condition}{}", emit(&filter.common)));
                self.inner(filter.input.as_deref());
            }
            Some(RelType::Project(project)) => {
                let expressions = self.list(&project.expressions);
                self.line(format!("project [{expressions}]{}", emit(&project.common)));
                self.inner(project.input.as_deref());
            }
            Some(RelType::Fetch(fetch)) => self.fetch(fetch),
            Some(RelType::Sort(sort)) => {
                let sorts = self.sorts(&sort.sorts);
                self.line(format!("sort [{sorts}]{}", emit(&sort.common)));
                self.inner(sort.input.as_deref());
            }
            Some(RelType::Aggregate(aggregate)) => self.aggregate(aggregate),
            Some(RelType::Join(join)) => self.join(join),
            Some(RelType::Cross(cross)) => {
                self.line(format!("cross{}", emit(&cross.common)));
                self.inner(cross.left.as_deref());
                self.inner(cross.right.as_deref());
            }
            Some(RelType::Set(set)) => {
                let op = set_rel::SetOp::try_from(set.op).map_or("SET_OP_?", |op| op.as_str_name());
                let op = op.trim_start_matches("SET_OP_").to_lowercase();
                self.line(format!("{op}{}", emit(&set.common)));
                set.inputs.iter().for_each(|input| self.inner(Some(input)));
            }
            Some(RelType::ExtensionSingle(single)) => {
                let detail = single.detail.as_ref();
                let detail =
                    self.detail(detail.map(|any| (any.type_url.as_str(), any.value.as_ref())));
                self.line(format!("{detail}{}", emit(&single.common)));
                self.inner(single.input.as_deref());
            }
            Some(RelType::ExtensionMulti(multi)) => {
                let detail = multi.detail.as_ref();
                let detail =
                    self.detail(detail.map(|any| (any.type_url.as_str(), any.value.as_ref())));
                self.line(format!("{detail}{}", emit(&multi.common)));
                multi.inputs.iter().for_each(|input| self.inner(Some(input)));
            }
            Some(RelType::ExtensionLeaf(leaf)) => {
                let detail = leaf.detail.as_ref();
                let detail =
                    self.detail(detail.map(|any| (any.type_url.as_str(), any.value.as_ref())));
                self.line(format!("{detail}{}", emit(&leaf.common)));
            }
            Some(RelType::Reference(reference)) => {
                match self.pieces.take::<Rel>(reference.subtree_ordinal.to_string().as_str()) {
                    Some(piece) => self.relation(&piece),
                    None => self.line(format!("reference {}", reference.subtree_ordinal)),
                }
            }
            Some(_) => self.line("a relation that planc does not know"),
            None => self.line("nothing"),
        }
    }

    fn read(&mut self, read: &ReadRel) {
        let schema = read.base_schema.as_ref().map_or(String::new(), |schema| self.columns(schema));
        let (table, rows) = match &read.read_type {
            Some(ReadType::NamedTable(table)) => (table.names.join("."), Vec::new()),
            Some(ReadType::VirtualTable(table)) => {
                let rows = table.expressions.iter().map(|row| self.list(&row.fields)).collect();
                ("values".to_owned(), rows)
            }
            Some(_) => ("a table that planc does not know".to_owned(), Vec::new()),
            None => ("nothing".to_owned(), Vec::new()),
        };
        let filter = read.filter.as_deref().map(|filter| self.expression(filter));
        let filter = filter.map_or(String::new(), |filter| format!(" where {filter}"));
        self.line(format!("read {table} ({schema}){filter}{}", emit(&read.common)));
        self.depth += 1;
        for row in rows {
            self.line(format!("({row})"));
        }
        self.depth -= 1;
    }

    fn fetch(&mut self, fetch: &FetchRel) {
        #[allow(deprecated, reason = "plans of other producers use them")]
        let offset = match &fetch.offset_mode {
            None => String::new(),
            Some(OffsetMode::Offset(offset)) => format!(" offset {offset}"),
            Some(OffsetMode::OffsetExpr(expr)) => format!(" offset {}", self.expression(expr)),
        };
        #[allow(deprecated, reason = "plans of other producers use them")]
        let count = match &fetch.count_mode {
            None => String::new(),
            Some(CountMode::Count(count)) => format!(" count {count}"),
            Some(CountMode::CountExpr(expr)) => format!(" count {}", self.expression(expr)),
        };
        self.line(format!("fetch{offset}{count}{}", emit(&fetch.common)));
        self.inner(fetch.input.as_deref());
    }

    fn aggregate(&mut self, aggregate: &AggregateRel) {
        let keys = self.list(&aggregate.grouping_expressions);
        let mut line = format!("aggregate by [{keys}]");
        let whole = |set: &&_| {
            let set: &substrait::proto::aggregate_rel::Grouping = set;
            let every = 0..aggregate.grouping_expressions.len();
            set.expression_references.iter().map(|at| *at as usize).eq(every)
        };
        if aggregate.groupings.iter().filter(whole).count() != 1 || aggregate.groupings.len() != 1 {
            let sets =
                aggregate.groupings.iter().map(|set| format!("{:?}", set.expression_references));
            line += &format!(" sets [{}]", sets.collect::<Vec<_>>().join(", "));
        }
        let measures: Vec<String> = aggregate
            .measures
            .iter()
            .map(|measure| {
                let call = measure
                    .measure
                    .as_ref()
                    .map_or_else(|| "missing".to_owned(), |call| self.aggregate_call(call));
                match &measure.filter {
                    Some(filter) => format!("{call} filter {}", self.expression(filter)),
                    None => call,
                }
            })
            .collect();
        line += &format!(" measures [{}]", measures.join(", "));
        if let Some(enhancement) =
            aggregate.advanced_extension.as_ref().and_then(|advanced| advanced.enhancement.as_ref())
        {
            line += &format!(" with {}", enhancement.type_url);
        }
        self.line(line + &emit(&aggregate.common));
        self.inner(aggregate.input.as_deref());
    }

    fn join(&mut self, join: &JoinRel) {
        let kind = join_rel::JoinType::try_from(join.r#type);
        let kind = kind.map_or("JOIN_TYPE_?", |kind| kind.as_str_name());
        let kind = kind.trim_start_matches("JOIN_TYPE_").to_lowercase();
        let condition = self.optional(join.expression.as_deref());
        let mut line = format!("join {kind} on {condition}");
        if let Some(enhancement) =
            join.advanced_extension.as_ref().and_then(|advanced| advanced.enhancement.as_ref())
        {
            line += &format!(" with {}", enhancement.type_url);
        }
        self.line(line + &emit(&join.common));
        self.inner(join.left.as_deref());
        self.inner(join.right.as_deref());
    }

    /// One of planc's messages with its fields, another's type URL.
    fn detail(&mut self, any: Option<(&str, &[u8])>) -> String {
        let Some((url, value)) = any else { return "an extension without detail".to_owned() };
        if url == type_url::<extension::DistinctOn>()
            && let Ok(detail) = extension::DistinctOn::decode(value)
        {
            let (on, select) = (self.list(&detail.on), self.list(&detail.select));
            let sorts = self.sorts(&detail.sorts);
            return format!("distinct_on [{on}] select [{select}] sort [{sorts}]");
        }
        if url == type_url::<extension::Unnest>()
            && let Ok(detail) = extension::Unnest::decode(value)
        {
            let recursions =
                detail.recursions.iter().map(|r| format!("${} x{}", r.column, r.depth));
            let recursions = recursions.collect::<Vec<_>>().join(", ");
            let columns = detail.columns.iter().map(|column| format!("${column}"));
            let columns = columns.collect::<Vec<_>>().join(", ");
            let nulls = detail.null_handling;
            return format!("unnest [{columns}] recursions [{recursions}] nulls {nulls}");
        }
        if url == type_url::<extension::RecursiveQuery>()
            && let Ok(detail) = extension::RecursiveQuery::decode(value)
        {
            let distinct = if detail.distinct { " distinct" } else { "" };
            return format!("recursive_query{distinct}");
        }
        if url == type_url::<extension::WorkTable>()
            && let Ok(detail) = extension::WorkTable::decode(value)
        {
            let types = detail.row.unwrap_or_default().types;
            let types: Vec<String> = types.iter().map(|t| self.data_type(t)).collect();
            return format!("work_table {} ({})", detail.steps, types.join(", "));
        }
        if url == type_url::<extension::TableFunction>()
            && let Ok(detail) = extension::TableFunction::decode(value)
        {
            let arguments = self.list(&detail.arguments);
            let call = self.called(detail.function_reference, &arguments, &[]);
            let types = detail.row.unwrap_or_default().types;
            let types: Vec<String> = types.iter().map(|t| self.data_type(t)).collect();
            return format!("table_function {call} ({})", types.join(", "));
        }
        if url == type_url::<extension::Lateral>() {
            return "lateral".to_owned();
        }
        format!("extension {url}")
    }
}

/// The columns that a relation emits, where these are not its own.
fn emit(common: &Option<RelCommon>) -> String {
    match common.as_ref().and_then(|common| common.emit_kind.as_ref()) {
        Some(EmitKind::Emit(emit)) => format!(" emit {:?}", emit.output_mapping),
        _ => String::new(),
    }
}
