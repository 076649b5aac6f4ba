//! Small tables, and the check that every test goes through.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::catalog::MemTable;
use datafusion::common::tree_node::Transformed;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{LogicalPlan, TableScanBuilder};
use datafusion::prelude::{DataFrame, SessionContext};
use planc_ir::catalog::table_name;
use planc_ir::key::plan_key;
use planc_ir::substrait::{Encoded, decode, encode};
use planc_ir::{Plan, SchemaSource, Settings, planning_state};

/// A context with the tables that [`SETUP`] makes.
pub async fn context() -> SessionContext {
    context_in("UTC").await
}

/// As [`context`], with another time zone.
pub async fn context_in(time_zone: &str) -> SessionContext {
    let settings = Settings { time_zone: time_zone.to_owned() };
    let context = SessionContext::new_with_state(planning_state(&settings));
    for (name, query, required) in SETUP {
        let frame = context.sql(query).await.unwrap_or_else(|why| panic!("{name}: {why}"));
        let batches = frame.collect().await.unwrap();
        let schema = batches[0].schema();
        let fields = schema.fields().iter().map(|field| {
            let nullable = !required.contains(&field.name().as_str());
            field.as_ref().clone().with_nullable(nullable)
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<Field>>()));
        let rebuilt = batches
            .iter()
            .map(|batch| RecordBatch::try_new(schema.clone(), batch.columns().to_vec()).unwrap())
            .collect();
        let table = MemTable::try_new(schema, vec![rebuilt]).unwrap();
        context.register_table(*name, Arc::new(table)).unwrap();
    }
    context
}

const SETUP: &[(&str, &str, &[&str])] = &[
    (
        "t",
        "SELECT * FROM (VALUES
            (1, 10, 'one', 1.5, DATE '2020-01-31'),
            (2, NULL, 'two', -0.0, DATE '2021-02-28'),
            (3, 30, NULL, NULL, NULL),
            (4, 10, 'fo%ur', 'NaN'::double, DATE '1969-12-31'),
            (5, 50, 'One', 1e300, DATE '2020-02-29')) AS v(id, n, s, x, d)",
        &["id"],
    ),
    (
        "u",
        "SELECT * FROM (VALUES (1, 10, 'a'), (1, 20, 'b'), (3, NULL, 'c'), (6, 60, NULL),
            (NULL, 10, 'd')) AS v(id, n, s)",
        &[],
    ),
    (
        "nested",
        "SELECT 1 AS id, [1, 2, NULL] AS l, named_struct('a', 1, 'b', 'x') AS r,
            MAP {'k': 1} AS m, [[1], [2, 3]] AS ll, [named_struct('p', 1)] AS lr
         UNION ALL SELECT 2, NULL, named_struct('a', NULL, 'b', 'y'), MAP {'k': 2, 'j': 3}, [], []
         UNION ALL SELECT 3, [], NULL, NULL, [[], NULL], NULL",
        &["id"],
    ),
    (
        "typed",
        "SELECT 1 AS id, arrow_cast(1, 'UInt8') AS u8, arrow_cast(2, 'UInt64') AS u64,
            arrow_cast(1.25, 'Decimal128(10, 2)') AS dec,
            arrow_cast(1.25, 'Decimal256(50, 5)') AS dec256,
            TIMESTAMP '2020-01-01 12:00:00.123456789' AS ts,
            arrow_cast('2020-07-01T12:00:00Z', 'Timestamp(us, \"UTC\")') AS utc,
            arrow_cast('2020-07-01T12:00:00Z', 'Timestamp(ms, \"Europe/Berlin\")') AS berlin,
            arrow_cast('ab', 'Binary') AS bin, arrow_cast(1.5, 'Float32') AS f32,
            arrow_cast(1, 'Int8') AS i8, arrow_cast('12:30:00', 'Time64(ns)') AS time
         UNION ALL SELECT 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
        &["id"],
    ),
    (
        "customer",
        "SELECT * FROM (VALUES (1, 'Ann', 'north', 120.50), (2, 'Bob', 'south', -3.00),
            (3, 'Cat', 'north', 0.00), (4, 'Dan', NULL, 77.25))
            AS v(c_id, c_name, c_region, c_balance)",
        &["c_id", "c_name"],
    ),
    (
        "orders",
        "SELECT * FROM (VALUES (1, 1, DATE '2024-01-05', 'O', 100.00),
            (2, 1, DATE '2024-02-05', 'F', 250.00), (3, 2, DATE '2024-02-10', 'F', 30.00),
            (4, 3, DATE '2024-03-01', 'O', 60.00), (5, NULL, DATE '2024-03-02', 'P', 1.00))
            AS v(o_id, o_customer, o_date, o_status, o_total)",
        &["o_id", "o_date"],
    ),
    (
        "lines",
        "SELECT * FROM (VALUES (1, 1, 5, 20.00, 0.05), (1, 2, 1, 5.00, 0.00),
            (2, 1, 10, 25.00, 0.10), (3, 1, 3, 10.00, 0.00), (4, 1, 6, 10.00, 0.02),
            (4, 2, 2, 1.00, NULL)) AS v(l_order, l_line, l_quantity, l_price, l_discount)",
        &["l_order", "l_line"],
    ),
];

/// The plan as its author wrote it, with types made explicit, and as the optimizer makes it.
pub async fn plans(context: &SessionContext, sql: &str) -> (LogicalPlan, LogicalPlan) {
    let state = context.state();
    let plan = state.create_logical_plan(sql).await.unwrap_or_else(|why| panic!("{sql}\n{why}"));
    let analyzed = state
        .analyzer()
        .execute_and_check(plan.clone(), state.config_options(), |_, _| {})
        .unwrap_or_else(|why| panic!("{sql}\n{why}"));
    let optimized = state.optimize(&plan).unwrap_or_else(|why| panic!("{sql}\n{why}"));
    (analyzed, optimized)
}

/// Encodes, decodes and runs both plans; they must agree in schema and rows.
pub async fn round_trip(context: &SessionContext, plan: &LogicalPlan) -> Result<Encoded, String> {
    let shown = plan.display_indent();
    let original = Plan::new(plan.clone());
    let encoded = encode(&original).map_err(|why| format!("{}\n{shown}", why.message))?;
    assert_eq!(encoded, encode(&original).unwrap(), "encoding twice gives two results");
    let decoded = decode(&encoded.bytes, &context.state())
        .map_err(|why| format!("{}\n{shown}", why.message))?;
    let again = encode(&decoded).map_err(|why| format!("again: {}\n{shown}", why.message))?;
    if again.bytes != encoded.bytes {
        let back = decoded.logical.display_indent();
        return Err(format!("encoding is no fixpoint:\n{shown}\n{back}"));
    }
    assert_eq!(plan_key(plan).unwrap(), plan_key(&decoded.logical).unwrap());
    let back = decoded.logical.display_indent().to_string();
    let bound = bind(context, decoded.logical).await;
    let (wanted, found) = (rows(context, plan.clone()).await, rows(context, bound).await);
    if wanted != found {
        return Err(format!("{wanted:#?}\n{found:#?}\n{shown}\n{back}"));
    }
    Ok(encoded)
}

/// Puts the tables of the context in the place of the schema-only sources.
pub async fn bind(context: &SessionContext, plan: LogicalPlan) -> LogicalPlan {
    let mut providers = std::collections::HashMap::new();
    for read in Plan::new(plan.clone()).reads().unwrap() {
        if let Ok(provider) = context.table_provider(&read.name).await {
            providers.insert(read.name, provider);
        }
    }
    let bound = plan.transform_down_with_subqueries(|node| match node {
        LogicalPlan::TableScan(scan) if scan.source.downcast_ref::<SchemaSource>().is_some() => {
            let provider = providers[&table_name(&scan.table_name)].clone();
            let schema = provider.schema();
            let wanted = scan.source.schema();
            let columns = wanted.fields().iter().map(|f| schema.index_of(f.name()).unwrap());
            let scan = TableScanBuilder::new(scan.table_name, provider_as_source(provider))
                .with_projection(Some(columns.collect()))
                .build()?;
            Ok(Transformed::yes(LogicalPlan::TableScan(scan)))
        }
        other => Ok(Transformed::no(other)),
    });
    bound.unwrap().data
}

/// Schema and rows as text; the rows sorted unless the plan sorts. An error stands alone.
pub async fn rows(context: &SessionContext, plan: LogicalPlan) -> Vec<String> {
    let ordered = is_ordered(&plan);
    let frame = DataFrame::new(context.state(), plan);
    let batches = match frame.collect().await {
        Ok(batches) => batches,
        Err(why) => return vec![format!("error: {}", kind_of(&why.to_string()))],
    };
    let options = FormatOptions::default().with_null("NULL");
    let mut lines = Vec::new();
    for batch in &batches {
        let columns: Vec<ArrayRef> = batch.columns().to_vec();
        let formatters: Vec<_> = columns
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            let cells: Vec<_> = formatters.iter().map(|f| f.value(row).to_string()).collect();
            lines.push(cells.join(" | "));
        }
    }
    if !ordered {
        lines.sort();
    }
    if let Some(batch) = batches.first() {
        // Physical expressions say less of nullability than logical ones, of which `encode`
        // compares it.
        let schema = batch.schema();
        let columns = schema.fields().iter().map(|f| format!("{}: {}", f.name(), f.data_type()));
        lines.insert(0, columns.collect::<Vec<_>>().join(" | "));
    }
    lines
}

/// Errors name columns, which differ; their first words do not.
fn kind_of(error: &str) -> String {
    error.split([':', '\'', '"']).take(2).collect()
}

fn is_ordered(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Sort(_) => true,
        LogicalPlan::Limit(_) | LogicalPlan::Projection(_) | LogicalPlan::SubqueryAlias(_) => {
            plan.inputs().first().is_some_and(|input| is_ordered(input))
        }
        _ => false,
    }
}

/// The check: analyzed and optimized plans make the round trip.
pub async fn check(context: &SessionContext, sql: &str) -> Vec<String> {
    let (analyzed, optimized) = plans(context, sql).await;
    let mut faults = Vec::new();
    for (stage, plan) in [("analyzed", analyzed), ("optimized", optimized)] {
        if let Err(why) = round_trip(context, &plan).await {
            faults.push(format!("=== {stage}: {sql}\n{why}"));
        }
    }
    faults
}
