//! The remote tier: an object store behind short timeouts and a circuit breaker.
//!
//! Nothing is started before the first request: no runtime, no connection.

mod breaker;
mod classify;
mod open;

use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use futures::StreamExt;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutMode, PutOptions};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use self::breaker::Breaker;
use self::open::{Opened, open};
use crate::{Entry, Mode, Problem, ProblemKind, TierName};

pub(crate) use self::classify::message;
pub(crate) use self::open::without_query;

/// How long a listing may take.
const LISTING: Duration = Duration::from_secs(300);
/// An object that a writer finds present is written again when it is older than this, so that
/// the collector, which leaves two days to everything, does not take it for unused.
const TOUCH_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// How often the breaker looks at the clock while somebody waits.
const TICK: Duration = Duration::from_millis(100);
/// How often a put is tried where another one of the same name is under way.
const CONFLICTS: u32 = 3;

/// Where the remote tier is and how long it is waited for.
#[derive(Debug, Clone)]
pub struct RemoteConfig {
    /// `s3://`, `gs://`, `az://`, `file://`, or `https://`, which can only be read.
    pub url: String,
    /// Whether it is read, written, both or neither.
    pub mode: Mode,
    /// The time that one request may take, its retries included.
    pub timeout: Duration,
    /// The time that a process may wait in all before it asks whether that is worth it.
    pub patience: Duration,
    /// How many requests are under way at once.
    pub concurrency: usize,
}

impl RemoteConfig {
    /// A tier with the usual limits: 2 s a request, 5 s in all, 16 requests at once.
    pub fn new(url: impl Into<String>, mode: Mode) -> Self {
        RemoteConfig {
            url: url.into(),
            mode,
            timeout: Duration::from_secs(2),
            patience: Duration::from_secs(5),
            concurrency: 16,
        }
    }
}

/// The remote tier.
#[derive(Debug)]
pub struct Remote {
    config: RemoteConfig,
    client: OnceLock<Result<Arc<Client>, Problem>>,
    runtime: OnceLock<Option<Runtime>>,
    /// Writes that are under way.
    queue: Mutex<Vec<tokio::task::JoinHandle<()>>>,
}

/// What asking for an entry gave.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Its bytes, unchecked.
    Found(Vec<u8>),
    /// It is not there.
    Missing,
    /// The store failed.
    Failed(ProblemKind, String),
    /// The store was not asked: its breaker is open.
    Skipped,
}

/// What writing an entry gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// It is there now.
    Stored,
    /// It was there.
    Present,
    /// The store failed.
    Failed(ProblemKind, String),
    /// The store was not asked: its breaker is open.
    Skipped,
}

/// An object of the tier as a listing gives it.
#[derive(Debug, Clone)]
pub struct RemoteListed {
    /// Which entry; none where it has another name.
    pub entry: Option<Entry>,
    /// Its path below the tier's prefix.
    pub path: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it was written, by the store's clock.
    pub modified: SystemTime,
}

/// What requests share.
#[derive(Debug)]
pub(crate) struct Client {
    opened: Opened,
    timeout: Duration,
    reads: Breaker,
    writes: Breaker,
    puts: Semaphore,
}

impl Remote {
    /// A tier; nothing is opened yet.
    pub fn new(config: RemoteConfig) -> Self {
        Remote {
            config,
            client: OnceLock::new(),
            runtime: OnceLock::new(),
            queue: Mutex::default(),
        }
    }

    /// How it is used.
    pub fn mode(&self) -> Mode {
        self.config.mode
    }

    /// Its URL as it may be shown.
    pub fn shown(&self) -> &str {
        without_query(&self.config.url)
    }

    /// How many requests are under way at once.
    pub(crate) fn concurrency(&self) -> usize {
        self.config.concurrency.max(1)
    }

    /// What requests share, opened when it is first needed.
    ///
    /// # Errors
    ///
    /// [`ProblemKind::Misconfigured`].
    pub(crate) fn client(&self) -> Result<Arc<Client>, Problem> {
        let client = self.client.get_or_init(|| {
            let RemoteConfig { url, mode, timeout, patience, .. } = &self.config;
            let opened = open(url, *timeout, mode.writes())?;
            Ok(Arc::new(Client {
                opened,
                timeout: *timeout,
                reads: Breaker::new(*patience),
                writes: Breaker::new(*patience),
                puts: Semaphore::new(self.concurrency()),
            }))
        });
        client.clone()
    }

    /// What became of it: why it is left out, where it is, and what that cost.
    pub(crate) fn state(&self) -> Vec<Problem> {
        let Some(client) = self.client.get() else { return Vec::new() };
        let client = match client {
            Ok(client) => client,
            Err(problem) => return vec![problem.clone()],
        };
        let mut problems = Vec::new();
        for (breaker, what) in [(&client.reads, "is left out"), (&client.writes, "takes nothing")] {
            if let Some((kind, why)) = breaker.why() {
                let waited = breaker.waited().as_secs_f64();
                let url = self.shown();
                let message =
                    format!("{url} {what} from here on: {why}; {waited:.1} s were spent on it");
                problems.push(Problem::new(kind, TierName::Remote, message));
            }
        }
        problems
    }

    /// Whether anything was started for it.
    #[cfg(test)]
    pub(crate) fn is_open(&self) -> bool {
        self.client.get().is_some() || self.runtime.get().is_some()
    }

    /// Whether requests would be answered at all.
    pub(crate) fn is_alive(&self) -> bool {
        self.client().is_ok_and(|client| !client.reads.is_open())
    }

    /// Whether entries can be put. Where it cannot be opened, [`state`](Self::state) says so.
    pub(crate) fn takes_entries(&self) -> bool {
        self.client().is_ok_and(|client| !client.is_read_only())
    }

    /// Does all of this on the tier's own threads, a bounded number at once, and waits for it.
    /// Callers may be on threads of another runtime.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        jobs: Vec<impl Future<Output = T> + Send + 'static>,
    ) -> Vec<T> {
        let (Ok(client), Some(runtime)) = (self.client(), self.runtime()) else {
            return Vec::new();
        };
        if jobs.is_empty() {
            return Vec::new();
        }
        let concurrency = self.concurrency();
        let (send, receive) = std::sync::mpsc::sync_channel(1);
        let ticking = Arc::clone(&client);
        runtime.spawn(async move {
            let mut work = futures::stream::iter(jobs).buffer_unordered(concurrency);
            let mut done = Vec::new();
            let mut tick = tokio::time::interval(TICK);
            loop {
                tokio::select! {
                    next = work.next() => match next {
                        Some(one) => done.push(one),
                        None => break,
                    },
                    _ = tick.tick() => ticking.reads.look(),
                }
            }
            let _ = send.send(done);
        });
        let _waiting = client.reads.wait();
        receive.recv().unwrap_or_default()
    }

    /// As [`run`](Self::run), of one piece of work.
    pub(crate) fn run_one<T: Send + 'static>(
        &self,
        job: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        self.run(vec![job]).pop()
    }

    /// Writes these entries in order, in the background, as long as each succeeds. `told` hears
    /// of each.
    pub(crate) fn enqueue(
        &self,
        entries: Vec<(Entry, Vec<u8>)>,
        told: impl Fn(&Entry, Put) + Send + 'static,
    ) {
        let (Ok(client), Some(runtime)) = (self.client(), self.runtime()) else { return };
        let task = runtime.spawn(async move {
            let Ok(_permit) = client.puts.acquire().await else { return };
            for (entry, bytes) in entries {
                let put = client.put(&entry, bytes).await;
                let goes_on = matches!(put, Put::Stored | Put::Present);
                told(&entry, put);
                if !goes_on {
                    break;
                }
            }
        });
        self.queue().push(task);
    }

    /// Waits until everything that was enqueued is written or given up.
    pub(crate) fn flush(&self) {
        let tasks = std::mem::take(&mut *self.queue());
        let (Some(Ok(client)), false) = (self.client.get(), tasks.is_empty()) else { return };
        let Some(runtime) = self.runtime() else { return };
        let (send, receive) = std::sync::mpsc::sync_channel(1);
        let ticking = Arc::clone(client);
        runtime.spawn(async move {
            let mut tick = tokio::time::interval(TICK);
            let mut all = futures::future::join_all(tasks);
            loop {
                tokio::select! {
                    _ = &mut all => break,
                    _ = tick.tick() => ticking.writes.look(),
                }
            }
            let _ = send.send(());
        });
        let _waiting = client.writes.wait();
        let _ = receive.recv();
    }

    fn runtime(&self) -> Option<&Runtime> {
        let build = || {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(2).thread_name("planc-cache").enable_all().build().ok()
        };
        self.runtime.get_or_init(build).as_ref()
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Vec<tokio::task::JoinHandle<()>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // A plain drop waits, and panics where the caller is on a runtime itself.
        if let Some(Some(runtime)) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Client {
    /// Whether the store takes entries at all.
    pub(crate) fn is_read_only(&self) -> bool {
        self.opened.read_only
    }

    /// What the environment says about credentials, where the store needs some: whether there
    /// are any, and words.
    pub(crate) fn credentials(&self) -> Option<(bool, String)> {
        let found = || "the environment holds some".to_owned();
        let hint = &self.opened.hint;
        self.opened.cloud.then(|| (hint.is_none(), hint.clone().unwrap_or_else(found)))
    }

    /// The bytes of an entry, unchecked.
    pub(crate) async fn get(&self, entry: &Entry) -> Answer {
        self.get_path(&entry.path()).await
    }

    pub(crate) async fn get_path(&self, path: &str) -> Answer {
        let path = self.path(path);
        let read = async { self.opened.store.get(&path).await?.bytes().await };
        match self.bounded(&self.reads, self.timeout, read).await {
            Ok(bytes) => Answer::Found(bytes.to_vec()),
            Err(Failure::Missing) => Answer::Missing,
            Err(Failure::Of(kind, why)) => Answer::Failed(kind, why),
            Err(Failure::Skipped) => Answer::Skipped,
            Err(Failure::Present { .. }) => {
                Answer::Failed(ProblemKind::Unavailable, "409 for a read".to_owned())
            }
        }
    }

    /// Writes an entry unless there is one of its name. An artifact that is old is written
    /// again, which changes nothing but its age.
    pub(crate) async fn put(&self, entry: &Entry, bytes: Vec<u8>) -> Put {
        if self.reads.is_open() {
            return Put::Skipped;
        }
        for _ in 0..CONFLICTS {
            let failure = match self.create(&entry.path(), bytes.clone()).await {
                Ok(()) => return Put::Stored,
                Err(failure) => failure,
            };
            match failure {
                Failure::Present { conflict: false } => {
                    if entry.is_object() && self.is_old(&entry.path()).await {
                        let _ = self.overwrite(&entry.path(), bytes).await;
                    }
                    return Put::Present;
                }
                Failure::Present { conflict: true } => tokio::time::sleep(TICK).await,
                Failure::Of(kind, why) => return Put::Failed(kind, why),
                Failure::Missing => {
                    return Put::Failed(ProblemKind::Misconfigured, "404 for a write".to_owned());
                }
                Failure::Skipped => return Put::Skipped,
            }
        }
        let why = "409 Conflict, again and again".to_owned();
        self.writes.failed(ProblemKind::Unavailable, &why);
        Put::Failed(ProblemKind::Unavailable, why)
    }

    pub(crate) async fn create(&self, path: &str, bytes: Vec<u8>) -> Result<(), Failure> {
        let path = self.path(path);
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let put = async { self.opened.store.put_opts(&path, bytes.into(), options).await };
        self.bounded(&self.writes, self.timeout, put).await.map(drop)
    }

    pub(crate) async fn overwrite(&self, path: &str, bytes: Vec<u8>) -> Result<(), Failure> {
        let path = self.path(path);
        let put = async { self.opened.store.put(&path, bytes.into()).await };
        self.bounded(&self.writes, self.timeout, put).await.map(drop)
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<(), Failure> {
        let path = self.path(path);
        let delete = async { self.opened.store.delete(&path).await };
        self.bounded(&self.writes, self.timeout, delete).await
    }

    /// When an object was written, by the store's clock.
    pub(crate) async fn modified(&self, path: &str) -> Result<SystemTime, Failure> {
        let path = self.path(path);
        let head = async { self.opened.store.head(&path).await };
        let meta = self.bounded(&self.reads, self.timeout, head).await?;
        Ok(meta.last_modified.into())
    }

    /// All objects under the tier's prefix.
    pub(crate) async fn list(&self) -> Result<Vec<RemoteListed>, Failure> {
        let listing = async {
            let prefix = Some(&self.opened.prefix).filter(|prefix| !prefix.as_ref().is_empty());
            let mut listed = Vec::new();
            let mut stream = self.opened.store.list(prefix);
            while let Some(meta) = stream.next().await {
                let meta = meta?;
                let below = meta.location.prefix_match(&self.opened.prefix);
                let Some(parts) = below else { continue };
                let parts: Vec<String> = parts.map(|part| part.as_ref().to_owned()).collect();
                let path = parts.join("/");
                listed.push(RemoteListed {
                    entry: Entry::parse(&path),
                    path,
                    bytes: meta.size,
                    modified: meta.last_modified.into(),
                });
            }
            listed.sort_by(|a, b| a.path.cmp(&b.path));
            Ok(listed)
        };
        self.bounded(&self.reads, LISTING, listing).await
    }

    /// Puts bytes that are not what their name says out of the way.
    pub(crate) async fn quarantine(&self, entry: &Entry, bytes: Vec<u8>) {
        let kept = format!("{}/{}", crate::local::QUARANTINE, entry.path().replace('/', "_"));
        if self.overwrite(&kept, bytes).await.is_ok() {
            let _ = self.delete(&entry.path()).await;
        }
    }

    async fn is_old(&self, path: &str) -> bool {
        let modified = self.modified(path).await.ok();
        let age = modified.and_then(|modified| SystemTime::now().duration_since(modified).ok());
        age.is_some_and(|age| age > TOUCH_AFTER)
    }

    fn path(&self, path: &str) -> Path {
        path.split('/').fold(self.opened.prefix.clone(), |path, part| path.join(part))
    }

    /// One request under its timeout and its breaker.
    async fn bounded<T>(
        &self,
        breaker: &Breaker,
        timeout: Duration,
        work: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T, Failure> {
        if breaker.is_open() {
            return Err(Failure::Skipped);
        }
        let result = tokio::select! {
            result = tokio::time::timeout(timeout, work) => result,
            () = breaker.opened() => return Err(Failure::Skipped),
        };
        let error = match result {
            Ok(Ok(done)) => {
                self.answered(breaker);
                return Ok(done);
            }
            Ok(Err(error)) => error,
            Err(_) => {
                let why = format!("no answer within {} ms", timeout.as_millis());
                return Err(self.failure(breaker, ProblemKind::TimedOut, why));
            }
        };
        if matches!(
            error,
            object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }
        ) {
            self.answered(breaker);
            return Err(Failure::Present { conflict: classify::is_conflict(&error) });
        }
        match classify::classify(&error) {
            None => {
                self.answered(breaker);
                Err(Failure::Missing)
            }
            Some(kind) => Err(self.failure(breaker, kind, message(&error))),
        }
    }

    fn answered(&self, breaker: &Breaker) {
        breaker.answered();
        for other in [&self.reads, &self.writes] {
            if !std::ptr::eq(breaker, other) {
                other.answered_elsewhere();
            }
        }
    }

    fn failure(&self, breaker: &Breaker, kind: ProblemKind, why: String) -> Failure {
        let (kind, why) = match &self.opened.hint {
            // Without credentials the cloud's metadata service is asked, and mostly is not there.
            Some(hint) if matches!(kind, ProblemKind::TimedOut | ProblemKind::Unavailable) => {
                (ProblemKind::Misconfigured, format!("{hint} ({why})"))
            }
            _ => (kind, why),
        };
        breaker.failed(kind, &why);
        Failure::Of(kind, why)
    }
}

/// Why a request gave nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The object is not there.
    Missing,
    /// The object is there already; or another put is under way (409).
    Present { conflict: bool },
    /// The store failed.
    Of(ProblemKind, String),
    /// The store was not asked.
    Skipped,
}
