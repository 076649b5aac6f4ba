//! What is right and wrong with the tiers, found by trying.

use std::fs;
use std::time::{Duration, Instant, SystemTime};

use planc_ir::{Code, code};

use crate::remote::{Answer, Failure};
use crate::transfer::of_failure;
use crate::{Mode, Problem, ProblemKind, Remote, Store, TierName};

/// A clock that is off by more makes ages wrong.
const SKEW: Duration = Duration::from_secs(5 * 60);
/// How often a read is timed.
const READS: usize = 5;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// The tier does not work as it is configured.
    Failed,
}

/// One thing that was tried.
#[derive(Debug, Clone)]
pub struct Finding {
    /// On which tier.
    pub tier: TierName,
    /// What.
    pub check: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What was seen.
    pub detail: String,
    /// The code of what is wrong.
    pub code: Option<Code>,
}

impl Store {
    /// Tries what the tiers need: credentials, permissions, clocks, conditional puts.
    pub fn doctor(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.doctor_local(&mut Report { tier: TierName::Local, findings: &mut findings });
        let mut report = Report { tier: TierName::Remote, findings: &mut findings };
        match self.remote() {
            None => report.note("address", "there is no remote tier"),
            Some(remote) => doctor_remote(remote, &mut report),
        }
        self.doctor_trust(&mut Report { tier: TierName::Local, findings: &mut findings });
        findings
    }

    fn doctor_local(&self, report: &mut Report) {
        let root = self.root().display();
        if !self.local_mode().writes() {
            return report.note("folder", format!("{root} is not written: its mode says so"));
        }
        let probe = fs::create_dir_all(self.root())
            .and_then(|()| tempfile::Builder::new().prefix(".tmp-").tempfile_in(self.root()));
        let probe = match probe {
            Ok(probe) => probe,
            Err(error) => {
                let code = ProblemKind::Unwritable.code();
                return report.failed("folder", code, format!("{root}: {error}"));
            }
        };
        report.good("folder", format!("{root} can be written"));
        let renamed = self.root().join(format!(".tmp-doctor-{:08x}", fastrand::u32(..)));
        let moved = fs::rename(probe.path(), &renamed).and_then(|()| fs::metadata(&renamed));
        let _ = fs::remove_file(&renamed);
        match moved.and_then(|metadata| metadata.modified()) {
            Ok(modified) => clock(report, modified),
            Err(error) => {
                let code = ProblemKind::Unwritable.code();
                report.failed("rename", code, format!("{root}: {error}"));
            }
        }
    }

    fn doctor_trust(&self, report: &mut Report) {
        let trust = self.trust();
        let keys = trust.keys.len();
        match (&trust.signer, trust.require_signed) {
            (Some(signer), _) => {
                report.good("signing", format!("records are signed with {}", signer.public()));
            }
            (None, true) => report.note(
                "signing",
                format!("only records by one of {keys} keys count, and this process has none"),
            ),
            (None, false) => report.note("signing", "records are not signed and need not be"),
        }
        report.good("zone", format!("records go to `{}`", self.zone()));
    }
}

fn doctor_remote(remote: &Remote, report: &mut Report) {
    let client = match remote.client() {
        Ok(client) => client,
        Err(problem) => return report.problem("address", &problem),
    };
    report.good("address", remote.shown());
    match client.credentials() {
        Some((true, words)) => report.good("credentials", words),
        Some((false, words)) => report.note("credentials", words),
        None => {}
    }
    let name = format!("probe/{:016x}", fastrand::u64(..));
    let mut times = Vec::new();
    for _ in 0..READS {
        let (client, name) = (client.clone(), name.clone());
        let start = Instant::now();
        match remote.run_one(async move { client.get_path(&name).await }) {
            Some(Answer::Missing) => times.push(start.elapsed()),
            Some(Answer::Failed(kind, why)) => {
                return report.problem("read", &Problem::new(kind, TierName::Remote, why));
            }
            Some(Answer::Found(_)) => {
                return report.failed(
                    "read",
                    code::INCOMPATIBLE_STORE,
                    "it answers with something where nothing is".to_owned(),
                );
            }
            Some(Answer::Skipped) | None => {
                let why = "it does not answer";
                let problem = Problem::new(ProblemKind::Unavailable, TierName::Remote, why);
                return report.problem("read", &problem);
            }
        }
    }
    times.sort();
    let median = times.get(READS / 2).copied().unwrap_or_default().as_secs_f64() * 1e3;
    report.good("read", format!("an answer takes {median:.0} ms (median of {READS})"));
    if remote.mode() != Mode::ReadWrite || client.is_read_only() {
        let why = match client.is_read_only() {
            true => "https:// can only be read",
            false => "its mode is read-only: writing was not tried",
        };
        return report.note("write", why);
    }
    let tried = remote.run_one(async move {
        client.create(&name, b"first".to_vec()).await?;
        let again = client.create(&name, b"again".to_vec()).await;
        let found = client.get_path(&name).await;
        let modified = client.modified(&name).await;
        let listed = client.list().await.map(|all| all.iter().any(|one| one.path == name));
        client.delete(&name).await?;
        Ok((again, found, modified, listed))
    });
    match tried {
        None => report.failed("write", code::CACHE_UNAVAILABLE, "it does not answer".to_owned()),
        Some(Err(failure)) => report.problem("write", &of_failure(remote, failure)),
        Some(Ok((again, found, modified, listed))) => {
            report.good("write", "an object can be put and removed");
            match again {
                Err(Failure::Present { conflict: false }) => {
                    report.good("conditional put", "a second put of one name is refused");
                }
                Ok(()) => report.failed(
                    "conditional put",
                    code::INCOMPATIBLE_STORE,
                    "it ignores `If-None-Match: *`: a second put of one name took the place of \
                     the first"
                        .to_owned(),
                ),
                Err(failure) => report.problem("conditional put", &of_failure(remote, failure)),
            }
            match found {
                Answer::Found(bytes) if bytes == b"first" || bytes == b"again" => {
                    report.good("read back", "it gives what was put");
                }
                other => report.failed(
                    "read back",
                    code::INCOMPATIBLE_STORE,
                    format!("it does not give what was put: {other:?}"),
                ),
            }
            match listed {
                Ok(true) => report.good("list", "it can be listed"),
                Ok(false) => report.note("list", "a listing lacks what was just put"),
                Err(failure) => {
                    let why = of_failure(remote, failure).message;
                    report.note("list", format!("it cannot be listed: {why}"));
                }
            }
            if let Ok(modified) = modified {
                clock(report, modified);
            }
        }
    }
}

fn clock(report: &mut Report, theirs: SystemTime) {
    let ours = SystemTime::now();
    let off = ours.duration_since(theirs).unwrap_or_else(|error| error.duration());
    let seconds = off.as_secs();
    match off > SKEW {
        true => report.note("clock", format!("it differs from this machine's by {seconds} s")),
        false => report.good("clock", "it agrees with this machine's"),
    }
}

struct Report<'a> {
    tier: TierName,
    findings: &'a mut Vec<Finding>,
}

impl Report<'_> {
    fn add(&mut self, check: &'static str, verdict: Verdict, code: Option<Code>, detail: String) {
        self.findings.push(Finding { tier: self.tier, check, verdict, detail, code });
    }

    fn good(&mut self, check: &'static str, detail: impl Into<String>) {
        self.add(check, Verdict::Good, None, detail.into());
    }

    fn note(&mut self, check: &'static str, detail: impl Into<String>) {
        self.add(check, Verdict::Note, None, detail.into());
    }

    fn failed(&mut self, check: &'static str, code: Code, detail: String) {
        self.add(check, Verdict::Failed, Some(code), detail);
    }

    fn problem(&mut self, check: &'static str, problem: &Problem) {
        self.failed(check, problem.kind.code(), problem.message.clone());
    }
}
