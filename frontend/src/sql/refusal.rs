//! DataFusion's errors as diagnostics.

use datafusion::common::{DataFusionError, SchemaError, Span as DfSpan};
use planc_ir::{Code, Diagnostic, code};
use sqlparser::tokenizer::{Location, Span as SqlSpan};

use super::place::Places;

/// The diagnostics that DataFusion's refusal amounts to; at least one.
pub(crate) fn diagnostics(error: &DataFusionError, places: &Places<'_>) -> Vec<Diagnostic> {
    error.iter().map(|error| diagnostic(error, places)).collect()
}

fn diagnostic(error: &DataFusionError, places: &Places<'_>) -> Diagnostic {
    let code = code_of(error);
    let message = error.diagnostic().map_or_else(|| words(error), |found| found.message.clone());
    let mut diagnostic = Diagnostic::new(code, message);
    if let Some(found) = error.diagnostic() {
        diagnostic.span = found.span.and_then(|span| place(span, places));
        let helps: Vec<&str> = found.helps.iter().map(|help| help.message.as_str()).collect();
        if !helps.is_empty() {
            diagnostic.help = Some(helps.join("; "));
        }
        for note in &found.notes {
            if let Some(span) = note.span.and_then(|span| place(span, places)) {
                diagnostic.related.push((span, note.message.clone()));
            }
        }
    }
    diagnostic
}

fn place(span: DfSpan, places: &Places<'_>) -> Option<planc_ir::Span> {
    let location = |at: datafusion::common::Location| Location::new(at.line, at.column);
    places.closed(SqlSpan::new(location(span.start), location(span.end)))
}

/// The words of an error, without what DataFusion puts around them.
pub(crate) fn words(error: &DataFusionError) -> String {
    let text = match error.find_root() {
        DataFusionError::Diagnostic(_, inner) => inner.strip_backtrace(),
        root => root.strip_backtrace(),
    };
    let mut words = text.trim();
    for prefix in [
        "Error during planning: ",
        "Schema error: ",
        "This feature is not implemented: ",
        "Execution error: ",
        "SQL error: ",
    ] {
        words = words.strip_prefix(prefix).unwrap_or(words);
    }
    words.trim_end_matches('.').to_owned()
}

/// The code of an error of DataFusion's, by its kind and, where kinds are too coarse, by
/// words that stand in its message.
pub(crate) fn code_of(error: &DataFusionError) -> Code {
    let root = match error.find_root() {
        DataFusionError::Diagnostic(_, inner) => inner.find_root(),
        root => root,
    };
    match root {
        DataFusionError::SchemaError(schema, _) => match schema.as_ref() {
            SchemaError::AmbiguousReference { .. } => code::AMBIGUOUS_COLUMN,
            SchemaError::FieldNotFound { .. } => code::UNKNOWN_COLUMN,
            SchemaError::DuplicateQualifiedField { .. }
            | SchemaError::DuplicateUnqualifiedField { .. } => code::DUPLICATE_ALIAS,
        },
        DataFusionError::Plan(words) => by_words(words),
        DataFusionError::Internal(_) => code::REFUSED,
        _ => code::REFUSED,
    }
}

fn by_words(words: &str) -> Code {
    let has = |pieces: &[&str]| pieces.iter().any(|piece| words.contains(piece));
    if has(&["Invalid function", "table function '"]) {
        code::UNKNOWN_FUNCTION
    } else if words.starts_with("table '") && words.ends_with("not found") {
        code::UNKNOWN_TABLE
    } else if has(&[
        "to satisfy a call to",
        "No function matches",
        "does not support zero arguments",
        "expects",
        "expected",
        "argument",
    ]) && !has(&["comparison operation", "arithmetic"])
    {
        code::FUNCTION_ARGUMENTS
    } else if has(&[
        "coerce",
        "coercion",
        "Cannot infer common",
        "non-boolean",
        "Unsupported CAST",
        "compatible",
        "data type",
        "types",
    ]) {
        code::TYPE_MISMATCH
    } else {
        code::REFUSED
    }
}
