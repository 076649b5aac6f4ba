//! The relations that planc adds to Substrait.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::catalog::cte_worktable::CteWorkTable;
use datafusion::common::{
    Column, NullHandling, RecursionUnnestOption, TableReference, UnnestOptions,
};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{
    Distinct, DistinctOn, Expr, LogicalPlan, RecursiveQuery, TableScanBuilder, Unnest,
};
use substrait::proto::{ExtensionLeafRel, ExtensionMultiRel, ExtensionSingleRel};

use super::names::Columns;
use super::{Decoder, Result, malformed, unknown};
use crate::substrait::extension::{self, type_url};

impl Decoder<'_> {
    pub(super) fn extension_single(&mut self, single: &ExtensionSingleRel) -> Result<LogicalPlan> {
        let detail = single.detail.as_ref().ok_or_else(|| malformed("it has no detail"))?;
        let plan = if detail.type_url == type_url::<extension::DistinctOn>() {
            let detail = self.message(detail.value.as_ref())?;
            self.distinct_on(single, &detail)?
        } else if detail.type_url == type_url::<extension::Unnest>() {
            let detail = self.message(detail.value.as_ref())?;
            self.unnest(single, &detail)?
        } else {
            return Err(unknown(format_args!("the relation {}", detail.type_url)));
        };
        self.emitted(plan, single.common.as_ref())
    }

    fn distinct_on(
        &mut self,
        single: &ExtensionSingleRel,
        detail: &extension::DistinctOn,
    ) -> Result<LogicalPlan> {
        let (input, columns) = self.input(single.input.as_deref())?;
        let on = self.expressions(&detail.on, &columns)?;
        let mut seen = HashSet::new();
        let select = self.expressions(&detail.select, &columns)?;
        let select = select.into_iter().map(|expr| self.named(expr, &mut seen)).collect();
        let sorts = self.sorts(&detail.sorts, &columns)?;
        let sorts = (!sorts.is_empty()).then_some(sorts);
        let distinct = DistinctOn::try_new(on, select, sorts, input)?;
        Ok(LogicalPlan::Distinct(Distinct::On(distinct)))
    }

    fn unnest(
        &mut self,
        single: &ExtensionSingleRel,
        detail: &extension::Unnest,
    ) -> Result<LogicalPlan> {
        let (input, _) = self.input(single.input.as_deref())?;
        // Its outputs go by the unqualified names of its inputs, so these must be unique.
        let input = Arc::new(self.renamed(Arc::unwrap_or_clone(input))?);
        let columns = Columns::of([input.schema().as_ref()]);
        let column = |at: u32| -> Result<&Column> {
            let (column, _) = columns.get(usize::try_from(at).unwrap_or(usize::MAX))?;
            Ok(column)
        };
        let mut recursions = Vec::new();
        for recursion in &detail.recursions {
            let at = usize::try_from(recursion.column).unwrap_or(usize::MAX);
            let mut within = columns.get(at)?.1.data_type();
            for _ in 0..recursion.depth {
                use arrow::datatypes::DataType as T;
                within = match within {
                    T::List(item) | T::LargeList(item) | T::FixedSizeList(item, _) => {
                        item.data_type()
                    }
                    T::ListView(item) | T::LargeListView(item) => item.data_type(),
                    _ => return Err(malformed("a list is not as deep as it is unnested")),
                };
            }
            if recursion.depth == 0 {
                return Err(malformed("a list is unnested to depth 0"));
            }
            recursions.push(RecursionUnnestOption {
                input_column: column(recursion.column)?.clone(),
                output_column: Column::from_name(self.names.column()),
                depth: usize::try_from(recursion.depth).unwrap_or(usize::MAX),
            });
        }
        let unnested = detail.columns.iter().map(|at| column(*at).cloned());
        let unnested = unnested.collect::<Result<Vec<_>>>()?;
        let null_handling = match detail.null_handling {
            0 => NullHandling::Drop,
            1 => NullHandling::Preserve,
            2 => NullHandling::PreserveAndExpandEmpty,
            _ => return Err(malformed("there is no such null handling")),
        };
        let options = UnnestOptions { null_handling, recursions };
        let plan = LogicalPlan::Unnest(Unnest::try_new(input, unnested, options)?);
        self.renamed(plan)
    }

    pub(super) fn recursive(&mut self, multi: &ExtensionMultiRel) -> Result<LogicalPlan> {
        let detail = multi.detail.as_ref().ok_or_else(|| malformed("it has no detail"))?;
        if detail.type_url != type_url::<extension::RecursiveQuery>() {
            return Err(unknown(format_args!("the relation {}", detail.type_url)));
        }
        let detail: extension::RecursiveQuery = self.message(detail.value.as_ref())?;
        let [first, again] = multi.inputs.as_slice() else {
            return Err(malformed("a recursive query has two inputs"));
        };
        let first = self.step("inputs[0]", |decoder| decoder.relation(first))?;
        let first = self.renamed(first)?;
        let name = self.names.recursion();
        let schema = Arc::new(first.schema().as_arrow().clone());
        self.recursions.push((name.clone(), schema));
        let again = self.step("inputs[1]", |decoder| decoder.relation(again))?;
        self.recursions.pop();
        let query =
            RecursiveQuery::try_new(name, Arc::new(first), Arc::new(again), detail.distinct)?;
        let same = query.static_term.schema().fields().iter();
        if !same
            .zip(query.recursive_term.schema().fields())
            .all(|(first, again)| first.data_type() == again.data_type())
        {
            return Err(malformed("the terms of a recursive query differ in their types"));
        }
        self.emitted(LogicalPlan::RecursiveQuery(query), multi.common.as_ref())
    }

    pub(super) fn extension_leaf(&mut self, leaf: &ExtensionLeafRel) -> Result<LogicalPlan> {
        let detail = leaf.detail.as_ref().ok_or_else(|| malformed("it has no detail"))?;
        let plan = if detail.type_url == type_url::<extension::WorkTable>() {
            let detail = self.message(detail.value.as_ref())?;
            self.work_table(&detail)?
        } else if detail.type_url == type_url::<extension::TableFunction>() {
            let detail = self.message(detail.value.as_ref())?;
            self.table_function(&detail)?
        } else {
            return Err(unknown(format_args!("the relation {}", detail.type_url)));
        };
        self.emitted(plan, leaf.common.as_ref())
    }

    /// The rows that a function gives today must have the types that they had.
    fn table_function(&mut self, detail: &extension::TableFunction) -> Result<LogicalPlan> {
        let name = self.own_function(detail.function_reference)?;
        let args = self.expressions(&detail.arguments, &Columns::of([]))?;
        if !args.iter().all(|arg| matches!(arg, Expr::Literal(..))) {
            return Err(malformed(format_args!("an argument of {name} is no literal")));
        }
        let rows = self
            .available
            .rows(&name, &args)
            .ok_or_else(|| super::function::no_function(&name))??;
        let wanted = detail.row.as_ref().ok_or_else(|| malformed("its columns have no types"))?;
        let schema = rows.schema();
        let mut same = wanted.types.len() == schema.fields().len();
        for (encoded, field) in wanted.types.iter().zip(schema.fields()) {
            let wanted = self.data_type(encoded)?;
            same &= wanted == (field.data_type().clone(), field.is_nullable());
        }
        if !same {
            return Err(unknown(format_args!("{name} with other columns than it has here")));
        }
        let name = TableReference::bare(format!("{name}()"));
        let scan = TableScanBuilder::new(name, provider_as_source(rows)).build()?;
        self.qualified(LogicalPlan::TableScan(scan))
    }

    fn work_table(&mut self, detail: &extension::WorkTable) -> Result<LogicalPlan> {
        let steps = usize::try_from(detail.steps).unwrap_or(usize::MAX);
        let around = self.recursions.iter().rev().nth(steps).cloned();
        let (name, schema) = around.ok_or_else(|| malformed("there is no such recursive query"))?;
        let row = detail.row.as_ref().ok_or_else(|| malformed("a work table has no types"))?;
        if row.types.len() != schema.fields().len() {
            return Err(malformed("a work table has another number of columns than its query"));
        }
        let mut fields = Vec::with_capacity(row.types.len());
        for (encoded, field) in row.types.iter().zip(schema.fields()) {
            let (data_type, nullable) = self.data_type(encoded)?;
            if data_type != *field.data_type() {
                return Err(malformed("a work table has other types than its query"));
            }
            fields.push(field.as_ref().clone().with_nullable(nullable));
        }
        let schema = Arc::new(arrow::datatypes::Schema::new(fields));
        let source = provider_as_source(Arc::new(CteWorkTable::new(&name, schema)));
        let scan = TableScanBuilder::new(TableReference::bare(name), source).build()?;
        self.qualified(LogicalPlan::TableScan(scan))
    }
}
