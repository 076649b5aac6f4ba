//! Two machines that share a folder as their remote tier, and those who would deceive them.

use std::collections::BTreeMap;
use std::fs;

use planc_ir::Digest;
use tempfile::TempDir;

use super::*;
use crate::{Action, Signer};

/// A shared folder, and the keys of the project.
struct World {
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        World { folder: tempfile::tempdir().unwrap() }
    }

    fn remote(&self) -> PathBuf {
        self.folder.path().join("remote")
    }

    fn config(&self, machine: &str) -> StoreConfig {
        let url = format!("file://{}", self.remote().display());
        StoreConfig {
            local: self.folder.path().join(machine),
            local_mode: Mode::ReadWrite,
            remote: Some(RemoteConfig::new(url, Mode::ReadWrite)),
            zone: Zone::Trusted,
            trust: Trust::default(),
            builder: machine.to_owned(),
        }
    }

    fn store(&self, machine: &str) -> Store {
        Store::new(self.config(machine))
    }

    /// One that believes signed records only, and signs with the key of this number.
    fn strict(&self, machine: &str, seed: Option<u8>) -> Store {
        let known = Signer::from_seed([1; 32]).public();
        let signer = seed.map(|seed| Signer::from_seed([seed; 32]));
        let trust = Trust { keys: vec![("main".to_owned(), known)], require_signed: true, signer };
        Store::new(StoreConfig { trust, ..self.config(machine) })
    }
}

fn key(source: &str) -> ResultKey {
    let action = Action {
        source: source.as_bytes(),
        front_end: "sql",
        dialect: "datafusion",
        time_zone: "UTC",
        parameters: &BTreeMap::new(),
        versions: &["1"],
    };
    action.key().result(&BTreeMap::new())
}

fn result(plan: &[u8]) -> ResultRecord {
    ResultRecord {
        digest: Some(Digest::of(plan)),
        diagnostics: vec![],
        output: vec![],
        lookups: BTreeMap::from([("t".to_owned(), None)]),
        constraints: vec![],
        portable: true,
        micros: 1_500,
    }
}

fn put(store: &Store, source: &str, plan: &[u8]) {
    store.put_result(&key(source), &result(plan), Some(plan));
    store.finish();
}

fn entry(source: &str, zone: Zone) -> Entry {
    Entry::Record { kind: RecordKind::Result, zone, key: key(source).digest() }
}

fn kinds(store: &Store) -> Vec<ProblemKind> {
    store.problems().into_iter().map(|problem| problem.kind).collect()
}

#[test]
fn what_one_machine_compiled_the_other_finds_and_keeps() {
    let world = World::new();
    put(&world.store("a"), "q", b"plan");
    let second = world.store("b");
    second.prefetch(RecordKind::Result, [key("q").digest(), key("other").digest()]);
    assert_eq!(second.result(&key("q")), Some(result(b"plan")));
    assert_eq!(second.result(&key("other")), None);
    let counts = second.counts();
    assert_eq!((counts.local.hits, counts.remote.hits, counts.saved_micros), (0, 1, 1_500));
    assert_eq!(counts.remote.misses, BTreeMap::from([("missing".to_owned(), 1)]));
    fs::remove_dir_all(world.remote()).unwrap();
    let again = world.store("b");
    assert_eq!(again.result(&key("q")), Some(result(b"plan")), "it is in the local tier now");
    assert_eq!(again.counts().local.hits, 1);
    assert!(kinds(&again).is_empty(), "the remote tier was not needed");
}

#[test]
fn a_remote_tier_that_is_only_read_fills_the_local_one() {
    let world = World::new();
    put(&world.store("a"), "q", b"plan");
    let mut config = world.config("b");
    config.remote = config.remote.map(|remote| RemoteConfig { mode: Mode::ReadOnly, ..remote });
    let reader = Store::new(config);
    assert_eq!(reader.artifact(&Digest::of(b"plan")), Lookup::Hit(b"plan".to_vec()));
    assert!(reader.result(&key("q")).is_some());
    assert!(reader.local().contains(&entry("q", Zone::Trusted)));
    put(&reader, "new", b"new plan");
    assert_eq!(world.store("c").result(&key("new")), None, "nothing went up");
}

#[test]
fn without_a_local_tier_the_remote_one_serves() {
    let world = World::new();
    put(&world.store("a"), "q", b"plan");
    for mode in [Mode::Off, Mode::ReadOnly] {
        let store = Store::new(StoreConfig { local_mode: mode, ..world.config("b") });
        assert_eq!(store.result(&key("q")), Some(result(b"plan")));
        assert!(!world.folder.path().join("b").exists(), "{mode:?}");
    }
}

#[test]
fn a_result_without_its_artifact_is_a_miss_and_can_be_put_again() {
    let world = World::new();
    let store = world.store("a");
    put(&store, "q", b"plan");
    let object = Entry::Object(Digest::of(b"plan"));
    fs::remove_file(store.local().path(&object)).unwrap();
    fs::remove_file(world.remote().join(object.path())).unwrap();
    let store = world.store("a");
    assert_eq!(store.result(&key("q")), None);
    put(&store, "q", b"plan");
    assert!(world.store("a").result(&key("q")).is_some());
}

#[test]
fn broken_bytes_are_put_away_in_both_tiers_and_mended() {
    let world = World::new();
    put(&world.store("a"), "q", b"plan");
    let object = Entry::Object(Digest::of(b"plan"));
    fs::write(world.remote().join(object.path()), b"plam").unwrap();
    let store = world.store("b");
    assert_eq!(store.result(&key("q")), None);
    assert_eq!(kinds(&store), [ProblemKind::Corrupt]);
    let kept = world.remote().join("quarantine").join(object.path().replace('/', "_"));
    assert_eq!(fs::read(kept).unwrap(), b"plam");
    put(&store, "q", b"plan");
    assert!(world.store("c").result(&key("q")).is_some(), "the next reader finds the right one");
    fs::write(world.store("c").local().path(&object), b"plam").unwrap();
    let store = world.store("c");
    assert!(store.result(&key("q")).is_some(), "the remote tier has what broke in the local one");
    assert_eq!(kinds(&store), [ProblemKind::Corrupt]);
    assert!(kinds(&world.store("c")).is_empty());
}

#[test]
fn a_pull_request_reaches_itself_and_not_main() {
    let world = World::new();
    let of_pull = |machine, number: &str| {
        let zone = Zone::Pull(number.to_owned());
        Store::new(StoreConfig { zone, ..world.config(machine) })
    };
    put(&world.store("a"), "main", b"main plan");
    put(&of_pull("b", "7"), "q", b"false plan");
    assert!(of_pull("c", "7").result(&key("q")).is_some());
    assert!(of_pull("c", "7").result(&key("main")).is_some(), "it reads what main made");
    assert_eq!(of_pull("d", "8").result(&key("q")), None);
    assert_eq!(world.store("b").result(&key("q")), None, "not even on the same machine");
}

#[test]
fn a_false_record_in_the_trusted_zone_is_refused_and_makes_room() {
    let world = World::new();
    // Somebody with write access and no key that counts.
    put(&world.store("thief"), "q", b"false plan");
    put(&world.store("thief 2"), "r", b"false plan");
    let main = world.strict("main", Some(1));
    assert_eq!(main.result(&key("q")), None);
    assert_eq!(kinds(&main), [ProblemKind::Unsigned]);
    put(&main, "q", b"plan");
    let found = world.strict("reader", None).result(&key("q"));
    assert_eq!(found, Some(result(b"plan")), "the right record took the place of the false one");
    let other = Trust { signer: Some(Signer::from_seed([2; 32])), ..Trust::default() };
    let thief = Store::new(StoreConfig { trust: other, ..world.config("thief 3") });
    put(&thief, "s", b"false plan");
    let main = world.strict("main", Some(1));
    assert_eq!((main.result(&key("r")), main.result(&key("s"))), (None, None));
    assert_eq!(kinds(&main), [ProblemKind::Unsigned, ProblemKind::UnknownSigner]);
}

#[test]
fn a_signed_record_is_worth_nothing_elsewhere() {
    let world = World::new();
    put(&world.strict("main", Some(1)), "q", b"plan");
    let signed = fs::read(world.remote().join(entry("q", Zone::Trusted).path())).unwrap();
    let place = |entry: &Entry| {
        let path = world.remote().join(entry.path());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &signed).unwrap();
    };
    place(&entry("victim", Zone::Trusted));
    let reader = world.strict("reader", None);
    assert_eq!(reader.result(&key("victim")), None);
    assert_eq!(kinds(&reader), [ProblemKind::OtherKey]);
    let zone = Zone::Pull("7".to_owned());
    place(&entry("victim 2", zone.clone()));
    place(&Entry::Record { kind: RecordKind::Result, zone: zone.clone(), key: key("q").digest() });
    fs::remove_file(world.remote().join(entry("q", Zone::Trusted).path())).unwrap();
    let of_pull = Store::new(StoreConfig { zone, ..world.config("pull") });
    assert_eq!(of_pull.result(&key("q")), None);
    assert_eq!(kinds(&of_pull), [ProblemKind::OtherZone]);
}

#[test]
fn without_a_key_nothing_unsigned_goes_into_the_trusted_zone() {
    let world = World::new();
    let keyless = world.strict("laptop", None);
    put(&keyless, "q", b"plan");
    assert_eq!(kinds(&keyless), [ProblemKind::Unsigned]);
    assert!(!keyless.local().contains(&entry("q", Zone::Trusted)));
    let own = Store::new(StoreConfig {
        zone: Zone::Own,
        trust: keyless.trust().as_ref().clone(),
        ..world.config("laptop")
    });
    put(&own, "q", b"plan");
    assert!(own.result(&key("q")).is_some());
    assert!(!world.remote().join("rc/own").exists(), "what is its own stays on the machine");
}

#[test]
fn a_store_that_cannot_be_opened_is_a_note() {
    let world = World::new();
    for url in ["ftp://x/y", "file:///proc/no/such", "s3://", "${NOWHERE}/x", "http://a.example/"] {
        let remote = Some(RemoteConfig::new(url, Mode::ReadWrite));
        let store = Store::new(StoreConfig { remote, ..world.config("a") });
        store.prefetch(RecordKind::Result, [key("q").digest()]);
        assert_eq!(store.result(&key("q")), None);
        put(&store, "q", b"plan");
        assert!(store.result(&key("q")).is_some(), "{url}");
        assert_eq!(kinds(&store), [ProblemKind::Misconfigured], "{url}");
        fs::remove_dir_all(world.folder.path().join("a")).unwrap();
    }
}

#[test]
fn what_is_a_machine_s_own_is_not_taken_from_others() {
    let world = World::new();
    let own = |machine| Store::new(StoreConfig { zone: Zone::Own, ..world.config(machine) });
    let thief = own("thief");
    put(&thief, "q", b"false plan");
    let entries = thief.local().list().unwrap().into_iter().map(|listed| listed.entry).collect();
    let mut archive = Vec::new();
    crate::export(&thief, &entries, &mut archive).unwrap();
    let victim = own("victim");
    let carried = crate::import(&victim, archive.as_slice()).unwrap();
    assert_eq!((carried.entries, carried.refused), (1, 1), "the artifact, and not the record");
    // Nor from the remote tier, where it should not be.
    let record = entry("q", Zone::Own);
    let path = world.remote().join(record.path());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::copy(thief.local().path(&record), path).unwrap();
    assert_eq!(victim.pull_all().unwrap().moved, 0);
    assert_eq!(victim.result(&key("q")), None);
}

#[test]
fn a_warm_local_tier_opens_no_remote_one() {
    let world = World::new();
    put(&world.store("a"), "q", b"plan");
    let store = world.store("a");
    store.prefetch(RecordKind::Result, [key("q").digest()]);
    assert!(store.result(&key("q")).is_some());
    store.finish();
    assert!(!store.remote().unwrap().is_open(), "neither a client nor a runtime");
}
