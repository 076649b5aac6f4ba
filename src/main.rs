//! The command line of planc.

use std::process::ExitCode;

fn main() -> ExitCode {
    planc::cli::main()
}
