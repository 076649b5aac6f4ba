//! Keeps deep input from overflowing the stack, and faults of libraries from ending planc.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use planc_ir::{Diagnostic, code};

/// What must be free before a deep walk begins, and what it is given otherwise. The pages are
/// only touched where they are used.
const RED_ZONE: usize = 8 << 20;
const STACK: usize = 64 << 20;

/// Runs `walk` with room for deep recursion.
pub(crate) fn deep<T>(walk: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(RED_ZONE, STACK, walk)
}

/// Runs `work` with room for deep recursion; a panic in it becomes a diagnostic.
pub(crate) fn protected<T>(work: impl FnOnce() -> T) -> Result<T, Diagnostic> {
    deep(|| catch_unwind(AssertUnwindSafe(work))).map_err(|payload| fault(payload.as_ref()))
}

fn fault(payload: &(dyn Any + Send)) -> Diagnostic {
    let words = payload
        .downcast_ref::<&str>()
        .map(|words| (*words).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    Diagnostic::new(code::INTERNAL, format!("planning the rule failed inside planc: {words}"))
        .help("please report it together with the rule")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_diagnostic() {
        let fault = protected(|| -> u8 { panic!("index {} is out of range", 7) }).unwrap_err();
        assert_eq!(fault.code, code::INTERNAL);
        assert!(fault.message.ends_with("index 7 is out of range"), "{}", fault.message);
    }
}
