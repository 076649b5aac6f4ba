//! Whether two results are the same rows.

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::logical_expr::{Expr, LogicalPlan};
use planc_backend::compare::{Order, compare};

/// The first difference, or none. Rows are a bag, unless the query orders them: then they come
/// in the same order, but for those that tie on sort keys that are output columns.
pub fn differ(plan: &LogicalPlan, wanted: &[RecordBatch], found: &[RecordBatch]) -> Option<String> {
    if let (Some(wanted), Some(found)) = (wanted.first(), found.first()) {
        let columns = |batch: &RecordBatch| -> Vec<String> {
            let schema = batch.schema();
            let fields = schema.fields().iter();
            fields.map(|field| format!("{}: {}", field.name(), field.data_type())).collect()
        };
        let (wanted, found) = (columns(wanted), columns(found));
        if wanted != found {
            return Some(format!("the columns {wanted:?} came back as {found:?}"));
        }
    }
    // Batches without rows say nothing, and arrow does not cast all of them.
    let (wanted, found) = (&filled(wanted), &filled(found));
    let columns = wanted.first().or(found.first()).map_or(0, RecordBatch::num_columns);
    let Some(keys) = sort_keys(plan) else { return differ_by(wanted, found, &Order::none()) };
    let exact = differ_by(wanted, found, &Order::by(0..columns))?;
    match keys {
        Some(keys) => differ_by(wanted, found, &Order::by(keys)),
        None => Some(exact),
    }
}

/// True where the rows found are what `OFFSET skip LIMIT fetch` may keep of the rows of `plan`.
pub fn within(
    plan: &LogicalPlan,
    wanted: &[RecordBatch],
    found: &[RecordBatch],
    skip: usize,
    fetch: Option<usize>,
) -> bool {
    let order = match sort_keys(plan) {
        None => Order::none(),
        Some(Some(keys)) => Order::by(keys),
        // Which rows tie cannot be seen.
        Some(None) => return false,
    };
    let order = order.limit(skip, fetch);
    differ_by(&filled(wanted), &filled(found), &order).is_none()
}

fn filled(batches: &[RecordBatch]) -> Vec<RecordBatch> {
    batches.iter().filter(|batch| batch.num_rows() > 0).cloned().collect()
}

fn differ_by(wanted: &[RecordBatch], found: &[RecordBatch], order: &Order) -> Option<String> {
    match compare(wanted, found, order) {
        Ok(()) => None,
        // Unions and the like are compared as text.
        Err(why) if why.0.starts_with("no text for a value") => {
            let (mut wanted, mut found) = (lines(wanted), lines(found));
            if order.keys.is_empty() {
                wanted.sort();
                found.sort();
            }
            (wanted != found).then(|| format!("{why}: {wanted:?} and {found:?}"))
        }
        Err(why) => Some(why.0),
    }
}

/// The sort keys of a query that orders at its top, as output columns. `Some(None)` where a
/// key is no output column.
fn sort_keys(plan: &LogicalPlan) -> Option<Option<Vec<usize>>> {
    match plan {
        LogicalPlan::Sort(sort) => {
            let keys = sort.expr.iter().map(|key| match &key.expr {
                Expr::Column(column) => plan.schema().maybe_index_of_column(column),
                _ => None,
            });
            Some(keys.collect())
        }
        LogicalPlan::Limit(limit) => sort_keys(&limit.input),
        LogicalPlan::SubqueryAlias(alias) => sort_keys(&alias.input),
        // Where the columns move, only the exact order is asked for.
        LogicalPlan::Projection(projection) => sort_keys(&projection.input).map(|_| None),
        _ => None,
    }
}

fn lines(batches: &[RecordBatch]) -> Vec<String> {
    let options = FormatOptions::default().with_null("NULL");
    let mut lines = Vec::new();
    for batch in batches {
        let formatters = batch.columns().iter();
        let formatters = formatters.map(|column| ArrayFormatter::try_new(column, &options));
        let formatters: Vec<_> = formatters.collect();
        for row in 0..batch.num_rows() {
            let cells = formatters.iter().map(|formatter| match formatter {
                Ok(formatter) => formatter.value(row).to_string(),
                Err(why) => why.to_string(),
            });
            lines.push(cells.collect::<Vec<_>>().join(" | "));
        }
    }
    lines
}
