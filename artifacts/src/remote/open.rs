//! From a URL to an object store that gives up soon.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::http::HttpBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{BackoffConfig, ClientConfigKey, ObjectStore, ObjectStoreScheme, RetryConfig};
use url::Url;

use crate::{Problem, ProblemKind, TierName};

/// An opened store.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn ObjectStore>,
    /// What all paths begin with.
    pub(crate) prefix: Path,
    /// Whether the store can only be read.
    pub(crate) read_only: bool,
    /// What is to be said where nothing answers: that the environment holds no credentials.
    pub(crate) hint: Option<String>,
    /// Whether credentials are needed at all.
    pub(crate) cloud: bool,
}

/// Opens the store of a URL with the credentials of the environment, as object_store names
/// them. Nothing is sent.
///
/// # Errors
///
/// [`ProblemKind::Misconfigured`].
pub(crate) fn open(text: &str, timeout: Duration, writes: bool) -> Result<Opened, Problem> {
    let wrong = |why: String| {
        let message = format!("`{}` is no remote tier: {why}", without_query(text));
        Problem::new(ProblemKind::Misconfigured, TierName::Remote, message)
    };
    if text.contains("${") {
        return Err(wrong("an environment variable in it is not set".to_owned()));
    }
    let url = Url::parse(text).map_err(|error| wrong(error.to_string()))?;
    let (scheme, prefix) =
        ObjectStoreScheme::parse(&url).map_err(|error| wrong(error.to_string()))?;
    let failed = |error: object_store::Error| wrong(super::classify::one_line(&error.to_string()));
    let retry = RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(50),
            max_backoff: Duration::from_millis(400),
            base: 2.0,
        },
        max_retries: 2,
        retry_timeout: timeout,
    };
    let limits = [ClientConfigKey::Timeout, ClientConfigKey::ConnectTimeout];
    let limit = format!("{}ms", timeout.as_millis());
    let mut opened = Opened {
        store: Arc::new(LocalFileSystem::new()),
        prefix,
        read_only: false,
        hint: None,
        cloud: false,
    };
    match scheme {
        ObjectStoreScheme::Local => {
            let folder =
                url.to_file_path().map_err(|()| wrong("the path is not absolute".into()))?;
            if writes {
                std::fs::create_dir_all(&folder).map_err(|error| wrong(error.to_string()))?;
            } else if !folder.is_dir() {
                return Err(wrong("there is no such folder".to_owned()));
            }
            let store = LocalFileSystem::new_with_prefix(folder).map_err(failed)?;
            opened.store = Arc::new(store);
            opened.prefix = Path::default();
        }
        ObjectStoreScheme::AmazonS3 => {
            let builder = AmazonS3Builder::from_env().with_url(text).with_retry(retry);
            let builder = limits.into_iter().fold(builder, |builder, key| {
                builder.with_config(AmazonS3ConfigKey::Client(key), &limit)
            });
            opened.store = Arc::new(builder.build().map_err(failed)?);
            opened.cloud = true;
            opened.hint = missing(
                "AWS",
                &[
                    "AWS_ACCESS_KEY_ID",
                    "AWS_WEB_IDENTITY_TOKEN_FILE",
                    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                    "AWS_SKIP_SIGNATURE",
                ],
            );
        }
        ObjectStoreScheme::GoogleCloudStorage => {
            let builder = GoogleCloudStorageBuilder::from_env().with_url(text).with_retry(retry);
            let builder = limits.into_iter().fold(builder, |builder, key| {
                builder.with_config(GoogleConfigKey::Client(key), &limit)
            });
            opened.store = Arc::new(builder.build().map_err(failed)?);
            opened.cloud = true;
            opened.hint = missing(
                "Google",
                &[
                    "GOOGLE_SERVICE_ACCOUNT",
                    "GOOGLE_SERVICE_ACCOUNT_PATH",
                    "GOOGLE_SERVICE_ACCOUNT_KEY",
                    "GOOGLE_APPLICATION_CREDENTIALS",
                    "GOOGLE_SKIP_SIGNATURE",
                ],
            );
        }
        ObjectStoreScheme::MicrosoftAzure => {
            let builder = MicrosoftAzureBuilder::from_env().with_url(text).with_retry(retry);
            let builder = limits.into_iter().fold(builder, |builder, key| {
                builder.with_config(AzureConfigKey::Client(key), &limit)
            });
            opened.store = Arc::new(builder.build().map_err(failed)?);
            opened.cloud = true;
            opened.hint = missing(
                "Azure",
                &[
                    "AZURE_STORAGE_ACCOUNT_KEY",
                    "AZURE_STORAGE_ACCESS_KEY",
                    "AZURE_STORAGE_SAS_KEY",
                    "AZURE_STORAGE_SAS_TOKEN",
                    "AZURE_STORAGE_CLIENT_ID",
                    "AZURE_CLIENT_ID",
                    "AZURE_STORAGE_TOKEN",
                    "AZURE_FEDERATED_TOKEN_FILE",
                    "AZURE_STORAGE_USE_EMULATOR",
                    "AZURE_SKIP_SIGNATURE",
                ],
            );
        }
        ObjectStoreScheme::Http => {
            let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
            if url.scheme() != "https" && !loopback {
                return Err(wrong("anybody on the way could change its answers; use https".into()));
            }
            let builder = HttpBuilder::new()
                .with_url(&url[..url::Position::BeforePath])
                .with_retry(retry)
                .with_config(ClientConfigKey::AllowHttp, loopback.to_string());
            let builder =
                limits.into_iter().fold(builder, |builder, key| builder.with_config(key, &limit));
            opened.store = Arc::new(builder.build().map_err(failed)?);
            opened.read_only = true;
        }
        _ => return Err(wrong("use s3://, gs://, az://, file:// or https://".to_owned())),
    }
    Ok(opened)
}

fn missing(cloud: &str, any_of: &[&str]) -> Option<String> {
    let set = any_of.iter().any(|name| std::env::var_os(name).is_some());
    (!set).then(|| format!("the environment holds no {cloud} credentials, and nothing gave any"))
}

/// A URL as it may be shown: a query can hold a token.
pub(crate) fn without_query(text: &str) -> &str {
    text.split_once('?').map_or(text, |(before, _)| before)
}
