//! The object stores of remote URLs.
//!
//! Credentials come from the environment's variables (`AWS_*`, `AZURE_*`, `GOOGLE_*`), as
//! object_store names them. A store that refuses connections is given up after six tries, some ten
//! seconds; one that is slow has a minute and a half, so that a request is sent again after its
//! time-out.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::path::Path;
use object_store::{BackoffConfig, ObjectStore, ObjectStoreScheme, Result, RetryConfig};
use url::Url;

/// How often and how long a request is tried again. One that a store refuses is not.
fn retry() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(3),
            base: 2.0,
        },
        max_retries: 6,
        retry_timeout: Duration::from_secs(90),
    }
}

/// The builder of a store with every option that it knows.
macro_rules! configured {
    ($builder:ty, $url:expr, $options:expr) => {{
        let builder = <$builder>::new().with_url($url).with_retry(retry());
        let builder = $options.fold(builder, |builder, (key, value)| {
            match key.to_ascii_lowercase().parse() {
                Ok(key) => builder.with_config(key, value),
                Err(_) => builder,
            }
        });
        Arc::new(builder.build()?)
    }};
}

/// The store of a URL and the place in it. `options` come after the environment's variables.
/// Nothing is sent.
///
/// # Errors
/// Where the URL or an option is no such store's.
pub(crate) fn open(
    url: &Url,
    options: impl Iterator<Item = (String, String)>,
) -> Result<(Arc<dyn ObjectStore>, Path)> {
    let options = std::env::vars().chain(options);
    let (scheme, path) = ObjectStoreScheme::parse(url)?;
    let store: Arc<dyn ObjectStore> = match scheme {
        ObjectStoreScheme::AmazonS3 => configured!(AmazonS3Builder, url.as_str(), options),
        ObjectStoreScheme::GoogleCloudStorage => {
            configured!(GoogleCloudStorageBuilder, url.as_str(), options)
        }
        ObjectStoreScheme::MicrosoftAzure => {
            configured!(MicrosoftAzureBuilder, url.as_str(), options)
        }
        ObjectStoreScheme::Http => {
            configured!(HttpBuilder, &url[..url::Position::BeforePath], options)
        }
        _ => {
            let source = format!("`{}` is no remote store", url.scheme()).into();
            return Err(object_store::Error::NotSupported { source });
        }
    };
    Ok((store, Path::parse(path)?))
}

/// What to say where a store gave nothing and the environment has no credentials for it.
pub(crate) fn without_credentials(location: &str) -> Option<String> {
    let (scheme, _) = location.split_once("://")?;
    let (cloud, prefix, of_any, public) = match scheme.to_ascii_lowercase().as_str() {
        "s3" | "s3a" => ("AWS", "AWS_", "AWS_ACCESS_KEY_ID", "AWS_SKIP_SIGNATURE"),
        "gs" => ("Google", "GOOGLE_", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SKIP_SIGNATURE"),
        "az" | "adl" | "azure" | "abfs" | "abfss" => {
            ("Azure", "AZURE_", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_SKIP_SIGNATURE")
        }
        _ => return None,
    };
    // The others say where the store is, and not who asks.
    const OF_CREDENTIALS: [&str; 9] = [
        "KEY",
        "SECRET",
        "TOKEN",
        "SAS",
        "CLIENT",
        "CREDENTIALS",
        "SERVICE_ACCOUNT",
        "EMULATOR",
        "SKIP_SIGNATURE",
    ];
    let any = std::env::vars_os().any(|(key, _)| {
        let key = key.to_string_lossy();
        key.starts_with(prefix) && OF_CREDENTIALS.iter().any(|word| key.contains(word))
    });
    (!any).then(|| {
        format!(
            "the environment has no credentials for {cloud}: set {of_any} and what belongs to it, \
             or {public}=true for a public store"
        )
    })
}
