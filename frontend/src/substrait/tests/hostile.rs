//! Bytes that no producer writes: a fault or a plan, and never a panic.

use super::*;

/// Every finding that a plan may end with, unless it is planned.
fn survives(bytes: &[u8]) {
    let codes = |found: &[planc_ir::Diagnostic]| {
        for finding in found {
            assert_ne!(finding.code, planc_ir::code::INTERNAL, "{}", finding.message);
        }
    };
    match parse(&SubstraitRule { bytes, facts: &[] }) {
        Err(found) => {
            assert!(!found.is_empty());
            codes(&found);
        }
        Ok(parsed) => codes(&plan(&parsed, &CATALOG, &STATE).diagnostics),
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let gt = |made: &Made| made.call("gt", &[field(1), number(3)], nullable("bool"));
    let join = |made: &Made| {
        json!({ "join": {
            "left": filter(orders(), gt(made)), "right": customers(),
            "expression": made.call("equal", &[field(0), field(4)], nullable("bool")),
            "type": "JOIN_TYPE_LEFT",
        } })
    };
    let aggregate = |made: &Made| {
        json!({ "aggregate": {
            "input": join(made), "groupings": [{ "groupingExpressions": [field(5)] }],
            "measures": [made.aggregate("sum", field(1))],
        } })
    };
    let sort = json!({ "fetch": { "count": "3", "input": { "sort": { "input": orders(), "sorts": [
        { "expr": field(1), "direction": "SORT_DIRECTION_DESC_NULLS_FIRST" },
    ] } } } });
    [&DUCKDB, &IBIS]
        .into_iter()
        .flat_map(|made| {
            [
                made.json(aggregate(made), &["country", "n"]),
                made.json(sort.clone(), &["id", "amount", "name", "day"]),
            ]
        })
        .map(|json| binary(&json))
        .collect()
}

#[test]
fn cut_plans_are_refused() {
    for seed in seeds() {
        for end in 0..seed.len() {
            survives(&seed[..end]);
        }
    }
}

#[test]
fn plans_with_a_changed_byte_do_no_harm() {
    for seed in seeds() {
        for at in 0..seed.len() {
            for change in [1, 0x7f, 0x80, 0xff] {
                let mut bytes = seed.clone();
                bytes[at] ^= change;
                survives(&bytes);
            }
        }
    }
}

#[test]
fn deep_plans_are_refused() {
    let mut relation = orders();
    for _ in 0..60 {
        relation = filter(relation, json!({ "literal": { "boolean": true } }));
    }
    let json = DUCKDB.json(relation, &["id", "amount", "name", "day"]);
    survives(json.as_bytes());
    let mut text = String::new();
    for _ in 0..100_000 {
        text.push_str("{\"a\":");
    }
    survives(text.as_bytes());
    // Messages within messages, as deep as the bytes allow.
    let mut bytes = Vec::new();
    for _ in 0..20_000 {
        let mut around = vec![0x1a];
        prost::encode_length_delimiter(bytes.len(), &mut around).unwrap();
        around.extend(&bytes);
        bytes = around;
        if bytes.len() > 100_000 {
            break;
        }
    }
    survives(&bytes);
}

#[test]
fn references_far_outside_are_refused() {
    for at in [-1_i64, 4, i64::from(i32::MAX)] {
        let reference = json!({ "selection": {
            "directReference": { "structField": { "field": at } }, "rootReference": {},
        } });
        let project = json!({ "project": { "input": orders(), "expressions": [reference] } });
        let json = DUCKDB.json(project, &["id", "amount", "name", "day", "x"]);
        assert!(lowered(&json).starts_with("P0503"), "{at}: {}", lowered(&json));
        let emitted = json!({ "project": {
            "common": { "emit": { "outputMapping": [at] } },
            "input": orders(), "expressions": [],
        } });
        let json = DUCKDB.json(emitted, &["x"]);
        assert!(lowered(&json).starts_with("P0503"), "{at}: {}", lowered(&json));
    }
    let outer = json!({ "selection": {
        "directReference": { "structField": { "field": 0 } }, "outerReference": { "stepsOut": 1 },
    } });
    let project = json!({ "project": { "input": orders(), "expressions": [outer] } });
    let json = DUCKDB.json(project, &["id", "amount", "name", "day", "x"]);
    assert!(lowered(&json).contains("there is no query 1 steps out"));
}
