//! `[cache]` and the environment: which tiers, which zone, whose signatures.

use std::path::{Path, PathBuf};
use std::time::Duration;

use planc_artifacts::{Mode, PublicKey, RemoteConfig, Signer, StoreConfig, Trust, Zone};
use planc_ir::Span;

use super::Project;
use super::config::{CacheMode, CacheSection};
use super::sources::location;

/// The private key that records are signed with, as text.
const KEY: &str = "PLANC_SIGNING_KEY";
/// The file that holds it.
const KEY_FILE: &str = "PLANC_SIGNING_KEY_FILE";
/// The zone, where `--zone` does not say it.
const ZONE: &str = "PLANC_ZONE";
/// The remote tier's mode, where `--remote-cache` does not say it.
const REMOTE_MODE: &str = "PLANC_REMOTE_CACHE";

/// How long a command waits that is about the remote tier itself.
const PATIENT: Duration = Duration::from_secs(24 * 60 * 60);

/// What the command line says about the cache, in the place of `planc.toml`.
#[derive(Debug, Clone, Default)]
pub struct CacheOverrides {
    /// The remote tier's mode.
    pub remote: Option<CacheMode>,
    /// The trust zone.
    pub zone: Option<Zone>,
    /// Waits as long as it takes: the command is about the remote tier itself.
    pub patient: bool,
}

/// The cache of a project, checked.
#[derive(Debug, Clone)]
pub struct Cache {
    zone: Zone,
    trust: Trust,
    remote: Option<CacheMode>,
    patient: bool,
}

/// A fault in the settings, with its place in the project file where it has one.
pub(super) type Fault = (String, Option<Span>);

impl Cache {
    /// Reads the settings of the file and of the environment.
    pub(super) fn new(section: &CacheSection, home: &Path) -> Result<Cache, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut keys = Vec::new();
        for (name, text) in &section.keys {
            let span = text.span();
            match text.get_ref().parse::<PublicKey>() {
                Ok(key) => keys.push((name.clone(), key)),
                Err(why) => faults.push((
                    format!("the key `{name}` of the cache: {why}"),
                    Some(Span::new(span.start, span.end)),
                )),
            }
        }
        if section.require_signed && section.keys.is_empty() {
            let message = "`require_signed` needs the public keys of those who sign: `keys`";
            faults.push((message.to_owned(), None));
        }
        let signer = signer(home).unwrap_or_else(|why| {
            faults.push((why, None));
            None
        });
        let trust = Trust { keys, require_signed: section.require_signed, signer };
        let zone = zone(section, &trust).unwrap_or_else(|fault| {
            faults.push(fault);
            Zone::Own
        });
        let remote = variable(REMOTE_MODE).and_then(|text| {
            let mode = <CacheMode as clap::ValueEnum>::from_str(&text, false);
            let wrong = |_| faults.push((format!("{REMOTE_MODE}: `{text}` is no mode"), None));
            mode.map_err(wrong).ok()
        });
        if faults.is_empty() {
            Ok(Cache { zone, trust, remote, patient: false })
        } else {
            Err(faults)
        }
    }

    /// Puts the command line's word in the place of the file's and the environment's.
    pub fn with(mut self, overrides: CacheOverrides) -> Self {
        self.zone = overrides.zone.unwrap_or(self.zone);
        self.remote = overrides.remote.or(self.remote);
        self.patient = overrides.patient;
        self
    }

    /// Which records are believed, and how new ones are signed.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }
}

impl Project {
    /// What the store is made of, with the whole cache used at most as `mode` says.
    pub fn store_config(&self, mode: CacheMode) -> StoreConfig {
        let section = &self.config.cache;
        let most = tier_mode(mode);
        let local_mode = tier_mode(section.local_mode.unwrap_or(section.mode));
        let remote_mode = self.cache.remote.or(section.remote_mode).unwrap_or(section.mode);
        let remote = section.remote.as_ref().map(|text| {
            // Where a variable is not set the tier says so, once it is needed.
            let at = location(&self.home, text).unwrap_or_else(|_| text.clone());
            let url = if at.contains("://") || at.contains("${") { at } else { file_url(&at) };
            // `--cache read-only` is about what a command leaves behind: nothing, anywhere.
            let usual = RemoteConfig::new(url, tier_mode(remote_mode).capped(most));
            RemoteConfig {
                timeout: section.timeout_ms.map_or(usual.timeout, Duration::from_millis),
                patience: match section.patience_ms {
                    _ if self.cache.patient => PATIENT,
                    patience => patience.map_or(usual.patience, Duration::from_millis),
                },
                concurrency: section.concurrency.unwrap_or(usual.concurrency),
                ..usual
            }
        });
        StoreConfig {
            local: self.home.join(&section.local),
            local_mode: local_mode.capped(most),
            remote,
            zone: self.cache.zone.clone(),
            trust: self.cache.trust.clone(),
            builder: builder(),
        }
    }
}

fn tier_mode(mode: CacheMode) -> Mode {
    match mode {
        CacheMode::ReadWrite | CacheMode::Verify => Mode::ReadWrite,
        CacheMode::ReadOnly => Mode::ReadOnly,
        CacheMode::Off => Mode::Off,
    }
}

fn file_url(path: &str) -> String {
    let encoded = path.replace('%', "%25").replace(' ', "%20").replace('?', "%3F");
    format!("file://{}", encoded.replace('#', "%23"))
}

/// The zone that is asked for; else that of the pull request that a CI job belongs to; else
/// `trusted`, or `own` where only signed records count and this process cannot sign.
fn zone(section: &CacheSection, trust: &Trust) -> Result<Zone, Fault> {
    if let Some(text) = variable(ZONE) {
        return text.parse().map_err(|why| (format!("{ZONE}: {why}"), None));
    }
    if let Some(text) = &section.zone {
        let span = text.span();
        let place = Some(Span::new(span.start, span.end));
        return text.get_ref().parse().map_err(|why| (why, place));
    }
    let github = variable("GITHUB_REF").and_then(|reference| {
        Some(reference.strip_prefix("refs/pull/")?.split_once('/')?.0.to_owned())
    });
    if let Some(number) = github.or_else(|| variable("CI_MERGE_REQUEST_IID"))
        && let Ok(zone) = format!("pr/{number}").parse()
    {
        return Ok(zone);
    }
    let own = trust.require_signed && !trust.can_sign();
    Ok(if own { Zone::Own } else { Zone::Trusted })
}

fn signer(home: &Path) -> Result<Option<Signer>, String> {
    if let Some(text) = variable(KEY) {
        return text.parse().map(Some).map_err(|why| format!("{KEY}: {why}"));
    }
    let Some(path) = variable(KEY_FILE).map(PathBuf::from) else { return Ok(None) };
    if is_within(&path, home) {
        let path = path.display();
        return Err(format!("{KEY_FILE}: `{path}` lies in the project, where everybody reads it"));
    }
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("{KEY_FILE}: `{}`: {error}", path.display()))?;
    text.parse().map(Some).map_err(|why| format!("{KEY_FILE}: `{}`: {why}", path.display()))
}

/// Whether a path lies in a folder, whatever way it is spelled.
pub fn is_within(path: &Path, folder: &Path) -> bool {
    let real = |path: &Path| {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let parent = absolute.parent().and_then(|parent| parent.canonicalize().ok());
        let name = absolute.file_name().map(PathBuf::from).unwrap_or_default();
        let beside = parent.map(|parent| parent.join(name)).unwrap_or_else(|| absolute.clone());
        absolute.canonicalize().unwrap_or(beside)
    };
    real(path).starts_with(real(folder))
}

/// The CI job, for people who ask where a record comes from.
fn builder() -> String {
    let github = || {
        let repository = variable("GITHUB_REPOSITORY")?;
        Some(format!("github.com/{repository}/actions/runs/{}", variable("GITHUB_RUN_ID")?))
    };
    let named = variable("PLANC_BUILDER").or_else(github).or_else(|| variable("CI_JOB_URL"));
    named.unwrap_or_else(|| concat!("planc ", env!("CARGO_PKG_VERSION")).to_owned())
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}
