//! What reading a Substrait plan costs beside the SQL of the same query: the TPC-H queries that
//! Ibis 9.5 writes whole, from bytes and from text to a plan.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use datafusion::execution::context::SessionState;
use planc::demo::data::schemas;
use planc::project::bundle::Bundle;
use planc_frontend::sql::{self, SqlRule};
use planc_frontend::substrait::{self, Fact, SubstraitRule};
use planc_ir::{Catalog, Settings, Table, planning_state};

/// A query in both forms.
struct Query {
    plan: Vec<u8>,
    facts: Vec<Fact>,
    text: String,
}

fn queries(catalog: &Catalog, state: &SessionState) -> Vec<Query> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let query = |number: usize| {
        let file = |ending: &str| root.join(format!("ibis/tpch/q{number:02}.{ending}"));
        let plan = fs::read(file("substrait")).unwrap();
        let toml = fs::read_to_string(file("toml")).unwrap();
        let (bundle, _) = Bundle::new(Some(plan.clone()), Some(&toml)).unwrap();
        let facts = bundle.facts;
        let text = fs::read_to_string(root.join(format!("tpch/q{number:02}.sql"))).unwrap();
        // What lost a part is refused, some of it only where it is planned.
        let rule = SubstraitRule { bytes: &plan, facts: &facts };
        let parsed = substrait::parse(&rule).ok()?;
        substrait::plan(&parsed, catalog, state).plan?;
        Some(Query { plan, facts, text })
    };
    (1..=22).filter_map(query).collect()
}

fn tpch(criterion: &mut Criterion) {
    let mut catalog = Catalog::default();
    for (name, schema) in schemas() {
        catalog.insert(name, Table::new(&schema));
    }
    let state = planning_state(&Settings::default());
    let queries = queries(&catalog, &state);
    println!("{} queries", queries.len());
    let mut group = criterion.benchmark_group("TPC-H to a plan");
    group.sample_size(20);
    group.bench_function("Substrait of Ibis", |bencher| {
        bencher.iter(|| {
            for query in &queries {
                let rule = SubstraitRule { bytes: &query.plan, facts: &query.facts };
                let parsed = substrait::parse(&rule).unwrap();
                black_box(substrait::plan(&parsed, &catalog, &state).plan.unwrap());
            }
        });
    });
    group.bench_function("SQL", |bencher| {
        bencher.iter(|| {
            for query in &queries {
                let params = BTreeMap::new();
                let rule = SqlRule { text: &query.text, dialect: "datafusion", params: &params };
                let parsed = sql::parse(&rule).unwrap();
                black_box(sql::plan(&parsed, &catalog, &state).plan.unwrap());
            }
        });
    });
    group.finish();
}

criterion_group!(benches, tpch);
criterion_main!(benches);
