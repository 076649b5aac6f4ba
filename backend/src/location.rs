//! Paths and URLs of sources and outputs, and the object stores behind them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};

use deltalake::logstore::{
    LogStore, LogStoreFactory, ObjectStoreFactory, ObjectStoreRef, StorageConfig, default_logstore,
    logstore_factories, object_store_factories,
};
use deltalake::{DeltaResult, DeltaTableError};
use object_store::ObjectStore;
use planc_ir::{Code, Diagnostic};
use url::Url;

use crate::store;

/// The URL schemes of remote stores.
const REMOTE_SCHEMES: [&str; 10] =
    ["s3", "s3a", "gs", "az", "adl", "azure", "abfs", "abfss", "http", "https"];

/// The scheme of tables that a process makes up to read the changes of others.
pub(crate) const CHANGES_SCHEME: &str = "planc-changes";

/// A path (relative ones to the working folder) or URL as a URL. A path need not exist.
///
/// # Errors
/// `code`, where the text is neither or its scheme is unknown.
pub fn parse(text: &str, code: Code) -> Result<Url, Diagnostic> {
    let wrong = |why: String| Diagnostic::new(code, format!("`{text}` is no location: {why}"));
    if let Some((scheme, _)) = text.split_once("://") {
        let url = Url::parse(text).map_err(|error| wrong(error.to_string()))?;
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "file" && !REMOTE_SCHEMES.contains(&scheme.as_str()) {
            return Err(wrong(format!("unknown scheme `{scheme}`"))
                .help("use a path, file://, s3://, gs://, az://, abfss:// or https://"));
        }
        return Ok(url);
    }
    if text.is_empty() {
        return Err(wrong("it is empty".to_owned()));
    }
    let path = std::path::absolute(text).map_err(|error| wrong(error.to_string()))?;
    let url = if text.ends_with('/') || path.is_dir() {
        Url::from_directory_path(&path)
    } else {
        Url::from_file_path(&path)
    };
    url.map_err(|()| wrong("the path is not absolute".to_owned()))
}

/// The local path of a `file://` URL.
pub fn local_path(url: &Url) -> Option<PathBuf> {
    (url.scheme() == "file").then(|| url.to_file_path().ok()).flatten()
}

/// Where a Delta table lies.
///
/// # Errors
/// As [`parse`]; also for http, which has no listing, and for paths that the Delta library
/// takes for others or panics on: with a literal `%41` in them, which it decodes, and with
/// characters that no host name may have, as it makes one of the path.
pub fn parse_table(text: &str, code: Code) -> Result<Url, Diagnostic> {
    let url = parse(text, code)?;
    let wrong = |why: &str| {
        let message = format!("`{text}` cannot be a Delta table: {why}");
        Err(Diagnostic::new(code, message))
    };
    if matches!(url.scheme(), "http" | "https") {
        return wrong("http has no listing");
    }
    if let Some(odd) = url.path().chars().find(|c| "[]^|@".contains(*c)) {
        return wrong(&format!("its path holds `{odd}`; rename the folder"));
    }
    let path = local_path(&url);
    let escapes = path.as_deref().and_then(Path::to_str).is_some_and(|path| {
        path.as_bytes().windows(3).any(|three| match three {
            [b'%', a, b] => a.is_ascii_hexdigit() && b.is_ascii_hexdigit(),
            _ => false,
        })
    });
    let backslash = path.as_deref().and_then(Path::to_str).is_some_and(|p| p.contains('\\'));
    if cfg!(not(windows)) && (backslash || text.contains('\\')) {
        return wrong("its path holds a backslash, which is taken for a slash; rename the folder");
    }
    if escapes {
        return wrong("its path holds a percent escape; rename the folder");
    }
    Ok(url)
}

/// True where the location is local and nothing is there.
pub fn is_missing(url: &Url) -> bool {
    local_path(url).is_some_and(|path| !Path::new(&path).exists())
}

/// The store of a remote URL, with the environment's credentials.
pub fn remote_store(url: &Url) -> object_store::Result<Arc<dyn ObjectStore>> {
    Ok(store::open(url, std::iter::empty())?.0)
}

/// Makes the Delta library know the remote schemes. Cheap to call again.
pub fn register_delta_stores() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        for scheme in REMOTE_SCHEMES {
            // http(s) is left out: it has no listing, and the library's registry cannot
            // hold a scheme that must have a host.
            if let Ok(url) = Url::parse(&format!("{scheme}://")) {
                object_store_factories().insert(url.clone(), Arc::new(EnvironmentStores));
                logstore_factories().insert(url, Arc::new(EnvironmentStores));
            }
        }
        if let Ok(url) = Url::parse(&format!("{CHANGES_SCHEME}://")) {
            logstore_factories().insert(url, Arc::new(EnvironmentStores));
        }
    });
}

/// Stores of object_store, configured by the environment. Commits rely on the store's
/// conditional put, which all of them have.
struct EnvironmentStores;

impl ObjectStoreFactory for EnvironmentStores {
    fn parse_url_opts(
        &self,
        url: &Url,
        config: &StorageConfig,
    ) -> DeltaResult<(ObjectStoreRef, object_store::path::Path)> {
        let options = config.raw.iter().map(|(key, value)| (key.clone(), value.clone()));
        store::open(url, options).map_err(|source| DeltaTableError::ObjectStore { source })
    }
}

impl LogStoreFactory for EnvironmentStores {
    fn with_options(
        &self,
        prefixed_store: ObjectStoreRef,
        root_store: ObjectStoreRef,
        location: &Url,
        options: &StorageConfig,
    ) -> DeltaResult<Arc<dyn LogStore>> {
        Ok(default_logstore(prefixed_store, root_store, location, options))
    }
}

#[cfg(test)]
mod tests {
    use planc_ir::code::SOURCE_UNREADABLE;

    use super::*;

    #[test]
    fn paths_and_urls_become_urls() {
        let parse = |text| parse(text, SOURCE_UNREADABLE);
        assert_eq!(local_path(&parse("/a b/c").unwrap()).unwrap(), Path::new("/a b/c"));
        assert!(parse("data/x.csv").unwrap().path().ends_with("/data/x.csv"));
        assert_eq!(parse("s3://bucket/x").unwrap().scheme(), "s3");
        assert_eq!(parse("ftp://x/y").unwrap_err().code, SOURCE_UNREADABLE);
        assert!(parse("").is_err());
        assert!(is_missing(&parse("/no/such/folder").unwrap()));
    }
}
