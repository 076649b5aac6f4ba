//! `planc cache keygen`.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use planc_artifacts::Signer;

use super::{Console, Exit, Global, load_project};
use crate::project::cache::is_within;

#[derive(Args)]
pub(crate) struct KeygenArgs {
    /// The file for the private key; it must not be there, and not lie in the project
    file: PathBuf,
}

pub(crate) fn run(global: &Global, args: &KeygenArgs, console: &Console) -> Exit {
    if let Ok(project) = load_project(global)
        && is_within(&args.file, &project.home)
    {
        let help = "put it beside the project, or into the secrets of your CI system".to_owned();
        return console.usage("a private key does not belong into the project", Some(help));
    }
    match make(&args.file) {
        Ok(signer) => {
            console.say(signer.public());
            console.note(format_args!(
                "the private key is in `{}`: give it to protected CI jobs as PLANC_SIGNING_KEY, and \
                 write the line above into `keys` under [cache] in planc.toml",
                args.file.display()
            ));
            Exit::Clean
        }
        Err(error) => {
            let path = args.file.display();
            console.usage(format_args!("no key was made: `{path}`: {error}"), None)
        }
    }
}

fn make(path: &Path) -> io::Result<Signer> {
    let mut seed = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut seed)?;
    let signer = Signer::from_seed(seed);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    writeln!(options.open(path)?, "{}", signer.to_secret_text())?;
    Ok(signer)
}
