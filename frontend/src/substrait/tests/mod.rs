//! Plans as producers write them, built by the specification.

mod hostile;
mod kinds;
mod producers;

use std::sync::LazyLock;

use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema};
use datafusion::execution::context::SessionState;
use planc_ir::{Catalog, Settings, Table, planning_state};
use prost::Message;
use serde_json::{Value, json};
use substrait::proto::Plan;

use super::{Fact, SubstraitRule, parse, plan};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let mut catalog = Catalog::default();
    let point = vec![Field::new("x", DataType::Int64, true), Field::new("y", DataType::Utf8, true)];
    let fields = vec![
        Field::new("id", DataType::Int64, false),
        Field::new("amount", DataType::Int64, true),
        Field::new("price", DataType::Decimal128(15, 2), true),
        Field::new("name", DataType::Utf8, true),
        Field::new("day", DataType::Date32, true),
        Field::new("at", DataType::Struct(Fields::from(point)), true),
    ];
    catalog.insert("orders", Table::new(&Schema::new(fields)));
    let fields =
        vec![Field::new("id", DataType::Int64, false), Field::new("country", DataType::Utf8, true)];
    catalog.insert("customers", Table::new(&Schema::new(fields)));
    catalog
});

static STATE: LazyLock<SessionState> = LazyLock::new(|| planning_state(&Settings::default()));

/// What a producer declares.
struct Made {
    producer: &'static str,
    /// What stands before the file's name in an extension URI; none where there are no URIs.
    uris: Option<&'static str>,
    functions: &'static [(&'static str, &'static str)],
}

const ISTHMUS: Made = Made {
    producer: "",
    uris: Some("/"),
    functions: &[
        ("functions_comparison", "gt:any_any"),
        ("functions_comparison", "equal:any_any"),
        ("functions_arithmetic", "sum:i64"),
        ("functions_arithmetic", "count:any"),
        ("functions_arithmetic", "divide:i64_i64"),
        ("functions_datetime", "extract:req_date"),
        ("functions_string", "substring:str_i32_i32"),
        ("functions_boolean", "and:bool"),
        ("functions_datetime", "lt:date_date"),
    ],
};

const DUCKDB: Made = Made {
    producer: "DuckDB",
    uris: None,
    functions: &[
        ("", "gt"),
        ("", "equal"),
        ("", "sum"),
        ("", "divide"),
        ("", "count"),
        ("", "and"),
        ("", "not_equal"),
    ],
};

const IBIS: Made = Made {
    producer: "ibis-substrait",
    uris: Some("https://github.com/substrait-io/substrait/blob/main/extensions/"),
    functions: ISTHMUS.functions,
};

impl Made {
    /// A plan in Substrait's JSON.
    fn json(&self, relation: Value, names: &[&str]) -> String {
        let mut files: Vec<&str> = self.functions.iter().map(|(file, _)| *file).collect();
        files.sort_unstable();
        files.dedup();
        let reference = |file: &str| files.iter().position(|known| *known == file).unwrap() + 1;
        let uris: Vec<Value> = files
            .iter()
            .map(|file| {
                let uri = format!("{}{file}.yaml", self.uris.unwrap_or_default());
                json!({ "extensionUriAnchor": reference(file), "uri": uri })
            })
            .collect();
        let functions: Vec<Value> = self
            .functions
            .iter()
            .zip(1..)
            .map(|((file, name), anchor)| {
                let mut function = json!({ "functionAnchor": anchor, "name": name });
                if self.uris.is_some() {
                    function["extensionUriReference"] = json!(reference(file));
                }
                json!({ "extensionFunction": function })
            })
            .collect();
        let mut plan = json!({
            "version": { "minorNumber": 50, "producer": self.producer },
            "extensions": functions,
            "relations": [{ "root": { "input": relation, "names": names } }],
        });
        if self.uris.is_some() {
            plan["extensionUris"] = json!(uris);
        }
        plan.to_string()
    }

    /// The anchor of a function.
    fn anchor(&self, name: &str) -> usize {
        let found = self.functions.iter().position(|(_, f)| f.split(':').next() == Some(name));
        found.unwrap() + 1
    }

    fn call(&self, name: &str, arguments: &[Value], output: Value) -> Value {
        let arguments: Vec<Value> = arguments
            .iter()
            .map(|value| match value.as_str() {
                Some(member) => json!({ "enum": member }),
                None => json!({ "value": value }),
            })
            .collect();
        json!({ "scalarFunction": {
            "functionReference": self.anchor(name), "arguments": arguments, "outputType": output,
        } })
    }

    fn aggregate(&self, name: &str, argument: Value) -> Value {
        json!({ "measure": {
            "functionReference": self.anchor(name),
            "arguments": [{ "value": argument }],
            "phase": "AGGREGATION_PHASE_INITIAL_TO_RESULT",
            "outputType": nullable("i64"),
        } })
    }
}

fn nullable(kind: &str) -> Value {
    json!({ kind: { "nullability": "NULLABILITY_NULLABLE" } })
}

fn field(at: usize) -> Value {
    json!({ "selection": {
        "directReference": { "structField": { "field": at } }, "rootReference": {},
    } })
}

fn number(value: i64) -> Value {
    json!({ "literal": { "i64": value.to_string() } })
}

/// A read of `orders (id, amount, name, day)`.
fn orders() -> Value {
    json!({ "read": {
        "baseSchema": {
            "names": ["id", "amount", "name", "day"],
            "struct": { "nullability": "NULLABILITY_REQUIRED", "types": [
                { "i64": { "nullability": "NULLABILITY_REQUIRED" } },
                nullable("i64"), nullable("string"), nullable("date"),
            ] },
        },
        "namedTable": { "names": ["orders"] },
    } })
}

fn customers() -> Value {
    json!({ "read": {
        "baseSchema": {
            "names": ["id", "country"],
            "struct": { "nullability": "NULLABILITY_REQUIRED", "types": [
                { "i64": { "nullability": "NULLABILITY_REQUIRED" } }, nullable("string"),
            ] },
        },
        "namedTable": { "names": ["customers"] },
    } })
}

fn filter(input: Value, condition: Value) -> Value {
    json!({ "filter": { "input": input, "condition": condition } })
}

/// The plan that comes of a JSON plan, or the codes and messages of its errors, a line each.
/// The findings of a plan stand behind it.
fn lowered_with(json: &str, facts: &[Fact]) -> String {
    let errors = |found: &[planc_ir::Diagnostic]| {
        let lines = found.iter().map(|f| format!("{} {}", f.code, f.message));
        lines.collect::<Vec<_>>().join("\n")
    };
    match parse(&SubstraitRule { bytes: json.as_bytes(), facts }) {
        Err(found) => errors(&found),
        Ok(parsed) => {
            let planned = plan(&parsed, &CATALOG, &STATE);
            let found = errors(&planned.diagnostics);
            match planned.plan {
                Some(plan) => format!("{}\n{found}", plan.logical.display_indent()),
                None => found,
            }
        }
    }
}

fn lowered(json: &str) -> String {
    lowered_with(json, &[])
}

/// The same plan in binary, without the extension URIs that only JSON has here.
fn binary(json: &str) -> Vec<u8> {
    let mut value: Value = serde_json::from_str(json).unwrap();
    value.as_object_mut().unwrap().remove("extensionUris");
    for extension in value["extensions"].as_array_mut().unwrap() {
        extension["extensionFunction"].as_object_mut().unwrap().remove("extensionUriReference");
    }
    let bytes = planc_ir::substrait::from_json(&value.to_string()).unwrap();
    Plan::decode(bytes.as_slice()).unwrap();
    bytes
}
