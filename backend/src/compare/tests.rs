use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};

use super::*;

fn batch(keys: &[i64], names: &[Option<&str>], floats: &[f64]) -> RecordBatch {
    let columns: [(&str, ArrayRef); 3] = [
        ("k", Arc::new(Int64Array::from(keys.to_vec()))),
        ("s", Arc::new(StringArray::from(names.to_vec()))),
        ("f", Arc::new(Float64Array::from(floats.to_vec()))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn floats(values: &[f64]) -> RecordBatch {
    let n = values.len();
    batch(&vec![0; n], &vec![None; n], values)
}

fn up(value: f64, ulps: u64) -> f64 {
    f64::from_bits(value.to_bits() + ulps)
}

#[track_caller]
fn check(expected: &RecordBatch, actual: &RecordBatch, order: Order, equal: bool) {
    let result = compare(std::slice::from_ref(expected), std::slice::from_ref(actual), &order);
    assert_eq!(result.is_ok(), equal, "{result:?}");
}

#[test]
fn bags_ignore_order_and_count_duplicates() {
    let a = batch(&[1, 2, 2], &[None, Some("x"), Some("x")], &[0.0; 3]);
    let b = batch(&[2, 1, 2], &[Some("x"), None, Some("x")], &[0.0; 3]);
    let c = batch(&[2, 1, 1], &[Some("x"), None, None], &[0.0; 3]);
    check(&a, &b, Order::none(), true);
    check(&a, &c, Order::none(), false);
    check(&a, &a.slice(0, 2), Order::none(), false);
}

#[test]
fn null_is_no_text_and_text_does_not_run_over() {
    let of = |names: &[Option<&str>]| batch(&vec![0; names.len()], names, &vec![0.0; names.len()]);
    check(&of(&[None]), &of(&[Some("null")]), Order::none(), false);
    check(&of(&[Some("")]), &of(&[None]), Order::none(), false);
    check(&of(&[Some("a\u{1f}b")]), &of(&[Some("a\u{1f}c")]), Order::none(), false);
}

#[test]
fn types_and_names_are_exact() {
    let a = batch(&[1], &[None], &[0.0]);
    let b = RecordBatch::try_from_iter([("k", Arc::new(Int64Array::from(vec![1])) as ArrayRef)]);
    check(&a, &b.unwrap(), Order::none(), false);
}

#[test]
fn floats_are_near_within_four_ulp() {
    check(&floats(&[1.0]), &floats(&[up(1.0, 4)]), Order::none(), true);
    check(&floats(&[1.0]), &floats(&[up(1.0, 5)]), Order::none(), false);
    check(&floats(&[0.0]), &floats(&[-0.0]), Order::none(), true);
    check(&floats(&[f64::NAN]), &floats(&[-f64::NAN]), Order::none(), true);
    check(&floats(&[f64::NAN]), &floats(&[f64::INFINITY]), Order::none(), false);
    check(&floats(&[f64::MAX]), &floats(&[f64::INFINITY]), Order::none(), false);
    check(&floats(&[5e-324]), &floats(&[-5e-324]), Order::none(), true);
}

#[test]
fn near_rows_are_matched_one_to_one() {
    // Greedy in sorted order would pair 0 with 3 and leave 6 alone: only one pairing fits.
    let a = floats(&[1.0, up(1.0, 3), up(1.0, 6)]);
    let b = floats(&[up(1.0, 3), up(1.0, 6), up(1.0, 4)]);
    check(&a, &b, Order::none(), true);
    let b = floats(&[up(1.0, 6), up(1.0, 6), up(1.0, 6)]);
    check(&a, &b, Order::none(), false);
}

#[test]
fn order_counts_but_for_ties() {
    let a = batch(&[1, 2, 2, 3], &[None, Some("x"), Some("y"), None], &[0.0; 4]);
    let b = batch(&[1, 2, 2, 3], &[None, Some("y"), Some("x"), None], &[0.0; 4]);
    let c = batch(&[1, 2, 3, 2], &[None, Some("y"), None, Some("x")], &[0.0; 4]);
    check(&a, &b, Order::by([0]), true);
    check(&a, &b, Order::by([0, 1]), false);
    check(&a, &c, Order::by([0]), false);
}

#[test]
fn a_limit_takes_any_of_the_ties_at_its_edge() {
    let all = batch(&[1, 2, 2, 2, 3], &[None, Some("x"), Some("y"), Some("z"), None], &[0.0; 5]);
    let of = |names: &[&str]| {
        let names: Vec<_> = std::iter::once(None).chain(names.iter().map(|n| Some(*n))).collect();
        batch(&[1, 2, 2], &names, &[0.0; 3])
    };
    let order = || Order::by([0]).limit(0, Some(3));
    check(&all, &of(&["x", "z"]), order(), true);
    check(&all, &of(&["z", "y"]), order(), true);
    check(&all, &of(&["z", "z"]), order(), false);
    check(&all, &of(&["z", "q"]), order(), false);
    let two = batch(&[2, 3], &[Some("y"), None], &[0.0; 2]);
    check(&all, &two, Order::by([0]).limit(3, Some(9)), true);
    check(&all, &two, Order::none().limit(3, Some(9)), true);
    check(&all, &all.slice(0, 0), Order::none().limit(9, Some(9)), true);
}
