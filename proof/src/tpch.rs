//! The 22 TPC-H queries with other spellings of each, on random rows that fit their constants.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema};
use fastrand::Rng;
use planc_ir::catalog::Constraints;
use sqlparser::ast::{Expr, UnaryOperator, Value, Visit, Visitor};

use crate::edit;
use crate::world::{TestTable, World};

/// A query, and the texts that mean the same.
#[derive(Debug, Clone)]
pub struct Respelled {
    /// `q01` to `q22`.
    pub name: String,
    /// The query as the benchmark has it.
    pub text: String,
    /// What is different, and the other text.
    pub others: Vec<(String, String)>,
}

/// All 22, from the files of the repository.
///
/// # Panics
/// Where a file is missing or malformed.
pub fn queries() -> Vec<Respelled> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: String| std::fs::read_to_string(root.join(path)).expect("a query's file");
    let query = |number: usize| {
        let name = format!("q{number:02}");
        let others = read(format!("tpch/{name}.sql"));
        let others = others.split(';').filter_map(|part| {
            let (title, text) = part.trim().strip_prefix("-- ")?.split_once('\n')?;
            Some((title.to_owned(), text.to_owned()))
        });
        Respelled {
            others: others.collect(),
            text: read(format!("../tests/tpch/{name}.sql")),
            name,
        }
    };
    (1..=22).map(query).collect()
}

/// Tables of the benchmark's schema with few rows, whose values are near the constants that
/// the query compares them with.
///
/// # Panics
/// Never: the values are of the column's type.
pub fn world(rng: &mut Rng, text: &str) -> World {
    let constants = constants(text);
    let mut world = World::default();
    for (name, columns) in SCHEMA {
        let rows = rng.usize(3..12);
        let mut fields = Vec::new();
        let mut arrays = Vec::new();
        for (column, kind) in columns.split(", ").map(|c| c.split_once(' ').expect("a type")) {
            let data_type = match kind {
                "int" => DataType::Int32,
                "bigint" => DataType::Int64,
                "decimal" => DataType::Decimal128(15, 2),
                "date" => DataType::Date32,
                _ => DataType::Utf8,
            };
            let known = constants.get(column).cloned().unwrap_or_default();
            let values = domain(&data_type, column, &known);
            let drawn = (0..rows).map(|_| Some(values[rng.usize(..values.len())].clone()));
            let texts: StringArray = drawn.collect();
            let strict = CastOptions { safe: false, ..CastOptions::default() };
            arrays.push(cast_with_options(&texts, &data_type, &strict).expect("fitting values"));
            fields.push(Field::new(column, data_type, false));
        }
        let rows = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).expect("one shape");
        world.tables.push(TestTable {
            name: (*name).to_owned(),
            rows,
            constraints: Constraints::default(),
        });
    }
    world
}

/// What a column is drawn from.
fn domain(data_type: &DataType, column: &str, known: &[String]) -> Vec<String> {
    let mut values = Vec::new();
    match data_type {
        DataType::Date32 => {
            let mut dates: Vec<String> =
                known.iter().filter(|text| text.len() == 10).cloned().collect();
            if dates.is_empty() {
                dates = ["1993-08-01", "1995-06-17", "1996-02-01", "1994-03-01"]
                    .map(str::to_owned)
                    .to_vec();
            }
            for date in dates {
                let Some((year_month, _)) = date.rsplit_once('-') else { continue };
                values.extend([
                    format!("{year_month}-11"),
                    format!("{year_month}-27"),
                    date.clone(),
                ]);
            }
        }
        DataType::Utf8 => {
            for text in known {
                values.push(text.replace('%', "x "));
                values.push(text.replace('%', ""));
            }
            if column.ends_with("phone") {
                values.extend(["13-1", "31-2", "99-3"].map(str::to_owned));
            }
            values.extend(["none", "other"].map(str::to_owned));
        }
        DataType::Decimal128(..) => {
            for text in known {
                let Ok(number) = text.parse::<f64>() else { continue };
                values.extend([number, number + 1.0, number - 0.01].map(|n| format!("{n:.2}")));
            }
            values.extend(["0.05", "0.06", "2.00", "150.00"].map(str::to_owned));
        }
        _ => {
            let key = column.ends_with("key");
            let numbers = known.iter().filter_map(|text| text.parse::<i64>().ok());
            values.extend(numbers.flat_map(|n| [n.to_string(), (n + 1).to_string()]));
            values.extend(["1", "2"].map(str::to_owned));
            if !key {
                values.push("5000".to_owned());
            }
        }
    }
    values
}

/// The literals that each column is compared with.
fn constants(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut found = Constants::default();
    if let Some(query) = edit::parse(text) {
        let _ = query.visit(&mut found);
    }
    found.0
}

#[derive(Default)]
struct Constants(BTreeMap<String, Vec<String>>);

impl Constants {
    fn note(&mut self, left: &Expr, right: &Expr) {
        let (Some(column), Some(literal)) = (column_of(left), literal_of(right)) else { return };
        self.0.entry(column).or_default().push(literal);
    }
}

impl Visitor for Constants {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::BinaryOp { left, right, .. } => {
                self.note(left, right);
                self.note(right, left);
            }
            Expr::InList { expr, list, .. } => {
                list.iter().for_each(|item| self.note(expr, item));
            }
            Expr::Between { expr, low, high, .. } => {
                self.note(expr, low);
                self.note(expr, high);
            }
            Expr::Like { expr, pattern, .. } => self.note(expr, pattern),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn column_of(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(name) => Some(name.value.clone()),
        Expr::CompoundIdentifier(parts) => parts.last().map(|name| name.value.clone()),
        _ => None,
    }
}

fn literal_of(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(text, _) | Value::SingleQuotedString(text) => Some(text.clone()),
            _ => None,
        },
        Expr::TypedString(text) => literal_of(&Expr::Value(text.value.clone())),
        // A bound that is computed lies near its first part.
        Expr::BinaryOp { left, .. } => literal_of(left),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => {
            literal_of(expr).map(|text| format!("-{text}"))
        }
        Expr::Nested(inner) => literal_of(inner),
        _ => None,
    }
}

const SCHEMA: &[(&str, &str)] = &[
    ("region", "r_regionkey bigint, r_name text, r_comment text"),
    ("nation", "n_nationkey bigint, n_name text, n_regionkey bigint, n_comment text"),
    (
        "supplier",
        "s_suppkey bigint, s_name text, s_address text, s_nationkey bigint, s_phone text, \
         s_acctbal decimal, s_comment text",
    ),
    (
        "customer",
        "c_custkey bigint, c_name text, c_address text, c_nationkey bigint, c_phone text, \
         c_acctbal decimal, c_mktsegment text, c_comment text",
    ),
    (
        "part",
        "p_partkey bigint, p_name text, p_mfgr text, p_brand text, p_type text, p_size int, \
         p_container text, p_retailprice decimal, p_comment text",
    ),
    (
        "partsupp",
        "ps_partkey bigint, ps_suppkey bigint, ps_availqty int, ps_supplycost decimal, \
         ps_comment text",
    ),
    (
        "orders",
        "o_orderkey bigint, o_custkey bigint, o_orderstatus text, o_totalprice decimal, \
         o_orderdate date, o_orderpriority text, o_clerk text, o_shippriority int, \
         o_comment text",
    ),
    (
        "lineitem",
        "l_orderkey bigint, l_partkey bigint, l_suppkey bigint, l_linenumber int, \
         l_quantity decimal, l_extendedprice decimal, l_discount decimal, l_tax decimal, \
         l_returnflag text, l_linestatus text, l_shipdate date, l_commitdate date, \
         l_receiptdate date, l_shipinstruct text, l_shipmode text, l_comment text",
    ),
];
