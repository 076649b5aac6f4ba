//! `planc migrate`: the artifacts of the local cache in this planc's format.

use clap::Args;
use planc_artifacts::{Lookup, Store};
use planc_ir::{Digest, substrait};

use super::console::Console;
use super::{Exit, Global, with_compiler};

#[derive(Args)]
pub(crate) struct MigrateArgs {
    /// Only list what would move
    #[arg(long)]
    dry_run: bool,
}

/// What became of an artifact.
#[derive(Debug, PartialEq, Eq)]
enum Moved {
    /// It is in this format already.
    Stays,
    /// Its bytes are others now, and so is its digest.
    To(Digest),
    /// It cannot be read: the code and the reason.
    Not(String),
}

pub(crate) fn run(global: &Global, args: &MigrateArgs, console: &Console) -> Exit {
    with_compiler(global, console, |_, compiler| {
        let Some(store) = compiler.store() else {
            return console.usage("the cache is off: there is nothing to migrate", None);
        };
        let digests = match store.local().digests() {
            Ok(digests) => digests,
            Err(why) => return console.usage(why, None),
        };
        let (mut stay, mut moved, mut failed) = (0, 0, 0);
        for digest in digests {
            match one(store, &digest, compiler.state(), args.dry_run) {
                Moved::Stays => stay += 1,
                Moved::To(new) => {
                    moved += 1;
                    console.say(format_args!(
                        "{digest} -> {new}: written in format {}",
                        substrait::FORMAT
                    ));
                }
                Moved::Not(why) => {
                    failed += 1;
                    console.say(format_args!("{digest} stays: {why}"));
                }
            }
        }
        let format = substrait::FORMAT;
        console.say(format_args!(
            "{stay} artifacts are in format {format}, {moved} moved, {failed} cannot be read"
        ));
        if failed > 0 { Exit::Findings } else { Exit::Clean }
    })
}

/// Reads an artifact of any format that this planc knows, and writes it in its own. The old
/// one stays where it is: something may still name it.
fn one(
    store: &Store,
    digest: &Digest,
    state: &datafusion::execution::SessionState,
    dry_run: bool,
) -> Moved {
    let bytes = match store.artifact(digest) {
        Lookup::Hit(bytes) => bytes,
        Lookup::Broken(why) => return Moved::Not(why),
        Lookup::Miss => return Moved::Not("it is gone".to_owned()),
    };
    let written = substrait::decode(&bytes, state).and_then(|plan| substrait::encode(&plan));
    let written = match written {
        Ok(written) => written.bytes,
        Err(why) => return Moved::Not(format!("{}: {}", why.code.id, why.message)),
    };
    if written == bytes {
        return Moved::Stays;
    }
    if dry_run {
        return Moved::To(Digest::of(&written));
    }
    match store.put_artifact(&written) {
        Ok(new) => Moved::To(new),
        Err(why) => Moved::Not(why.to_string()),
    }
}
