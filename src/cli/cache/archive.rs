//! `planc cache export` and `planc cache import`.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::PathBuf;

use clap::Args;
use planc_artifacts::{Carried, is_shared};

use super::{CacheMode, Console, Exit, Global, bytes, with_needed, with_store};

#[derive(Args)]
pub(crate) struct ExportArgs {
    /// The file, a tar in zstd
    file: PathBuf,
    /// Everything in the local tier, not only what the project needs
    #[arg(long)]
    all: bool,
}

#[derive(Args)]
pub(crate) struct ImportArgs {
    /// The file that `export` wrote
    file: PathBuf,
    /// A file that is not there is no error: a first build has none
    #[arg(long)]
    if_present: bool,
}

pub(crate) fn export(global: &Global, args: &ExportArgs, console: &Console) -> Exit {
    let write = |store: &planc_artifacts::Store, mut entries: std::collections::BTreeSet<_>| {
        // What is a machine's own says nothing to others.
        entries.retain(is_shared);
        let folder = args.file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let written = folder
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| tempfile::NamedTempFile::new_in(folder.unwrap_or(".".as_ref())))
            .and_then(|file| {
                let carried =
                    planc_artifacts::export(store, &entries, BufWriter::new(file.as_file()))?;
                file.persist(&args.file)?;
                Ok(carried)
            });
        match written {
            Ok(Carried { entries, bytes: size, refused, .. }) => {
                let size = bytes(size);
                console.say(format_args!(
                    "{}: {entries} entries ({size} unpacked), {refused} left out",
                    args.file.display()
                ));
                Exit::Clean
            }
            Err(error) => {
                let path = args.file.display();
                console.usage(format_args!("`{path}` cannot be written: {error}"), None)
            }
        }
    };
    if args.all {
        return with_store(global, console, |store| match store.local().list() {
            Ok(listed) => write(store, listed.into_iter().map(|listed| listed.entry).collect()),
            Err(error) => console.usage(error, None),
        });
    }
    let mode = global.cache.unwrap_or(CacheMode::ReadWrite);
    with_needed(global, mode, console, |needed| write(needed.store, needed.entries.clone()))
}

pub(crate) fn import(global: &Global, args: &ImportArgs, console: &Console) -> Exit {
    let path = args.file.display();
    let file = match File::open(&args.file) {
        Ok(file) => file,
        Err(error) if args.if_present && error.kind() == std::io::ErrorKind::NotFound => {
            console.note(format_args!("there is no `{path}` yet"));
            return Exit::Clean;
        }
        Err(error) => {
            return console.usage(format_args!("`{path}` cannot be read: {error}"), None);
        }
    };
    with_store(global, console, |store| {
        match planc_artifacts::import(store, BufReader::new(file)) {
            Ok(Carried { entries, bytes: size, present, refused }) => {
                let size = bytes(size);
                console.say(format_args!(
                    "{path}: {entries} entries ({size}) are new, {present} were here, {refused} \
                     were not believed"
                ));
                Exit::Clean
            }
            Err(error) => console.usage(format_args!("`{path}` is no archive: {error}"), None),
        }
    })
}
