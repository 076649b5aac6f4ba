//! Relations and expressions that DataFusion has in another form: they are written out.

use serde_json::{Value, json};

use super::*;

fn check(json: &str, wanted: &[&str]) {
    let found = lowered(json);
    for words in wanted {
        assert!(found.contains(words), "{words:?} is not in:\n{found}");
    }
}

#[test]
fn grouping_sets_are_a_union_of_groupings() {
    let sets = |groupings: Value| {
        json!({ "aggregate": {
            "input": orders(),
            "groupings": groupings,
            "measures": [ISTHMUS.aggregate("sum", field(1))],
        } })
    };
    let two = sets(json!([
        { "groupingExpressions": [field(2), field(3)] },
        { "groupingExpressions": [field(2)] },
        { "groupingExpressions": [] },
    ]));
    let names = ["name", "day", "total", "set"];
    let found = lowered(&ISTHMUS.json(two.clone(), &names));
    assert_eq!(found.matches("Aggregate:").count(), 3, "{found}");
    for words in [
        "Aggregate: groupBy=[[t0.name, t0.day]], aggr=[[sum(t0.amount)]]",
        "Aggregate: groupBy=[[t0.name]], aggr=[[sum(t0.amount)]]",
        "Aggregate: groupBy=[[]], aggr=[[sum(t0.amount)]]",
        "Date32(\"NULL\") AS",
        "Int32(2) AS",
    ] {
        assert!(found.contains(words), "{words} is not in:\n{found}");
    }
    check(&ISTHMUS.json(two, &["name", "day", "total"]), &["P0503 at root"]);
    let limited = json!({ "aggregate": {
        "input": json!({ "fetch": { "input": orders(), "count": "3" } }),
        "groupings": [{ "groupingExpressions": [field(2)] }, { "groupingExpressions": [] }],
        "measures": [ISTHMUS.aggregate("sum", field(1))],
    } });
    check(&ISTHMUS.json(limited, &["a", "b", "c"]), &["P05"]);
}

#[test]
fn marks_are_null_where_a_row_may_match() {
    let join = |kind: &str, left: usize| {
        let condition = ISTHMUS.call("equal", &[field(left), field(4)], nullable("bool"));
        json!({ "join": {
            "left": orders(), "right": customers(), "expression": condition, "type": kind,
        } })
    };
    let names = ["id", "amount", "name", "day", "mark"];
    check(
        &ISTHMUS.json(join("JOIN_TYPE_LEFT_MARK", 1), &names),
        &[
            "LeftMark Join:  Filter: t0.amount = t1.id",
            "LeftMark Join:  Filter: t0.amount = t1.id IS NULL",
            "WHEN c1 THEN Boolean(NULL)",
        ],
    );
    // Ids are never null, and so are no marks.
    let found = lowered(&ISTHMUS.json(join("JOIN_TYPE_LEFT_MARK", 0), &names));
    assert_eq!(found.matches("LeftMark Join:").count(), 1, "{found}");
    let right = ISTHMUS.json(join("JOIN_TYPE_RIGHT_MARK", 0), &["id", "country", "mark"]);
    check(&right, &["LeftMark Join:", "t1.country AS country"]);
}

#[test]
fn range_offsets_are_of_the_type_of_the_order() {
    let window = |key: usize| {
        let call = json!({ "windowFunction": {
            "functionReference": ISTHMUS.anchor("sum"),
            "arguments": [{ "value": field(1) }],
            "sorts": [{ "expr": field(key), "direction": "SORT_DIRECTION_ASC_NULLS_LAST" }],
            "lowerBound": { "preceding": { "offset": "2" } },
            "upperBound": { "currentRow": {} },
            "boundsType": "BOUNDS_TYPE_RANGE",
            "phase": "AGGREGATION_PHASE_INITIAL_TO_RESULT",
            "outputType": nullable("i64"),
        } });
        let project = json!({ "project": {
            "common": { "emit": { "outputMapping": [4] } },
            "input": orders(), "expressions": [call],
        } });
        ISTHMUS.json(project, &["w"])
    };
    check(&window(0), &["RANGE BETWEEN 2 PRECEDING AND CURRENT ROW"]);
    check(&window(3), &["P0504", "an offset of a RANGE frame over Date32"]);
}

#[test]
fn bounded_texts_are_cut() {
    let cast = |column: usize, kind: &str, length: i32| {
        let wanted = json!({ kind: { "length": length, "nullability": "NULLABILITY_NULLABLE" } });
        let cast = json!({ "cast": {
            "type": wanted, "input": field(column),
            "failureBehavior": "FAILURE_BEHAVIOR_THROW_EXCEPTION",
        } });
        let project = json!({ "project": {
            "common": { "emit": { "outputMapping": [4] } },
            "input": orders(), "expressions": [cast],
        } });
        ISTHMUS.json(project, &["x"])
    };
    check(&cast(2, "varchar", 3), &["left(t0.name, Int64(3))"]);
    check(&cast(1, "varchar", 20), &["CAST(t0.amount AS Utf8)"]);
    check(&cast(1, "varchar", 5), &["P0504", "may not hold it"]);
    check(&cast(2, "fixedChar", 3), &["P0504", "which pads it"]);
}

#[test]
fn set_operations_are_those_of_sql() {
    let set = |op: &str, inputs: usize| {
        let inputs: Vec<Value> = (0..inputs).map(|_| customers()).collect();
        ISTHMUS.json(json!({ "set": { "inputs": inputs, "op": op } }), &["id", "country"])
    };
    check(&set("SET_OP_MINUS_PRIMARY", 3), &["LeftAnti Join"]);
    check(&set("SET_OP_INTERSECTION_MULTISET", 3), &["LeftSemi Join"]);
    check(&set("SET_OP_INTERSECTION_PRIMARY", 3), &["LeftSemi Join", "Union"]);
    check(&set("SET_OP_MINUS_MULTISET", 2), &["P0512", "does not say"]);
    let counted = "row_number() PARTITION BY";
    check(&set("SET_OP_MINUS_PRIMARY_ALL", 2), &["LeftAnti Join", counted]);
    check(&set("SET_OP_INTERSECTION_MULTISET_ALL", 3), &["LeftSemi Join", counted]);
    check(&set("SET_OP_UNSPECIFIED", 2), &["P0504"]);
}
