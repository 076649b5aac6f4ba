//! The engine's errors as diagnostics: one readable sentence, no chains of wrappers.

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use deltalake::DeltaTableError;
use parquet::errors::ParquetError;
use planc_ir::code::{OUT_OF_MEMORY, RUN_FAILED};
use planc_ir::{Code, Diagnostic};

/// What an error at run time is to the user: P0707 where memory ran out, else P0704.
pub fn run_failed(error: &DataFusionError) -> Diagnostic {
    engine_failed(RUN_FAILED, "the query failed", error)
}

/// As [`run_failed`], for another code and with words in front of the engine's sentence.
/// Running out of memory is P0707 whatever the code.
pub fn engine_failed(code: Code, what: &str, error: &DataFusionError) -> Diagnostic {
    if out_of_memory(error) {
        return Diagnostic::new(OUT_OF_MEMORY, "the run needed more memory than its limit")
            .help(format!("raise --memory-limit, or set fewer --threads ({})", sentence(error)));
    }
    Diagnostic::new(code, format!("{what}: {}", sentence(error)))
}

fn out_of_memory(error: &DataFusionError) -> bool {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => true,
        DataFusionError::External(inner) => inner.downcast_ref().is_some_and(out_of_memory),
        DataFusionError::ArrowError(inner, _) => match inner.as_ref() {
            ArrowError::ExternalError(inner) => inner.downcast_ref().is_some_and(out_of_memory),
            _ => false,
        },
        _ => false,
    }
}

/// The innermost cause of an engine error, in one line.
pub fn sentence(error: &DataFusionError) -> String {
    let text = match error.find_root() {
        DataFusionError::ArrowError(inner, _) => return arrow_sentence(inner),
        DataFusionError::ParquetError(inner) => return parquet_sentence(inner),
        DataFusionError::ObjectStore(inner) => return store_sentence(inner),
        DataFusionError::IoError(inner) => inner.to_string(),
        DataFusionError::External(inner) => return boxed_sentence(inner.as_ref()),
        DataFusionError::NotImplemented(text) => format!("not supported: {text}"),
        DataFusionError::Plan(text)
        | DataFusionError::Internal(text)
        | DataFusionError::Configuration(text)
        | DataFusionError::Execution(text)
        | DataFusionError::ResourcesExhausted(text)
        | DataFusionError::Substrait(text) => text.clone(),
        other => other.to_string(),
    };
    one_line(&text)
}

/// As [`sentence`], for an error of the Delta library.
pub fn delta_sentence(error: &DeltaTableError) -> String {
    match error {
        DeltaTableError::GenericError { source } => boxed_sentence(source.as_ref()),
        DeltaTableError::ObjectStore { source } => store_sentence(source),
        DeltaTableError::Arrow { source } => arrow_sentence(source),
        DeltaTableError::Parquet { source } => parquet_sentence(source),
        DeltaTableError::Io { source } => one_line(&source.to_string()),
        DeltaTableError::InvalidJsonLog { json_err, version, .. } => {
            format!("the log entry of version {version} is not valid JSON: {json_err}")
        }
        other => store_fault(other).unwrap_or_else(|| one_line(&other.to_string())),
    }
}

/// What the object store said, where it is the cause of an error.
fn store_fault(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref() {
            return Some(store_sentence(error));
        }
        cause = error.source();
    }
    None
}

fn boxed_sentence(error: &(dyn std::error::Error + Send + Sync + 'static)) -> String {
    if let Some(inner) = error.downcast_ref::<DataFusionError>() {
        sentence(inner)
    } else if let Some(inner) = error.downcast_ref::<DeltaTableError>() {
        delta_sentence(inner)
    } else if let Some(inner) = error.downcast_ref::<ArrowError>() {
        arrow_sentence(inner)
    } else if let Some(inner) = error.downcast_ref::<object_store::Error>() {
        store_sentence(inner)
    } else {
        store_fault(error).unwrap_or_else(|| one_line(&error.to_string()))
    }
}

fn arrow_sentence(error: &ArrowError) -> String {
    match error {
        ArrowError::DivideByZero => "division by zero".to_owned(),
        ArrowError::ExternalError(inner) => boxed_sentence(inner.as_ref()),
        ArrowError::CastError(text)
        | ArrowError::ArithmeticOverflow(text)
        | ArrowError::ComputeError(text)
        | ArrowError::ParseError(text)
        | ArrowError::CsvError(text)
        | ArrowError::JsonError(text)
        | ArrowError::InvalidArgumentError(text)
        | ArrowError::ParquetError(text)
        | ArrowError::SchemaError(text)
        | ArrowError::IoError(text, _) => one_line(text),
        other => one_line(&other.to_string()),
    }
}

fn parquet_sentence(error: &ParquetError) -> String {
    match error {
        ParquetError::External(inner) => boxed_sentence(inner.as_ref()),
        ParquetError::General(text) | ParquetError::EOF(text) => one_line(text),
        other => one_line(&other.to_string()),
    }
}

fn store_sentence(error: &object_store::Error) -> String {
    match error {
        object_store::Error::NotFound { path, .. } => format!("`{path}` does not exist"),
        object_store::Error::PermissionDenied { path, source }
        | object_store::Error::Unauthenticated { path, source } => {
            format!("no permission for `{path}`{}", said_code(&source.to_string()))
        }
        object_store::Error::Generic { source, .. } => {
            // A listing has no path to say it of.
            let said = source.to_string();
            if said.contains("status code: 403") || said.contains("status code: 401") {
                return format!("no permission to list it{}", said_code(&said));
            }
            boxed_sentence(source.as_ref())
        }
        other => one_line(&other.to_string()),
    }
}

/// What S3 and Azure say in XML to be wrong with the credentials.
fn said_code(said: &str) -> String {
    let code = said.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    code.map(|(code, _)| format!(" ({})", one_line(code))).unwrap_or_default()
}

/// The first paragraph on one line, without the wrappers' names in front, the advice to
/// report a bug to another project behind it, or a full stop.
fn one_line(text: &str) -> String {
    let text = text.split("This issue was likely caused by a bug").next().unwrap_or(text);
    let mut text = text.split("\n\n").next().unwrap_or(text).trim();
    const WRAPPERS: [&str; 14] = [
        "Execution error: ",
        "External error: ",
        "Arrow error: ",
        "Parquet error: ",
        "Kernel error: ",
        "Generic error: ",
        "Generic delta kernel error: ",
        "Error during planning: ",
        "External: ",
        "Generic DeltaTable error: ",
        "Generic: ",
        "Kernel: ",
        "Transaction failed: ",
        "Json error: ",
    ];
    while let Some(rest) = WRAPPERS.iter().find_map(|wrapper| text.strip_prefix(wrapper)) {
        text = rest;
    }
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrappers_are_taken_off() {
        let inner = DataFusionError::ResourcesExhausted("no room".to_owned());
        let wrapped = ArrowError::ExternalError(Box::new(DataFusionError::External(inner.into())));
        let error = DataFusionError::from(wrapped).context("while sorting");
        assert_eq!(run_failed(&error).code, OUT_OF_MEMORY);
        let error = DataFusionError::from(ArrowError::DivideByZero).context("projecting");
        assert_eq!(run_failed(&error).message, "the query failed: division by zero");
        assert_eq!(one_line("External error: Kernel error: a\n  b.\n\nBacktrace: x"), "a b");
    }
}
