//! One case a producer's habit, right or refused.

use serde_json::{Value, json};

use super::*;

fn check(json: &str, wanted: &[&str]) {
    let found = lowered(json);
    for words in wanted {
        assert!(found.contains(words), "{words:?} is not in:\n{found}");
    }
}

#[test]
fn old_extension_uris_say_which_function_is_meant() {
    let plan = filter(orders(), ISTHMUS.call("gt", &[field(1), number(3)], nullable("bool")));
    let json = ISTHMUS.json(plan, &["id", "amount", "name", "day"]);
    check(&json, &["> Int64(3)", "TableScan: orders"]);
    let json = json.replace("/functions_comparison.yaml", "https://example.org/mine.yaml");
    check(&json, &["P0502 at root/filter/condition: the plan uses the function gt of https://"]);
}

#[test]
fn divisions_mean_what_their_producer_means() {
    let divided = |made: &Made, output: &str| {
        let call = made.call("divide", &[field(1), number(2)], nullable(output));
        let project = json!({ "project": {
            "common": { "emit": { "outputMapping": [4] } },
            "input": orders(), "expressions": [call],
        } });
        lowered(&made.json(project, &["half"]))
    };
    assert!(divided(&ISTHMUS, "i64").contains("amount / Int64(2)"));
    let ibis = divided(&IBIS, "fp64");
    assert!(ibis.contains("CAST(Int64(2) AS Float64)"), "{ibis}");
    assert!(ibis.contains("P0510 repaired: the division of integers gives a float"), "{ibis}");
}

#[test]
fn enumeration_arguments_name_the_part_of_a_date() {
    let extract = |part: &str| ISTHMUS.call("extract", &[json!(part), field(3)], nullable("i64"));
    let project = |part: &str| {
        json!({ "project": {
            "common": { "emit": { "outputMapping": [4] } },
            "input": orders(), "expressions": [extract(part)],
        } })
    };
    check(&ISTHMUS.json(project("YEAR"), &["y"]), &["date_part(Utf8(\"year\")"]);
    check(&ISTHMUS.json(project("CENTURY"), &["y"]), &["P0504", "the part CENTURY"]);
}

#[test]
fn substrings_count_from_one_or_from_zero() {
    let cut = |made: &Made, start: i32| {
        let literal = |value: i32| json!({ "literal": { "i32": value } });
        let arguments = [field(2), literal(start), literal(3)];
        let call = made.call("substring", &arguments, nullable("string"));
        let project = json!({ "project": {
            "common": { "emit": { "outputMapping": [4] } },
            "input": orders(), "expressions": [call],
        } });
        lowered(&made.json(project, &["s"]))
    };
    assert!(cut(&ISTHMUS, 1).contains("Int64(1), Int64(3)"));
    assert!(cut(&IBIS, 0).contains("Int64(1), Int64(3)"));
    assert!(cut(&ISTHMUS, 0).contains("P0504"));
    assert!(cut(&IBIS, -1).contains("P0504"));
}

#[test]
fn filters_and_masks_of_reads_are_relations_above() {
    let mut read = orders();
    read["read"]["filter"] = DUCKDB.call("gt", &[field(1), number(3)], nullable("bool"));
    read["read"]["projection"] =
        json!({ "select": { "structItems": [{ "field": 2 }, { "field": 0 }] } });
    let found = lowered(&DUCKDB.json(read, &["name", "id"]));
    let place = |words: &str| found.find(words).unwrap_or_else(|| panic!("{words}:\n{found}"));
    assert!(place("Filter:") < place("TableScan: orders"));
    assert!(place("t0.name AS name, t0.id AS id") < place("Filter:"));
}

#[test]
fn projections_without_emit_have_their_input_before_them() {
    let project = json!({ "project": { "input": orders(), "expressions": [number(1)] } });
    let json = DUCKDB.json(project, &["id", "amount", "name", "day", "one"]);
    check(&json, &["t0.day AS day, c0 AS one"]);
    // DuckDB has them without: there are as many names as expressions.
    let project = json!({ "project": { "input": orders(), "expressions": [field(1), field(0)] } });
    let above = filter(project, DUCKDB.call("gt", &[field(1), number(3)], nullable("bool")));
    let json = DUCKDB.json(above, &["amount", "id"]);
    check(&json, &["Filter: t0.id > Int64(3)", "P0510 repaired: a projection without emit"]);
}

#[test]
fn inequalities_of_duckdb_may_be_patterns() {
    let differs = |text: &str| {
        let text = json!({ "literal": { "string": text } });
        let condition = DUCKDB.call("not_equal", &[field(2), text], nullable("bool"));
        DUCKDB.json(filter(orders(), condition), &["id", "amount", "name", "day"])
    };
    check(&differs("x"), &["Filter: t0.name != Utf8(\"x\")"]);
    check(&differs("%x%"), &["P0508 at root/filter/condition/not_equal: DuckDB writes"]);
}

#[test]
fn joins_and_groups_of_duckdb() {
    let condition = DUCKDB.call("equal", &[field(0), field(4)], nullable("bool"));
    let join = json!({ "join": {
        "left": orders(), "right": customers(), "expression": condition,
        "type": "JOIN_TYPE_INNER",
    } });
    let aggregate = json!({ "aggregate": {
        "input": join,
        "groupings": [{ "groupingExpressions": [field(5)] }],
        "measures": [DUCKDB.aggregate("sum", field(1))],
    } });
    let json = DUCKDB.json(aggregate, &["country", "total"]);
    check(&json, &["P0508 at root/aggregate: DuckDB does not write the FILTER"]);
    let known = lowered_with(&json, &[Fact::PlainAggregates]);
    for words in ["Inner Join:", "groupBy=[[t1.country]]", "sum(t0.amount)"] {
        assert!(known.contains(words), "{words}:\n{known}");
    }
    let union = json!({ "set": { "inputs": [orders(), orders()], "op": "SET_OP_UNION_ALL" } });
    let json = DUCKDB.json(union, &["id", "amount", "name", "day"]);
    check(&json, &["P0508 at root/set: DuckDB writes UNION as UNION ALL"]);
}

#[test]
fn nested_fields_are_taken_from_the_catalog() {
    let read = json!({ "read": {
        "baseSchema": {
            "names": ["id", "at", "x", "y"],
            "struct": { "nullability": "NULLABILITY_REQUIRED", "types": [
                nullable("i64"),
                { "struct": { "nullability": "NULLABILITY_NULLABLE",
                              "types": [nullable("i64"), nullable("string")] } },
            ] },
        },
        "namedTable": { "names": ["ORDERS"] },
    } });
    let reference = json!({ "selection": {
        "directReference": { "structField": { "field": 1,
            "child": { "structField": { "field": 1 } } } },
        "rootReference": {},
    } });
    let project = json!({ "project": {
        "common": { "emit": { "outputMapping": [2] } },
        "input": read, "expressions": [reference],
    } });
    let json = ISTHMUS.json(project, &["y"]);
    check(&json, &["get_field(t0.at, Utf8(\"y\"))", "P0510 repaired: names are compared"]);
}

#[test]
fn what_a_plan_cannot_say_is_refused() {
    let wrong_column =
        filter(orders(), ISTHMUS.call("gt", &[field(9), number(3)], nullable("bool")));
    let text = ISTHMUS.call("gt", &[field(2), number(3)], nullable("bool"));
    let names: &[&str] = &["id", "amount", "name", "day"];
    for (relation, names, wanted) in [
        (wrong_column, names, "P0503 at root/filter/condition: it refers to column 9 of 4"),
        (filter(orders(), text), names, "P0301 at root/filter/condition/gt: Utf8 is compared"),
        (orders(), &["id"], "P0503 at root: the root has 1 names for 4 columns"),
        (orders(), &["id", "id", "a", "b"], "P0209 at root: two output columns"),
    ] {
        let found = lowered(&ISTHMUS.json(relation, names));
        assert!(found.starts_with(wanted), "{wanted:?} and not:\n{found}");
    }
}

/// `orders JOIN customers` of Ibis, on the ids.
fn ibis_join() -> Value {
    let condition = IBIS.call("equal", &[field(0), field(4)], nullable("bool"));
    json!({ "join": {
        "left": orders(), "right": customers(), "expression": condition,
        "type": "JOIN_TYPE_INNER",
    } })
}

#[test]
fn ibis_joins_get_their_columns_or_are_refused() {
    let names = ["id", "amount", "name", "day", "country"];
    // A selection of which the plan says nothing, whatever its names are.
    check(&IBIS.json(ibis_join(), &names), &["P0506 at root"]);
    check(&IBIS.json(ibis_join(), &["id", "country"]), &["P0506 at root"]);
    // Directly above, columns are counted as they are.
    let project = |input: Value, mapping: [i32; 1], column: usize| {
        json!({ "project": {
            "common": { "emit": { "outputMapping": mapping } },
            "input": input, "expressions": [field(column)],
        } })
    };
    check(&IBIS.json(project(ibis_join(), [5], 5), &["c"]), &["t1.country", "emits the wrong"]);
    // Behind a filter, they are counted as Ibis has them.
    let kept = || filter(ibis_join(), IBIS.call("gt", &[field(1), number(3)], nullable("bool")));
    check(&IBIS.json(project(kept(), [5], 4), &["c"]), &["P0506"]);
    check(&IBIS.json(project(kept(), [4], 3), &["c"]), &["P0506"]);
    let grouped = json!({ "aggregate": {
        "input": kept(), "groupings": [{ "groupingExpressions": [field(4)] }],
        "measures": [IBIS.aggregate("sum", field(1))],
    } });
    check(&IBIS.json(grouped, &["country", "n"]), &["P0506"]);
}

#[test]
fn joins_that_lost_a_side_are_refused() {
    let mut join = ibis_join();
    join["join"]["expression"] = IBIS.call("equal", &[field(0), field(1)], nullable("bool"));
    let names = ["id", "amount", "name", "day", "country"];
    check(&IBIS.json(join, &names), &["P0507"]);
}

#[test]
fn subqueries_without_outer_references_are_refused() {
    let inner = filter(customers(), IBIS.call("equal", &[field(0), field(0)], nullable("bool")));
    let exists = json!({ "subquery": { "setPredicate": {
        "predicateOp": "PREDICATE_OP_EXISTS", "tuples": inner,
    } } });
    let json = IBIS.json(filter(orders(), exists), &["id", "amount", "name", "day"]);
    check(&json, &["P0505 at root/filter"]);
    let inner = filter(customers(), IBIS.call("gt", &[field(0), number(3)], nullable("bool")));
    let project = json!({ "project": {
        "common": { "emit": { "outputMapping": [2] } }, "input": inner, "expressions": [field(0)],
    } });
    let isin =
        json!({ "subquery": { "inPredicate": { "needles": [field(0)], "haystack": project } } });
    let json = IBIS.json(filter(orders(), isin), &["id", "amount", "name", "day"]);
    check(&json, &["IN (<subquery>)"]);
}

#[test]
fn sorts_of_ibis_have_their_nulls_last() {
    let sort = json!({ "sort": { "input": orders(), "sorts": [
        { "expr": field(1), "direction": "SORT_DIRECTION_DESC_NULLS_FIRST" },
    ] } });
    let names = ["id", "amount", "name", "day"];
    check(&IBIS.json(sort.clone(), &names), &["P0508"]);
    let known = lowered_with(&IBIS.json(sort.clone(), &names), &[Fact::NullsLast]);
    assert!(known.contains("DESC NULLS LAST") && known.contains("P0510"), "{known}");
    check(&ISTHMUS.json(sort, &names), &["DESC NULLS FIRST"]);
}

#[test]
fn timestamps_of_an_unknown_machine_are_refused() {
    let schema = json!({ "literal": { "timestamp": "1000000" } });
    let project = json!({ "project": {
        "common": { "emit": { "outputMapping": [4] } }, "input": orders(), "expressions": [schema],
    } });
    let json = IBIS.json(project, &["at"]);
    check(&json, &["P0511"]);
    let known = lowered_with(&json, &[Fact::UtcLiterals]);
    assert!(known.contains("TimestampMicrosecond(1000000, None)"), "{known}");
}

#[test]
fn literals_that_lose_digits_are_refused() {
    let decimal = json!({ "decimal": {
        "precision": 15, "scale": 2, "nullability": "NULLABILITY_NULLABLE",
    } });
    let cast = |value: f64| {
        json!({ "cast": { "type": decimal.clone(), "input": { "literal": { "fp64": value } },
                 "failureBehavior": "FAILURE_BEHAVIOR_THROW_EXCEPTION" } })
    };
    let project = |value: f64| {
        json!({ "project": {
            "common": { "emit": { "outputMapping": [4] } },
            "input": orders(), "expressions": [cast(value)],
        } })
    };
    check(&IBIS.json(project(0.0001), &["x"]), &["P0509"]);
    check(&IBIS.json(project(0.25), &["x"]), &["CAST(Float64(0.25) AS Decimal128(15, 2))"]);
}
