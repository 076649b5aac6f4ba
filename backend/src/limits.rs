//! What a run may use, and how it ends when it would use more.

use std::future::Future;
use std::time::Duration;

use planc_ir::Diagnostic;
use planc_ir::code::{INTERRUPTED, TIMEOUT};

/// What a run may use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that sorts, joins and aggregates may hold before they spill to disk. Operators
    /// that cannot spill fail with P0707. `None`: no limit.
    pub memory: Option<usize>,
    /// Threads that work at once, at least one. `None`: as many as the machine has cores.
    pub threads: Option<usize>,
    /// Rows in a batch. `None`: DataFusion's default, 8192, or fewer under a small memory limit.
    pub batch_rows: Option<usize>,
    /// Wall-clock time for one run; see [`within`].
    pub timeout: Option<Duration>,
}

/// Does the work, but no longer than the timeout (P0706) and not past the interruption
/// (P0708). Whichever comes first drops `work`, and with it the scan, the staged output
/// file and everything else that it holds.
pub async fn within<T>(
    limits: &Limits,
    interruption: impl Future<Output = ()>,
    work: impl Future<Output = Result<T, Diagnostic>>,
) -> Result<T, Diagnostic> {
    let deadline = async {
        match limits.timeout {
            Some(timeout) => tokio::time::sleep(timeout).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = interruption => Err(Diagnostic::new(INTERRUPTED, "the run was interrupted")),
        () = deadline => {
            let seconds = limits.timeout.unwrap_or_default().as_secs_f64();
            let message = format!("the run took longer than its limit of {seconds} s");
            Err(Diagnostic::new(TIMEOUT, message).help("raise --timeout"))
        }
        result = work => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_end_wins() {
        let limits = Limits { timeout: Some(Duration::from_millis(20)), ..Limits::default() };
        let never = std::future::pending::<()>;
        let slow = async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(())
        };
        assert_eq!(within(&limits, never(), slow).await.unwrap_err().code, TIMEOUT);
        let done = within(&limits, never(), async { Ok(7) }).await;
        assert_eq!(done.unwrap(), 7);
        let stopped = within(&limits, async {}, std::future::pending::<Result<(), _>>()).await;
        assert_eq!(stopped.unwrap_err().code, INTERRUPTED);
    }
}
