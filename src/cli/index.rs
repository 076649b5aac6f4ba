//! `planc index`: what the files of a Delta source hold, so that runs read fewer of them.

use clap::Args;
use planc_backend::index::{Indexed, build};
use planc_backend::{Limits, Session, SourceSpec};
use planc_ir::{Diagnostic, code};

use super::console::Console;
use super::{Exit, Global, load_project};
use crate::driver::{INDEXES, block_on};
use crate::project::Project;

#[derive(Args)]
pub(crate) struct IndexArgs {
    /// The source
    #[arg(value_name = "SOURCE")]
    source: String,
    /// The columns that files are chosen by [default: those of the index that is there]
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    columns: Vec<String>,
}

pub(crate) fn run(global: &Global, args: &IndexArgs, console: &Console) -> Exit {
    let project = match load_project(global) {
        Ok(project) => project,
        Err(report) => return console.fail(&[report]),
    };
    let sources = project.sources();
    let Some(config) = sources.get(args.source.as_str()) else {
        let names = sources.keys().copied();
        let help = planc_ir::suggest::did_you_mean(&args.source, names);
        return console.usage(format_args!("there is no source `{}`", args.source), help);
    };
    let spec = match project.source_spec(&args.source, config) {
        Ok(spec) => spec,
        Err(error) => return console.fail(&[project.report(vec![error])]),
    };
    let spinner = console.spinner(format!("reading {}", args.source));
    let indexed = indexed(&project, args, &spec);
    spinner.finish_and_clear();
    match indexed {
        Ok(Indexed { version, files, read, columns }) => {
            let columns = match columns.as_slice() {
                [] => "no columns".to_owned(),
                columns => columns.join(", "),
            };
            console.note(format_args!(
                "{}: {files} files of version {version} by {columns}; {read} read",
                args.source
            ));
            Exit::Clean
        }
        Err(error) => {
            console.notes(&[project.report(vec![error])]);
            Exit::Findings
        }
    }
}

fn indexed(project: &Project, args: &IndexArgs, spec: &SourceSpec) -> Result<Indexed, Diagnostic> {
    let SourceSpec::Delta { url, .. } = spec else {
        let message = format!("source `{}` is no Delta table, and has no index", args.source);
        return Err(Diagnostic::new(code::CONFIG, message));
    };
    let folder = project.home.join(INDEXES);
    block_on(async {
        let session = Session::new(&project.settings(), &Limits::default())?;
        build(&session, &args.source, url, &args.columns, &folder).await
    })
}
