//! Records that differ because DataFusion itself is wrong there, each with what is known of it.

/// What is known of a record that differs: its file, its line, and why.
const KNOWN: &[(&str, usize, &str)] = &[
    (
        "dynamic_filter_pushdown_config.slt",
        835,
        "DataFusion applies a join's dynamic filter to a table with a column of the same name (its \
         issue 20213, mended for the query as written only): the flat join loses all rows in SQL, \
         too. planc's own sessions have these filters switched off",
    ),
    (
        "datetime/timestamps.slt",
        4302,
        "DataFusion takes the cast of a local time to a zone off a comparison, and compares the \
         local time as if it were UTC: the row that it keeps is not equal to the literal",
    ),
    (
        "functional_dependencies.slt",
        114,
        "DataFusion takes a UNIQUE column with NULLs for a key and drops DISTINCT (its issue \
         23634): the replay groups as DISTINCT does, and DataFusion drops that",
    ),
    (
        "functional_dependencies.slt",
        184,
        "DataFusion drops a group key beside a UNIQUE column with NULLs (its issue 23819): the \
         direct run has a row too few",
    ),
    (
        "projection_pushdown.slt",
        1435,
        "DataFusion loses a join key that reads a struct's field below an alias: the query fails \
         with table aliases, too",
    ),
];

/// Why this record may differ.
pub fn why(file: &str, line: usize) -> Option<&'static str> {
    let known = KNOWN.iter().find(|(name, at, _)| *name == file && *at == line);
    known.map(|(_, _, why)| *why)
}

/// All of them.
pub fn all() -> impl Iterator<Item = String> {
    KNOWN.iter().map(|(file, line, why)| format!("{file}:{line}: {why}."))
}
