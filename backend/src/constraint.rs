//! Looking into the data for rows that break a declared constraint.
//!
//! A check is a query like another, replayed on the opened source: streamed, under the run's
//! limits, with the safeguards of every scan.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{Column, JoinType, Result, TableReference};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::utils::{conjunction, disjunction};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};
use planc_ir::catalog::Reference;
use planc_ir::code::{CONSTRAINT_BROKEN, SOURCE_UNREADABLE};
use planc_ir::{Constraint, ConstraintKind, Diagnostic, Plan, SchemaSource};

use crate::preview::preview;
use crate::{Binding, Bindings, Session, Source, fault, replay};

/// How many breaking values a finding names.
const SHOWN: usize = 3;

/// How much of the data is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Every row.
    All,
    /// The first rows of the table, and of a table referred to only where it is small.
    Sample,
}

/// Rows that a sample looks at.
const SAMPLE_ROWS: usize = 10_000;

/// Rows that a table referred to may have to be read for a sample.
const SAMPLE_REFERRED: usize = 1_000_000;

/// Looks for rows that break `constraint`; `sources` has its table and the one that it refers
/// to. `None` where none were found.
///
/// # Errors
/// As a replay fails; P0701 where a table is not in `sources`.
pub async fn check_constraint(
    session: &Session,
    constraint: &Constraint,
    sources: &BTreeMap<String, Source>,
    extent: Extent,
) -> Result<Option<Diagnostic>, Diagnostic> {
    let failed = |error| fault::run_failed(&error);
    let check = Check { session, sources, extent };
    let table = &constraint.table;
    let mut broken = Vec::new();
    match &constraint.kind {
        ConstraintKind::NotNull(column) => {
            let columns = std::slice::from_ref(column);
            broken = check.rows(check.nulls(table, columns)?.map_err(failed)?).await?;
        }
        ConstraintKind::Key(columns) => {
            broken = check.rows(check.nulls(table, columns)?.map_err(failed)?).await?;
            broken.extend(check.rows(check.repeated(table, columns)?.map_err(failed)?).await?);
        }
        ConstraintKind::Unique(columns) => {
            broken = check.rows(check.repeated(table, columns)?.map_err(failed)?).await?;
        }
        ConstraintKind::References(reference) => {
            if check.is_readable(&reference.table).await? {
                let orphans = check.orphans(table, reference)?.map_err(failed)?;
                broken = check.rows(orphans).await?;
            }
        }
    }
    Ok((!broken.is_empty()).then(|| finding(constraint, &broken)))
}

fn finding(constraint: &Constraint, broken: &[String]) -> Diagnostic {
    let shown: Vec<&str> = broken.iter().take(SHOWN).map(String::as_str).collect();
    let more = if broken.len() > SHOWN { ", and others" } else { "" };
    let target = match &constraint.kind {
        ConstraintKind::References(Reference { table, to, .. }) => {
            format!(" to {table} ({})", to.join(", "))
        }
        _ => String::new(),
    };
    let (table, word, columns) =
        (&constraint.table, constraint.word(), constraint.columns().join(", "));
    let message = format!(
        "`{table}` breaks its constraint {word} ({columns}){target}: {}{more}",
        shown.join(", ")
    );
    Diagnostic::new(CONSTRAINT_BROKEN, message)
        .help("mend the data or the declaration; `trust = true` beside it switches the check off")
}

struct Check<'a> {
    session: &'a Session,
    sources: &'a BTreeMap<String, Source>,
    extent: Extent,
}

impl Check<'_> {
    /// The rows that have a NULL in one of these columns, grouped.
    fn nulls(&self, table: &str, columns: &[String]) -> Result<Result<LogicalPlan>, Diagnostic> {
        let rows = self.scan(table, "t", self.limit(SAMPLE_ROWS))?;
        Ok(rows.and_then(|rows| {
            let any = disjunction(columns.iter().map(|name| column("t", name).is_null()));
            let rows = rows.filter(any.unwrap_or_else(|| lit(false)))?;
            let groups: Vec<Expr> = columns.iter().map(|name| column("t", name)).collect();
            rows.aggregate(groups, [count(lit(1i64))])?.limit(0, Some(SHOWN + 1))?.build()
        }))
    }

    /// The values that more than one row has.
    fn repeated(&self, table: &str, columns: &[String]) -> Result<Result<LogicalPlan>, Diagnostic> {
        let rows = self.scan(table, "t", self.limit(SAMPLE_ROWS))?;
        Ok(rows.and_then(|rows| {
            let all = conjunction(columns.iter().map(|name| column("t", name).is_not_null()));
            let rows = rows.filter(all.unwrap_or_else(|| lit(true)))?;
            let groups: Vec<Expr> = columns.iter().map(|name| column("t", name)).collect();
            let rows = rows.aggregate(groups, [count(lit(1i64)).alias("rows in all")])?;
            let many = Expr::Column(Column::new_unqualified("rows in all")).gt(lit(1i64));
            rows.filter(many)?.limit(0, Some(SHOWN + 1))?.build()
        }))
    }

    /// The values that the table referred to does not have.
    fn orphans(
        &self,
        table: &str,
        reference: &Reference,
    ) -> Result<Result<LogicalPlan>, Diagnostic> {
        let own = self.scan(table, "t", self.limit(SAMPLE_ROWS))?;
        let referred = self.scan(&reference.table, "r", None)?;
        Ok(own.and_then(|own| {
            let columns = &reference.columns;
            let all = conjunction(columns.iter().map(|name| column("t", name).is_not_null()));
            let own = own.filter(all.unwrap_or_else(|| lit(true)))?;
            let groups: Vec<Expr> = columns.iter().map(|name| column("t", name)).collect();
            let own = own.aggregate(groups, [count(lit(1i64))])?;
            let pairs = columns.iter().zip(&reference.to);
            let on: Vec<Expr> = pairs.map(|(a, b)| column("t", a).eq(column("r", b))).collect();
            let joined = own.join_on(referred?.build()?, JoinType::LeftAnti, on)?;
            joined.limit(0, Some(SHOWN + 1))?.build()
        }))
    }

    /// Whether the table is read to its end: a sample reads small ones only.
    async fn is_readable(&self, table: &str) -> Result<bool, Diagnostic> {
        let Some(limit) = self.limit(SAMPLE_REFERRED + 1) else { return Ok(true) };
        let rows = self
            .scan(table, "r", Some(limit))?
            .and_then(|rows| rows.aggregate(Vec::<Expr>::new(), [count(lit(1i64))])?.build());
        let plan = rows.map_err(|error| fault::run_failed(&error))?;
        let batches = self.batches(plan).await?;
        let first =
            batches.first().and_then(|batch| batch.column(0).as_primitive_opt::<Int64Type>());
        let total = first.filter(|counts| !counts.is_empty()).map(|counts| counts.value(0));
        Ok(total.is_some_and(|total| total <= SAMPLE_REFERRED as i64))
    }

    fn limit(&self, rows: usize) -> Option<usize> {
        (self.extent == Extent::Sample).then_some(rows)
    }

    fn scan(
        &self,
        table: &str,
        alias: &str,
        limit: Option<usize>,
    ) -> Result<Result<LogicalPlanBuilder>, Diagnostic> {
        let source = self.sources.get(table).ok_or_else(|| {
            Diagnostic::new(SOURCE_UNREADABLE, format!("no source is called `{table}`"))
        })?;
        let schema = Arc::new(SchemaSource::new(Arc::clone(&source.schema)));
        let scan = LogicalPlanBuilder::scan(TableReference::bare(table), schema, None);
        Ok(scan.and_then(|scan| match limit {
            Some(rows) => scan.limit(0, Some(rows))?.alias(alias),
            None => scan.alias(alias),
        }))
    }

    async fn batches(
        &self,
        plan: LogicalPlan,
    ) -> Result<Vec<arrow::array::RecordBatch>, Diagnostic> {
        let bindings: Bindings = self
            .sources
            .iter()
            .map(|(name, source)| (name.clone(), Binding::Source(source.clone())))
            .collect();
        let replay = replay(self.session, &Plan::new(plan), &bindings).await?;
        Ok(preview(replay.stream()?, usize::MAX).await?.batches)
    }

    /// Each row as `a = 1, b = NULL in 2 rows`; the last column is the number of rows.
    async fn rows(&self, plan: LogicalPlan) -> Result<Vec<String>, Diagnostic> {
        let failed = |error: arrow::error::ArrowError| fault::run_failed(&error.into());
        let options = FormatOptions::default().with_null("NULL");
        let mut lines = Vec::new();
        for batch in self.batches(plan).await? {
            let schema = batch.schema();
            let Some((counts, columns)) = batch.columns().split_last() else { continue };
            let counts = counts.as_primitive_opt::<Int64Type>();
            for row in 0..batch.num_rows() {
                let values = columns.iter().zip(schema.fields()).map(|(column, field)| {
                    let shown = ArrayFormatter::try_new(column, &options)?;
                    Ok(format!("{} = {}", field.name(), shown.value(row).try_to_string()?))
                });
                let values = values.collect::<Result<Vec<_>, _>>().map_err(failed)?.join(", ");
                let many = match counts.map(|counts| counts.value(row)) {
                    Some(1) | None => "in 1 row".to_owned(),
                    Some(rows) => format!("in {rows} rows"),
                };
                lines.push(format!("{values} {many}"));
            }
        }
        Ok(lines)
    }
}

fn column(table: &str, name: &str) -> Expr {
    Expr::Column(Column::new(Some(table), name))
}
