//! Why a plan is refused, and where in it.

use std::fmt::Display;

use datafusion::common::DataFusionError;
use planc_ir::{Code, Diagnostic, code};

/// A reason to refuse a plan. The place is kept by the walk that found it.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) code: Code,
    message: String,
    help: Option<String>,
}

pub(super) type Result<T> = std::result::Result<T, Fault>;

impl Fault {
    pub(super) fn new(code: Code, message: impl Display) -> Self {
        Fault { code, message: message.to_string(), help: None }
    }

    pub(super) fn help(mut self, help: impl Display) -> Self {
        self.help = Some(help.to_string());
        self
    }

    /// The diagnostic, with the place in the plan in its message.
    pub(super) fn at(self, path: &Path) -> Diagnostic {
        let message = match path.0.is_empty() {
            true => self.message,
            false => format!("at {}: {}", path.0.join("/"), self.message),
        };
        Diagnostic::new(self.code, message).help_opt(self.help)
    }
}

impl From<DataFusionError> for Fault {
    fn from(error: DataFusionError) -> Self {
        Fault::new(code::REFUSED, error.strip_backtrace())
    }
}

/// The plan breaks a rule of Substrait.
pub(super) fn invalid(why: impl Display) -> Fault {
    Fault::new(code::INVALID_PLAN, why)
}

/// The plan says something that planc has no plan with the same rows for.
pub(super) fn unsupported(what: impl Display) -> Fault {
    Fault::new(code::PLAN_UNSUPPORTED, what)
}

/// The way to something in a plan: `root`, `project`, `expressions[2]`.
#[derive(Debug, Default)]
pub(super) struct Path(Vec<String>);

impl Path {
    pub(super) fn enter(&mut self, step: impl Into<String>) {
        self.0.push(step.into());
    }

    pub(super) fn leave(&mut self) {
        self.0.pop();
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}
