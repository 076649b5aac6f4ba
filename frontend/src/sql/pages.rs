//! Runs the examples of the diagnostics' pages.

use planc_ir::{CODES, CodeInfo};

use super::testing::{planned, rendered};

/// The blocks of a page that are fenced as ` ```sql KIND `.
fn examples<'p>(page: &'p str, kind: &str) -> Vec<&'p str> {
    let fence = format!("```sql {kind}\n");
    page.split(fence.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

fn faults(code: &CodeInfo) -> Vec<String> {
    let mut faults = Vec::new();
    for sql in examples(code.page, "bad") {
        let found = planned(sql).diagnostics;
        if found.is_empty() || found.iter().any(|d| d.code.id != code.id) {
            faults.push(format!("{} bad: {}", code.id, rendered(sql, &found)));
        }
        let placeless = code.id == "P0104";
        if !placeless && found.iter().any(|d| d.span.is_none()) {
            faults.push(format!("{} bad has no place: {}", code.id, rendered(sql, &found)));
        }
    }
    for sql in examples(code.page, "good") {
        let found = planned(sql).diagnostics;
        if found.iter().any(|d| d.code.id == code.id || d.is_error()) {
            faults.push(format!("{} good: {}", code.id, rendered(sql, &found)));
        }
    }
    faults
}

#[test]
fn the_pages_are_whole_and_their_examples_hold() {
    let mut wrong = Vec::new();
    for code in CODES {
        let parts = ["What it does", "Why it matters", "Example", "How to silence it"];
        for part in parts.iter().filter(|part| !code.page.contains(&format!("\n## {part}\n"))) {
            wrong.push(format!("{} has no part {part:?}", code.id));
        }
        wrong.extend(faults(code));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
