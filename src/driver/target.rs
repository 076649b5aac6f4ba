//! Where the rows of a run go, and their way there.

use std::path::PathBuf;

use planc_backend::preview::preview;
use planc_backend::sink::delta::{self, Provenance, WriteOptions};
use planc_backend::sink::{self, Format};
use planc_backend::{Replay, Session};
use planc_ir::Diagnostic;

use super::run::Rows;

/// Where the rows of a run go.
pub(super) enum Target {
    Preview(usize),
    Stdout(Format),
    File(Format, PathBuf),
    /// A rule's output that is a file.
    Output(Format, PathBuf, Provenance),
    Delta(String, Box<WriteOptions>),
}

pub(super) async fn write(
    session: Session,
    replay: Replay,
    target: Target,
) -> Result<Rows, Diagnostic> {
    match target {
        Target::Preview(rows) => Ok(Rows::Preview(preview(replay.stream()?, rows).await?)),
        Target::Stdout(format) => {
            let out = std::io::BufWriter::new(std::io::stdout());
            match sink::write_to(replay.stream()?, format, out).await {
                // Nobody reads any more: `planc run … | head` has what it wants.
                Err(error) if error.message.contains("Broken pipe") => Ok(Rows::Streamed),
                written => written.map(|_| Rows::Streamed),
            }
        }
        Target::File(format, path) => {
            let written = sink::write_file(replay.stream()?, format, &path).await?;
            let location = path.display().to_string();
            Ok(Rows::Written { location, rows: written.rows, version: None })
        }
        Target::Output(format, path, provenance) => {
            let written = sink::write_output(replay.stream()?, format, &path, &provenance).await?;
            let location = path.display().to_string();
            Ok(Rows::Written { location, rows: written.rows, version: None })
        }
        Target::Delta(location, options) => {
            let written = delta::write_rows(&session, &replay, &location, &options).await?;
            let version = written.version;
            Ok(match written.unchanged {
                true => Rows::Unchanged { location, version },
                false => Rows::Written { location, rows: written.rows, version: Some(version) },
            })
        }
    }
}
