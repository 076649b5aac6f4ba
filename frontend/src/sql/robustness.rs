//! The front end on large, deep, odd and broken input.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use datafusion::arrow::datatypes::DataType;
use datafusion::sql::planner::SqlToRel;
use planc_ir::{Catalog, Diagnostic, code};
use sqlparser::ast::Statement;

use super::ddl::ddl_schema;
use super::keys::Keys;
use super::parameters::ParameterTypes;
use super::place::lexemes;
use super::provider::Provider;
use super::testing::{CATALOG, STATE, planned, planned_as, rendered};
use super::{SqlRule, parse, plan};

const TPCH_SCHEMA: &str = "
    create table region (r_regionkey bigint not null, r_name varchar, r_comment varchar);
    create table nation (n_nationkey bigint not null, n_name varchar, n_regionkey bigint,
        n_comment varchar);
    create table supplier (s_suppkey bigint not null, s_name varchar, s_address varchar,
        s_nationkey bigint, s_phone varchar, s_acctbal decimal(15, 2), s_comment varchar);
    create table customer (c_custkey bigint not null, c_name varchar, c_address varchar,
        c_nationkey bigint, c_phone varchar, c_acctbal decimal(15, 2), c_mktsegment varchar,
        c_comment varchar);
    create table part (p_partkey bigint not null, p_name varchar, p_mfgr varchar, p_brand varchar,
        p_type varchar, p_size int, p_container varchar, p_retailprice decimal(15, 2),
        p_comment varchar);
    create table partsupp (ps_partkey bigint not null, ps_suppkey bigint not null,
        ps_availqty int, ps_supplycost decimal(15, 2), ps_comment varchar);
    create table orders (o_orderkey bigint not null, o_custkey bigint, o_orderstatus varchar,
        o_totalprice decimal(15, 2), o_orderdate date, o_orderpriority varchar, o_clerk varchar,
        o_shippriority int, o_comment varchar);
    create table lineitem (l_orderkey bigint not null, l_partkey bigint, l_suppkey bigint,
        l_linenumber int, l_quantity decimal(15, 2), l_extendedprice decimal(15, 2),
        l_discount decimal(15, 2), l_tax decimal(15, 2), l_returnflag varchar,
        l_linestatus varchar, l_shipdate date, l_commitdate date, l_receiptdate date,
        l_shipinstruct varchar, l_shipmode varchar, l_comment varchar);";

fn tpch() -> (Catalog, Vec<(String, String)>) {
    let mut catalog = Catalog::default();
    for (name, table) in ddl_schema(TPCH_SCHEMA).unwrap() {
        catalog.insert(name, table);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/tpch");
    let mut queries: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "sql"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    queries.sort();
    (catalog, queries)
}

#[test]
fn tpch_is_right_and_the_resolver_adds_little() {
    let (catalog, queries) = tpch();
    assert_eq!(queries.len(), 22);
    let params = BTreeMap::new();
    let types = std::sync::Arc::new(ParameterTypes { params: params.clone() });
    let provider = Provider { catalog: &catalog, state: &STATE, types, keys: Keys::default() };
    let (mut parsing, mut planning) = (Duration::ZERO, Duration::ZERO);
    let (mut resolving, mut datafusion) = (Duration::ZERO, Duration::ZERO);
    for (name, sql) in &queries {
        let start = Instant::now();
        let parsed = parse(&SqlRule { text: sql, dialect: "datafusion", params: &params }).unwrap();
        parsing += start.elapsed();
        let start = Instant::now();
        let planned = plan(&parsed, &catalog, &STATE);
        planning += start.elapsed();
        let errors: Vec<Diagnostic> =
            planned.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
        assert!(errors.is_empty(), "{name}: {}", rendered(sql, &errors));
        let query = parsed.query.as_ref().unwrap();
        let places = super::place::Places::new(sql, None);
        let start = Instant::now();
        super::resolve::resolve(query, &catalog, &STATE, &places);
        super::lint::lint(query, &STATE, &places);
        resolving += start.elapsed();
        let start = Instant::now();
        let statement = Statement::Query(query.clone());
        SqlToRel::new(&provider).sql_statement_to_plan(statement).unwrap();
        datafusion += start.elapsed();
    }
    println!(
        "22 queries: parse {parsing:?}, plan in all {planning:?}, of it resolver and warnings \
         {resolving:?} and SqlToRel {datafusion:?}"
    );
    assert!(resolving < datafusion, "{resolving:?} beside SqlToRel's {datafusion:?}");
}

#[test]
fn a_legal_rule_of_five_megabytes_works() {
    let values: Vec<String> = (0..700_000).map(|n| n.to_string()).collect();
    let list = format!("select id from orders where id in ({})", values.join(", "));
    let branch = "select id, amount, status from orders where customer_id = 17 and amount > 5\n";
    let union = vec![branch; 5_000_000 / branch.len() / 20].join("union all ");
    let any = vec!["(id = 7 and amount > 1.5)"; 30_000].join(" or ");
    let condition = format!("select id from orders where {any}");
    for sql in [list, union, condition] {
        let start = Instant::now();
        let planned = planned(&sql);
        println!("{} bytes: {:?}", sql.len(), start.elapsed());
        let errors = planned.diagnostics.iter().filter(|d| d.is_error());
        assert_eq!(errors.map(|d| &d.message).next(), None);
        // The caller's stack may be a small one.
        std::thread::Builder::new()
            .stack_size(1 << 20)
            .spawn(move || drop(planned))
            .unwrap()
            .join()
            .unwrap();
    }
}

/// Rules that exercise most of the grammar; the fuzzer breaks them.
const SEEDS: [&str; 8] = [
    "with a as (select id, sum(amount) as total from orders group by id) select a.total, c.name \
     from a join customers c on c.id = a.id where total > 10 order by 1 limit 3",
    "select o.id, row_number() over (partition by status order by amount desc) as r from orders o \
     where exists (select 1 from customers c where c.id = o.customer_id) qualify r = 1",
    "select case when amount > 1.5 then 'a' else status end as x, count(*) filter (where id > 2) \
     from orders group by 1 having count(*) > 1 union all select name, id from customers",
    "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3) \
     select n.i, cast(n.i as varchar) || 'x' from n cross join generate_series(1, 2) as g(v)",
    "select s.at.x, s.tags[1], unnest(tags) from nested.shapes s left join customers using (id)",
    "select id from orders where placed_on between date '2026-01-01' and $since and status in \
     ('a', null) and not (amount is null) or id = any(select id from customers)",
    "select t.a, extract(year from placed_on), substring(status from 1 for 2), interval '1' day \
     from orders, lateral (select max(id) as a from customers where id = orders.id) t",
    "select * exclude (id) from (values (1, 'x'), (2, 'y')) as v(id, \"Näme\") group by all",
];

#[test]
fn broken_rules_never_panic_and_spans_stay_inside() {
    let mut random = Random(0x5eed);
    let words: Vec<String> = SEEDS
        .iter()
        .flat_map(|sql| lexemes(sql).into_iter().map(|l| sql[l.start..l.end].to_owned()))
        .chain(
            ["é", "\u{feff}", "'", "\"", "(", "))", "{{", "\u{202e}", "$$", "--", "/*", "\0"]
                .map(str::to_owned),
        )
        .collect();
    // A fixed number, so that every machine tries the same ones.
    for _ in 0..broken_rules() {
        let seed = SEEDS[random.below(SEEDS.len())];
        let mut tokens: Vec<&str> = lexemes(seed).iter().map(|l| &seed[l.start..l.end]).collect();
        for _ in 0..=random.below(3) {
            let at = random.below(tokens.len());
            let other = random.below(tokens.len());
            match random.below(4) {
                0 if tokens.len() > 1 => drop(tokens.remove(at)),
                1 => tokens.insert(at, tokens[other]),
                2 => tokens.swap(at, other),
                _ => tokens[at] = &words[random.below(words.len())],
            }
        }
        let sql = tokens.join(if random.below(5) == 0 { "\r\n" } else { " " });
        let dialect = ["datafusion", "datafusion", "datafusion", "duckdb", "spark"];
        let planned = planned_as(&sql, dialect[random.below(dialect.len())]);
        for diagnostic in &planned.diagnostics {
            assert_ne!(diagnostic.code, code::INTERNAL, "{sql}\n{}", diagnostic.message);
            let spans = diagnostic.span.iter().chain(diagnostic.related.iter().map(|(s, _)| s));
            for span in spans {
                assert!(sql.get(span.start..span.end).is_some(), "{sql}\n{diagnostic:?}");
            }
        }
        assert_eq!(planned.plan.is_none(), planned.diagnostics.iter().any(Diagnostic::is_error));
    }
}

/// How many broken rules are tried: `PLANC_FUZZ_CASES` of them, for a longer hunt.
fn broken_rules() -> usize {
    std::env::var("PLANC_FUZZ_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(4_000)
}

#[test]
fn odd_text_is_read_or_refused() {
    for sql in [
        "\0",
        "select \0",
        "\u{feff}",
        "\u{feff}select id\r\nfrom orders\r\n",
        "select 'a\u{200b}' as x",
        "select id as \u{202e}x from orders",
        "select 1 as \u{1F600}",
        "select/**/id/**/from/**/orders",
        ";;;",
        "/*",
        "--",
    ] {
        let planned = planned(sql);
        assert!(planned.plan.is_some() || !planned.diagnostics.is_empty(), "{sql:?}");
        assert!(planned.diagnostics.iter().all(|d| d.code != code::INTERNAL), "{sql:?}");
    }
    let deep =
        format!("select id from orders where {}id = 1{}", "(".repeat(3000), ")".repeat(3000));
    for dialect in ["duckdb", "postgresql", "spark", "snowflake"] {
        let found = planned_as(&deep, dialect).diagnostics;
        assert_eq!(found[0].code, code::TOO_DEEP, "{dialect}: {}", found[0].message);
    }
}

#[test]
fn parameters_have_their_declared_types() {
    let plan =
        planned("select $least as a, $since as b from orders where id > $least limit $least");
    let plan = plan.plan.unwrap();
    let types: Vec<DataType> =
        plan.output_schema().fields().iter().map(|field| field.data_type().clone()).collect();
    assert_eq!(types, [DataType::Int64, DataType::Date32]);
    let shown = plan.logical.display_indent().to_string();
    assert!(!shown.contains("CAST"), "{shown}");
    let _ = &*CATALOG;
}

/// A small generator (SplitMix64); the same seed gives the same rules.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }
}
