//! The circuit breaker: a dead or slow remote costs a bounded delay once.
//!
//! It opens, for the rest of the process,
//!
//! - at once where the store says that we may not, or that the settings are wrong;
//! - at the first timeout or failure where the store never answered, at the third in a row
//!   where it did;
//! - where the process has waited for longer than its patience and got few answers for it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::ProblemKind;

/// How many failures in a row a store that answered before may have.
const FAILURES: u32 = 3;
/// Fewer answers a second than this are not worth waiting for: compiling is faster.
const WORTHWHILE: f64 = 20.0;

#[derive(Debug)]
pub(crate) struct Breaker {
    patience: Duration,
    state: Mutex<State>,
    open: AtomicBool,
    opened: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    in_a_row: u32,
    answers: u64,
    waiters: u32,
    since: Option<Instant>,
    waited: Duration,
    why: Option<(ProblemKind, String)>,
}

/// While it lives, somebody waits for the store.
pub(crate) struct Waiting<'a>(&'a Breaker);

impl Breaker {
    pub(crate) fn new(patience: Duration) -> Self {
        let (opened, _) = watch::channel(false);
        Breaker { patience, state: Mutex::default(), open: AtomicBool::new(false), opened }
    }

    /// Whether the store is left out from here on.
    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    /// Why it opened.
    pub(crate) fn why(&self) -> Option<(ProblemKind, String)> {
        self.state().why.clone()
    }

    /// Ends when the breaker opens.
    pub(crate) async fn opened(&self) {
        let mut receiver = self.opened.subscribe();
        if receiver.wait_for(|open| *open).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// The time that callers waited, counted once where several wait at once.
    pub(crate) fn waited(&self) -> Duration {
        self.state().waited()
    }

    pub(crate) fn wait(&self) -> Waiting<'_> {
        let mut state = self.state();
        state.waiters += 1;
        state.since.get_or_insert_with(Instant::now);
        Waiting(self)
    }

    pub(crate) fn answered(&self) {
        let mut state = self.state();
        state.in_a_row = 0;
        state.answers += 1;
        drop(state);
        self.look();
    }

    /// An answer to a request that this breaker is not about: the store is worth waiting for.
    pub(crate) fn answered_elsewhere(&self) {
        self.state().answers += 1;
    }

    pub(crate) fn failed(&self, kind: ProblemKind, message: &str) {
        let mut state = self.state();
        state.in_a_row += 1;
        let settled = matches!(kind, ProblemKind::Forbidden | ProblemKind::Misconfigured);
        if settled || state.answers == 0 || state.in_a_row >= FAILURES {
            self.trip(&mut state, kind, message.to_owned());
        }
    }

    /// Opens where the waiting is not worth it.
    pub(crate) fn look(&self) {
        let mut state = self.state();
        let waited = state.waited();
        #[expect(clippy::cast_precision_loss, reason = "a rate needs no more digits")]
        let few = (state.answers as f64) < waited.as_secs_f64() * WORTHWHILE;
        if waited > self.patience && few {
            let answers = state.answers;
            let message = format!("only {answers} answers in {:.1} s", waited.as_secs_f64());
            self.trip(&mut state, ProblemKind::TimedOut, message);
        }
    }

    fn trip(&self, state: &mut State, kind: ProblemKind, message: String) {
        if state.why.is_none() {
            state.why = Some((kind, message));
            self.open.store(true, Ordering::Relaxed);
            let _ = self.opened.send_replace(true);
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl State {
    fn waited(&self) -> Duration {
        self.waited + self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.waiters = state.waiters.saturating_sub(1);
        if state.waiters == 0
            && let Some(since) = state.since.take()
        {
            state.waited += since.elapsed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_never_answered_gets_one_chance_and_others_three() {
        let dead = Breaker::new(Duration::from_secs(5));
        dead.failed(ProblemKind::TimedOut, "slow");
        assert!(dead.is_open());
        let flaky = Breaker::new(Duration::from_secs(5));
        flaky.answered();
        for _ in 0..2 {
            flaky.failed(ProblemKind::Unavailable, "500");
        }
        flaky.answered();
        for open in [false, false, true] {
            flaky.failed(ProblemKind::Unavailable, "500");
            assert_eq!(flaky.is_open(), open);
        }
        let refused = Breaker::new(Duration::from_secs(5));
        refused.answered();
        refused.failed(ProblemKind::Forbidden, "403");
        assert_eq!(refused.why(), Some((ProblemKind::Forbidden, "403".to_owned())));
    }

    #[test]
    fn patience_ends_where_answers_are_few() {
        let slow = Breaker::new(Duration::from_millis(150));
        let waiting = slow.wait();
        slow.answered();
        assert!(!slow.is_open());
        std::thread::sleep(Duration::from_millis(300));
        slow.answered();
        assert!(slow.is_open());
        drop(waiting);
        assert!(slow.waited() >= Duration::from_millis(300));
    }
}
