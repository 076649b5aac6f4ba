//! What an object store's error means. Missing, forbidden and misconfigured look much alike in
//! HTTP and must not be taken for one another.

use object_store::Error;

use crate::ProblemKind;

/// The longest message of a server that is repeated, in characters.
const LONGEST: usize = 300;

/// What servers say where the bucket, and not the object, is missing.
const NO_BUCKET: [&str; 3] = ["NoSuchBucket", "ContainerNotFound", "bucket does not exist"];

/// The kind of a failure; none where the object is simply not there.
pub(crate) fn classify(error: &Error) -> Option<ProblemKind> {
    let text = chain(error);
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    Some(match error {
        Error::NotFound { .. } if says(&NO_BUCKET) => ProblemKind::Misconfigured,
        Error::NotFound { .. } => return None,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => ProblemKind::Forbidden,
        Error::NotSupported { .. }
        | Error::NotImplemented { .. }
        | Error::InvalidPath { .. }
        | Error::UnknownConfigurationKey { .. } => ProblemKind::Misconfigured,
        _ if says(&["400 Bad Request", "301 Moved", "307 Temporary", "LOCATION"]) => {
            ProblemKind::Misconfigured
        }
        _ if says(&["timed out", "TimedOut"]) => ProblemKind::TimedOut,
        _ => ProblemKind::Unavailable,
    })
}

/// Whether a conditional put was refused because another one was under way: 409, and not 412.
/// Nothing is known then of what the object holds.
pub(crate) fn is_conflict(error: &Error) -> bool {
    let text = chain(error);
    // Azure answers 409 where S3 answers 412, with another word.
    text.contains("409 Conflict") && !text.contains("BlobAlreadyExists")
}

/// What an error says, on one line: the server's words where there are some, as those before
/// them repeat the address.
pub(crate) fn message(error: &Error) -> String {
    let text = chain(error);
    let server = ["Server returned non-2xx status code: ", "Server returned error response: "];
    let words = server.iter().find_map(|start| text.split_once(start));
    one_line(words.map_or(text.as_str(), |(_, words)| words))
}

fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        let words = inner.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = inner.source();
    }
    text
}

/// On one line, shortened, and without the queries of URLs, which can hold tokens.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split_whitespace().map(|word| match word.split_once('?') {
        Some((url, _)) if url.contains("://") => url,
        _ => word,
    });
    let line = words.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_found(words: &str) -> Error {
        Error::NotFound { path: "p".to_owned(), source: words.to_owned().into() }
    }

    #[test]
    fn a_missing_object_is_no_missing_bucket() {
        assert_eq!(classify(&not_found("404: <Code>NoSuchKey</Code>")), None);
        let bucket = not_found("404: <Code>NoSuchBucket</Code>");
        assert_eq!(classify(&bucket), Some(ProblemKind::Misconfigured));
        let generic = |words: &str| Error::Generic { store: "S3", source: words.into() };
        assert_eq!(classify(&generic("operation timed out")), Some(ProblemKind::TimedOut));
        let failing = generic("retry_timeout: 2s - Server returned non-2xx status code: 500 : <x>");
        assert_eq!(classify(&failing), Some(ProblemKind::Unavailable));
        assert_eq!(message(&failing), "500 : <x>");
        let there = |words: &str| is_conflict(&generic(words));
        assert!(there("409 Conflict: ConditionalRequestConflict"));
        assert!(!there("409 Conflict: BlobAlreadyExists") && !there("412"));
    }

    #[test]
    fn tokens_are_not_repeated() {
        let said = one_line("GET https://a.example/x?sig=SECRET\n failed");
        assert_eq!(said, "GET https://a.example/x failed");
    }
}
