//! DataFusion's errors as diagnostics: code, words, place.

use datafusion::common::{
    DataFusionError, Diagnostic as DfDiagnostic, SchemaError, Span as DfSpan,
};
use planc_ir::{Code, Diagnostic, code};
use sqlparser::tokenizer::{Location, Span as SqlSpan};

use super::place::Places;

/// The diagnostics that DataFusion's refusal amounts to; at least one.
pub(crate) fn diagnostics(error: &DataFusionError, places: &Places<'_>) -> Vec<Diagnostic> {
    error.iter().map(|error| diagnostic(error, places)).collect()
}

fn diagnostic(error: &DataFusionError, places: &Places<'_>) -> Diagnostic {
    let code = code_of(error);
    let (message, help) = shortened(&words(error));
    let mut diagnostic = Diagnostic::new(code, message).help_opt(help);
    let Some(found) = error.diagnostic() else { return diagnostic };
    // For types DataFusion's words name them, and its diagnostic does not.
    if code != code::TYPE_MISMATCH {
        diagnostic.message.clone_from(&found.message);
    }
    diagnostic.span = found.span.and_then(|span| place(span, places));
    if let Some(narrow) = missing_field(error, diagnostic.span, places) {
        (diagnostic.code, diagnostic.span) = narrow;
    }
    if let Some(help) = helps(found) {
        diagnostic.help = Some(help);
    }
    for note in &found.notes {
        if let Some(span) = note.span.and_then(|span| place(span, places)) {
            diagnostic.related.push((span, note.message.clone()));
        }
    }
    diagnostic
}

/// Of a qualified name that does not exist: the qualifier if it is unknown, else the column.
fn missing_field(
    error: &DataFusionError,
    span: Option<planc_ir::Span>,
    places: &Places<'_>,
) -> Option<(Code, Option<planc_ir::Span>)> {
    let DataFusionError::SchemaError(schema, _) = innermost(error) else { return None };
    let SchemaError::FieldNotFound { field, valid_fields } = schema.as_ref() else { return None };
    let qualifier = field.relation.as_ref()?;
    let known = valid_fields.iter().any(|valid| valid.relation.as_ref() == Some(qualifier));
    let (first, last) = places.ends(span?)?;
    Some(match known {
        true => (code::UNKNOWN_COLUMN, Some(last)),
        false => (code::UNKNOWN_QUALIFIER, Some(first)),
    })
}

fn helps(found: &DfDiagnostic) -> Option<String> {
    let helps: Vec<String> = found.helps.iter().map(|help| lower_first(&help.message)).collect();
    (!helps.is_empty()).then(|| helps.join("; "))
}

fn place(span: DfSpan, places: &Places<'_>) -> Option<planc_ir::Span> {
    let location = |at: datafusion::common::Location| Location::new(at.line, at.column);
    places.closed(SqlSpan::new(location(span.start), location(span.end)))
}

/// Splits off what is advice, and the list of a function's signatures.
fn shortened(words: &str) -> (String, Option<String>) {
    if let Some((message, list)) = words.split_once(" failed to match any signature, errors:") {
        let (_, help) = shortened(list);
        return (format!("{message} does not take arguments of these types"), help);
    }
    if let Some((message, rest)) = words.split_once(" No function matches") {
        let signatures: Vec<String> = rest
            .lines()
            .skip_while(|line| !line.contains("Candidate functions"))
            .skip(1)
            .map(|line| format!("`{}`", line.trim()))
            .filter(|signature| signature.len() > 2)
            .collect();
        let shown = signatures.iter().take(6).cloned().collect::<Vec<_>>().join(", ");
        let more = if signatures.len() > 6 { ", …" } else { "" };
        let help = (!shown.is_empty()).then(|| format!("it takes {shown}{more}"));
        return (sentence(message), help);
    }
    for advice in [". Consider ", ". You might need to ", "! Consider ", "\nDid you mean "] {
        if let Some((message, rest)) = words.split_once(advice) {
            let help = format!("{}{rest}", advice.trim_start_matches(['.', '!', ' ', '\n']));
            return (sentence(message), Some(lower_first(help.trim_end_matches('.'))));
        }
    }
    (sentence(words), None)
}

fn sentence(words: &str) -> String {
    // Some messages end with the syntax tree as Rust shows it, or with the whole call.
    let words = words.split(" { ").next().unwrap_or(words);
    let words = words.split(". Found in '").next().unwrap_or(words);
    words.trim().trim_end_matches(['.', '!']).replace('\n', " ")
}

fn lower_first(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |c| c.to_lowercase().chain(characters).collect())
}

/// The words of an error, without what DataFusion puts around them.
pub(crate) fn words(error: &DataFusionError) -> String {
    let text = innermost(error).strip_backtrace();
    // DataFusion adds a request for a bug report in the middle.
    let text = match text.split_once("\nThis issue was likely caused by") {
        Some((before, rest)) => {
            let rest = rest.split_once("/issues").map_or("", |(_, rest)| rest);
            format!("{before}{rest}")
        }
        None => text,
    };
    let mut words = text.trim();
    for prefix in [
        "Error during planning: ",
        "Schema error: ",
        "This feature is not implemented: ",
        "Execution error: ",
        "SQL error: ",
        "Internal error: ",
        "Arrow error: ",
    ] {
        words = words.strip_prefix(prefix).unwrap_or(words);
    }
    words.trim_end_matches('.').to_owned()
}

/// The part of an error's words by which the same error is known again when another part of
/// the query has changed.
pub(crate) fn signature(words: &str) -> &str {
    const BY_PREFIX: [&str; 8] = [
        "Too many columns",
        "HAVING clause references",
        "Projections require unique expression names",
        "Aggregations require unique expression names",
        "For SELECT DISTINCT, ORDER BY expressions",
        "Inconsistent data length across values list",
        "UNION queries have different number of columns",
        "Source table contains",
    ];
    BY_PREFIX.into_iter().find(|prefix| words.starts_with(prefix)).unwrap_or(words)
}

fn innermost(error: &DataFusionError) -> &DataFusionError {
    match error.find_root() {
        DataFusionError::Diagnostic(_, inner) => innermost(inner),
        root => root,
    }
}

/// The code of an error of DataFusion's: by its kind, and where kinds are too coarse, by
/// words that stand in its message.
pub(crate) fn code_of(error: &DataFusionError) -> Code {
    match innermost(error) {
        DataFusionError::SchemaError(schema, _) => match schema.as_ref() {
            SchemaError::AmbiguousReference { .. } => code::AMBIGUOUS_COLUMN,
            SchemaError::FieldNotFound { .. } => code::UNKNOWN_COLUMN,
            SchemaError::DuplicateQualifiedField { .. }
            | SchemaError::DuplicateUnqualifiedField { .. } => code::DUPLICATE_OUTPUT,
        },
        DataFusionError::NotImplemented(words) => match by_words(words) {
            code::REFUSED => code::UNSUPPORTED,
            code => code,
        },
        root => by_words(&root.strip_backtrace()),
    }
}

/// True where the error, or one of several, is what a suspect of this code would cause.
pub(crate) fn is_of(error: &DataFusionError, suspect: Code) -> bool {
    const PLACEMENT: [Code; 2] = [code::MISPLACED_AGGREGATE, code::MISPLACED_WINDOW];
    error.iter().any(|error| match code_of(error) {
        // Names were resolved before, but for those in LIMIT, where none can be.
        code::UNKNOWN_COLUMN => suspect == code::LIMIT_VALUE,
        found if PLACEMENT.contains(&found) => PLACEMENT.contains(&suspect),
        // An aggregate in ORDER BY makes one group of rows that nobody grouped.
        code::UNGROUPED_COLUMN => {
            [code::UNGROUPED_COLUMN, code::MISPLACED_AGGREGATE].contains(&suspect)
        }
        // The offset of a frame of ROWS becomes this type.
        code::BAD_LITERAL if suspect == code::WINDOW_FRAME => {
            words(error).contains("value of UInt64 type")
        }
        // So many things are of the wrong type that another suspect explains none of them.
        code::TYPE_MISMATCH => false,
        found => found == suspect,
    })
}

/// The code of an error with these words.
pub(crate) fn by_words(words: &str) -> Code {
    let known = BY_WORDS.iter().find(|(pieces, _)| pieces.iter().all(|p| words.contains(p)));
    known.map_or(code::REFUSED, |(_, code)| *code)
}

/// Words of DataFusion's messages and what they mean; the first row with all its words counts.
static BY_WORDS: &[(&[&str], Code)] = &[
    (&["require unique expression names"], code::DUPLICATE_OUTPUT),
    (&["Inconsistent data length across values list"], code::COLUMN_COUNT),
    (&["does not support logical expression AggregateFunction"], code::MISPLACED_AGGREGATE),
    (&["does not support logical expression WindowFunction"], code::MISPLACED_WINDOW),
    (&["LIMIT must be"], code::LIMIT_VALUE),
    (&["OFFSET must be"], code::LIMIT_VALUE),
    (&["Expected LIMIT to be"], code::LIMIT_VALUE),
    (&["Expected OFFSET to be"], code::LIMIT_VALUE),
    (&["Unsupported LIMIT"], code::LIMIT_VALUE),
    (&["Unsupported OFFSET"], code::LIMIT_VALUE),
    (&["SELECT * with no tables"], code::UNKNOWN_TABLE),
    (&["grouping columns"], code::UNGROUPED_COLUMN),
    (&["precision <="], code::UNKNOWN_TYPE),
    (&["Cannot cast string"], code::BAD_LITERAL),
    (&["Cannot cast value"], code::BAD_LITERAL),
    (&["Can't cast value"], code::BAD_LITERAL),
    (&["DISTINCT ON expressions must match"], code::DISTINCT_ORDER),
    (&["named_struct requires"], code::FUNCTION_ARGUMENTS),
    (&["Arguments must be literals"], code::FUNCTION_ARGUMENTS),
    (&["Unsupported type '"], code::UNKNOWN_TYPE),
    (&["Invalid HexStringLiteral"], code::BAD_LITERAL),
    (&["Unable to represent"], code::BAD_LITERAL),
    (&["RANGE requires"], code::WINDOW_FRAME),
    (&["is defined multiple times"], code::DUPLICATE_ALIAS),
    (&["logical expression Wildcard"], code::FUNCTION_ARGUMENTS),
    (&["not supported for Null"], code::FUNCTION_ARGUMENTS),
    (&["requires a positive integer"], code::FUNCTION_ARGUMENTS),
    (&["Expected an integer value"], code::FUNCTION_ARGUMENTS),
    (&["WITHIN GROUP is only"], code::FUNCTION_ARGUMENTS),
    (&["Cannot access field"], code::TYPE_MISMATCH),
    (&["invalid digit found"], code::ORDINAL),
    (&["Error parsing timestamp"], code::BAD_LITERAL),
    (&["Substring without for/from"], code::FUNCTION_ARGUMENTS),
    (&["argument of"], code::FUNCTION_ARGUMENTS),
    (&["Source table contains"], code::COLUMN_COUNT),
    (&["The window", "is not defined"], code::UNKNOWN_WINDOW),
    (&["Invalid window frame"], code::WINDOW_FRAME),
    (&["indow frame"], code::WINDOW_FRAME),
    (&["Unsupported SQL type"], code::UNKNOWN_TYPE),
    (&["Invalid input syntax for type interval"], code::BAD_LITERAL),
    (&["Interval Expression"], code::BAD_LITERAL),
    (&["Order by column out of bounds"], code::ORDINAL),
    (&["Order by index starts at 1"], code::ORDINAL),
    (&["Cannot find column with position"], code::ORDINAL),
    (&["must appear in the GROUP BY clause"], code::UNGROUPED_COLUMN),
    (&["must be in GROUP BY"], code::UNGROUPED_COLUMN),
    (&["not in GROUP BY"], code::UNGROUPED_COLUMN),
    (&["HAVING clause references"], code::UNGROUPED_COLUMN),
    (&["Aggregate functions are not allowed"], code::MISPLACED_AGGREGATE),
    (&["Aggregate function calls cannot be nested"], code::MISPLACED_AGGREGATE),
    (&["cannot be nested"], code::MISPLACED_AGGREGATE),
    (&["cannot contain nested"], code::MISPLACED_AGGREGATE),
    (&["cannot contain window"], code::MISPLACED_AGGREGATE),
    (&["failed to match any signature"], code::FUNCTION_ARGUMENTS),
    (&["Window functions are not allowed"], code::MISPLACED_WINDOW),
    (&["different number of columns"], code::SET_OPERATION_COLUMNS),
    (&["must have the same number of columns"], code::SET_OPERATION_COLUMNS),
    (&["Too many columns"], code::SUBQUERY_COLUMNS),
    (&["should only return one column"], code::SUBQUERY_COLUMNS),
    (&["For SELECT DISTINCT, ORDER BY"], code::DISTINCT_ORDER),
    (&["Invalid function '"], code::UNKNOWN_FUNCTION),
    (&["There is no window function named"], code::UNKNOWN_FUNCTION),
    (&["table function '", "not found"], code::UNKNOWN_FUNCTION),
    (&["table '", "not found"], code::UNKNOWN_TABLE),
    (&["Invalid qualifier"], code::UNKNOWN_QUALIFIER),
    (&["specified more than once"], code::DUPLICATE_ALIAS),
    (&["Unsupported CAST"], code::IMPOSSIBLE_CAST),
    (&["cannot be cast to"], code::IMPOSSIBLE_CAST),
    (&["Cannot coerce"], code::TYPE_MISMATCH),
    (&["Cannot infer common"], code::TYPE_MISMATCH),
    (&["Cannot get result type"], code::TYPE_MISMATCH),
    (&["Failed to coerce types"], code::TYPE_MISMATCH),
    (&["Failed to coerce then"], code::TYPE_MISMATCH),
    (&["Failed to coerce case"], code::TYPE_MISMATCH),
    (&["non-boolean predicate"], code::TYPE_MISMATCH),
    (&["must be boolean type"], code::TYPE_MISMATCH),
    (&["a common type"], code::TYPE_MISMATCH),
    (&["compatible types"], code::TYPE_MISMATCH),
    (&["Incompatible inputs for Union"], code::TYPE_MISMATCH),
    (&["can't cast to"], code::TYPE_MISMATCH),
    (&["Unary operator"], code::TYPE_MISMATCH),
    (&["Negation only supports"], code::TYPE_MISMATCH),
    (&["Cannot automatically convert"], code::TYPE_MISMATCH),
    (&["Inconsistent data type across values list"], code::TYPE_MISMATCH),
    (&["unnest() can only be applied"], code::TYPE_MISMATCH),
    (&["to satisfy a call to"], code::FUNCTION_ARGUMENTS),
    (&["No function matches"], code::FUNCTION_ARGUMENTS),
    (&["does not support zero arguments"], code::FUNCTION_ARGUMENTS),
    (&["requires exactly one argument"], code::FUNCTION_ARGUMENTS),
    (&["unction", "expect"], code::FUNCTION_ARGUMENTS),
    (&["unction", "argument"], code::FUNCTION_ARGUMENTS),
    (&["does not support named arguments"], code::FUNCTION_ARGUMENTS),
    (&["Argument #"], code::FUNCTION_ARGUMENTS),
    (&["are not permitted for"], code::FUNCTION_ARGUMENTS),
    (&["requires non-empty constant string"], code::FUNCTION_ARGUMENTS),
    (&["FILTER clause can only be used with aggregate"], code::FUNCTION_ARGUMENTS),
    (&["GROUPS requires"], code::WINDOW_FRAME),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_and_signatures_become_help() {
        let words = "Function 'upper' expects 1 arguments but received 2. No function matches the \
                     given name and argument types 'upper(Int64)'. You might need to add explicit \
                     type casts.\n\tCandidate functions:\n\tupper(String)";
        assert_eq!(
            shortened(words),
            (
                "Function 'upper' expects 1 arguments but received 2".to_owned(),
                Some("it takes `upper(String)`".to_owned())
            )
        );
        assert_eq!(
            shortened("Aggregates are not allowed in WHERE. Consider using HAVING instead"),
            (
                "Aggregates are not allowed in WHERE".to_owned(),
                Some("consider using HAVING instead".to_owned())
            )
        );
        assert_eq!(by_words("Cannot infer common argument type for …"), code::TYPE_MISMATCH);
        assert_eq!(by_words("The function 'x' expected 2 arguments"), code::FUNCTION_ARGUMENTS);
    }
}
