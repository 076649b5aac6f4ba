//! Plans that DuckDB's own producer wrote (`tests/duckdb/make.py`), as rules.

use std::path::Path;

use crate::tpch::plans_of_others;

#[test]
fn tpch_plans_of_duckdb_are_right_or_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/duckdb");
    let found = plans_of_others(&folder.join("tpch"), str::to_owned, true);
    assert!(found.wrong.is_empty(), "{:#?}", found.wrong);
    let expected = std::fs::read_to_string(folder.join("expected.txt")).unwrap();
    let refused: Vec<String> = found
        .refused
        .iter()
        .map(|(name, said)| {
            let code = said.find("P05").and_then(|at| said.get(at..at + 5)).unwrap_or("none");
            format!("refused: {name} {code}")
        })
        .collect();
    let same = format!("one digest: {}", found.same.join(" "));
    let lines: Vec<&str> = refused.iter().map(String::as_str).chain([same.as_str()]).collect();
    assert_eq!(lines, expected.lines().collect::<Vec<_>>(), "{:#?}", found.refused);
}
