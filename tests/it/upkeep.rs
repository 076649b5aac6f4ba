//! `planc cache`: collection, archives, keys, statistics; and many processes at one store.

use std::process::{Child, Stdio};
use std::time::{Duration, SystemTime};

use planc_ir::Digest;

use crate::faults::set_times;
use crate::remote::{digests, machine, planned};
use crate::sandbox::Sandbox;

#[test]
fn the_collector_takes_what_no_rule_needs_any_more() {
    let shop = machine(4, "");
    shop.planc(&["compile"]).succeeded();
    std::fs::remove_file(shop.path().join("rules/r003.sql")).unwrap();
    shop.planc(&["cache", "gc"]).says(0, &["removed: 0 records, 0 artifacts"]);
    set_times(&shop, SystemTime::now() - Duration::from_secs(90 * 86_400));
    shop.planc(&["cache", "gc", "--dry-run"]).says(0, &["would go: 2 records, 1 artifacts"]);
    // Another project at the same store needs it.
    let other = machine(4, &format!("local = '{}'", shop.path().join(".planc/cache").display()));
    let folder = other.path().display().to_string();
    shop.planc(&["cache", "gc", "--keep", &folder]).says(0, &["removed: 0 records, 0 artifacts"]);
    set_times(&shop, SystemTime::now() - Duration::from_secs(90 * 86_400));
    shop.planc(&["cache", "gc"]).says(0, &["removed: 2 records, 1 artifacts", "9 entries"]);
    assert_eq!(planned(&shop.planc(&["compile", "--json"])), 0, "what is needed is there");
}

#[test]
fn the_collector_and_compiles_at_once_lose_nothing() {
    let shop = machine(40, "");
    let right = digests(&shop.planc(&["compile", "--json"]).succeeded());
    std::thread::scope(|scope| {
        let collecting = scope.spawn(|| {
            for _ in 0..6 {
                set_times(&shop, SystemTime::now() - Duration::from_secs(90 * 86_400));
                shop.planc(&["cache", "gc", "--max-age", "1d", "--max-size", "0B"]);
            }
        });
        while !collecting.is_finished() {
            let ran = shop.planc(&["compile", "--json"]).succeeded();
            assert_eq!(digests(&ran), right);
        }
    });
    assert_eq!(planned(&shop.planc(&["compile", "--json"])), 0);
    shop.planc(&["cache", "verify"]).says(0, &["0 records lack their artifact"]);
}

#[test]
fn an_archive_carries_the_local_tier_to_another_machine() {
    let shop = machine(5, "");
    let right = digests(&shop.planc(&["compile", "--json"]).succeeded());
    shop.planc(&["cache", "export", "out/cache.tar.zst"]).says(0, &["15 entries"]);
    let file = shop.path().join("out/cache.tar.zst");
    let bytes = std::fs::read(&file).unwrap();
    shop.planc(&["cache", "export", "--all", "again"]).succeeded();
    assert_eq!(std::fs::read(shop.path().join("again")).unwrap(), bytes, "equal entries, one file");
    let other = machine(5, "");
    let file = file.display().to_string();
    other.planc(&["cache", "import", &file]).says(0, &["15 entries", "0 were not believed"]);
    let ran = other.planc(&["compile", "--json"]).succeeded();
    assert_eq!((planned(&ran), digests(&ran)), (0, right));
    other.planc(&["cache", "import", "missing", "--if-present"]).says(0, &["no `missing` yet"]);
    other.planc(&["cache", "import", "missing"]).says(2, &["cannot be read"]);
    // Nothing of a broken or hostile archive gets anywhere.
    for broken in [bytes[..bytes.len() / 2].to_vec(), b"no archive".to_vec()] {
        other.file("broken", broken);
        other.planc(&["cache", "import", "broken"]).says(2, &["is no archive"]);
    }
    let signed = machine(
        5,
        "require_signed = true\nkeys = { main = 'ed25519:d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a' }",
    );
    let ran = signed.planc(&["--zone", "trusted", "cache", "import", &file]);
    ran.says(0, &["5 entries", "10 were not believed", "P0609"]);
}

#[test]
fn keys_are_made_outside_the_project_and_sign() {
    let shop = machine(2, "");
    shop.planc(&["cache", "keygen", "key"]).says(2, &["does not belong into the project"]);
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("key").display().to_string();
    let public = shop.planc(&["cache", "keygen", &file]).succeeded().stdout.trim().to_owned();
    shop.planc(&["cache", "keygen", &file]).says(2, &["no key was made"]);
    let config = shop.read("planc.toml").replace(
        "[cache]",
        &format!("[cache]\nrequire_signed = true\nkeys = {{ main = '{public}' }}"),
    );
    shop.file("planc.toml", config);
    let compile = |name: &str, value: &str| {
        let output = shop.command().env(name, value).args(["compile"]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(compile("PLANC_SIGNING_KEY_FILE", &file).0, Some(0));
    shop.planc(&["cache", "verify"]).says(0, &["2 artifacts and 4 records are right (4 signed)"]);
    let (code, said) = compile("PLANC_SIGNING_KEY", "nonsense");
    assert!(
        code == Some(2) && said.contains("error[P0801]") && !said.contains("nonsense"),
        "{said}"
    );
    std::fs::copy(&file, shop.path().join("key")).unwrap();
    let (code, said) = compile("PLANC_SIGNING_KEY_FILE", "key");
    assert!(code == Some(2) && said.contains("lies in the project"), "{said}");
    // Without the key the machine keeps what it compiles for itself.
    shop.file("rules/new.sql", "select name from customers");
    let ran = shop.planc(&["compile", "--json"]).succeeded();
    assert_eq!((planned(&ran), ran.stderr.contains("warning")), (1, false), "{}", ran.stderr);
    assert_eq!(planned(&shop.planc(&["compile", "--json"])), 0);
    let strict = shop.planc(&["--zone", "trusted", "compile", "--json"]);
    assert_eq!(planned(&strict), 1);
    strict.says(0, &["warning[P0609]"]);
}

#[test]
fn statistics_count_what_was_found_and_why_not() {
    let shop = machine(3, "");
    shop.planc(&["compile"]).succeeded();
    shop.planc(&["compile"]).succeeded();
    let stats = shop.planc(&["cache", "stats", "--json"]).succeeded().json().remove(0);
    assert_eq!(stats["local"]["objects"], 3);
    assert_eq!(stats["local"]["records"]["trusted"], 6);
    assert_eq!(stats["past"]["processes"], 2);
    let local = &stats["past"]["counts"]["local"];
    assert_eq!((&local["hits"], &local["misses"]["missing"]), (&6.into(), &6.into()), "{stats}");
    assert!(stats["past"]["counts"]["saved_micros"].as_u64().unwrap() > 0);
    shop.planc(&["cache", "stats"])
        .says(0, &["in 2 past commands", "6 hits, 6 misses (6 missing)"]);
    shop.planc(&["--cache", "off", "cache", "export", "x"]).says(2, &["the cache is off"]);
    shop.planc(&["--zone", "pr/../x", "compile"]).says(2, &["is no zone"]);
}

/// How many rules and processes meet at one store.
const RULES: usize = 500;
const PROCESSES: usize = 8;

fn spawn(shop: &Sandbox) -> Child {
    let mut command = shop.command();
    command.args(["compile", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Every artifact once, every file whole, nothing left over but what killed writers left.
fn assert_whole(shop: &Sandbox, right: &[String]) {
    let ran = shop.planc(&["compile", "--json"]).succeeded();
    assert_eq!(planned(&ran), 0);
    assert_eq!(digests(&ran), right);
    shop.planc(&["cache", "verify"]).says(
        0,
        &[
            &format!("{RULES} artifacts and {} records are right", 2 * RULES),
            "0 records lack their artifact, 0 entries are wrong",
        ],
    );
    for digest in right {
        let path = shop.path().join(".planc/cache/cas").join(&digest[..2]).join(digest);
        assert_eq!(Digest::of(&std::fs::read(path).unwrap()).to_string(), *digest);
    }
}

#[test]
fn eight_processes_fill_one_store() {
    let shop = machine(RULES, "");
    let processes: Vec<Child> = (0..PROCESSES).map(|_| spawn(&shop)).collect();
    let mut all = Vec::new();
    for process in processes {
        let output = process.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !stderr.contains("warning"), "{stderr}");
        let stdout = String::from_utf8(output.stdout).unwrap();
        let digest = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["digest"].as_str().map(str::to_owned)
        };
        all.push(stdout.lines().filter_map(digest).collect::<Vec<String>>());
    }
    assert!(all.iter().all(|digests| *digests == all[0] && digests.len() == RULES));
    assert_whole(&shop, &all[0]);
    // The same, killed at random points and started again.
    std::fs::remove_dir_all(shop.path().join(".planc")).unwrap();
    for round in 0..3 {
        let mut processes: Vec<Child> = (0..PROCESSES).map(|_| spawn(&shop)).collect();
        for process in &mut processes {
            std::thread::sleep(Duration::from_millis(fastrand::u64(..120) + 40 * round));
            process.kill().unwrap();
            process.wait().unwrap();
        }
        shop.planc(&["cache", "verify"]).says(0, &["0 entries are wrong"]);
    }
    let ran = shop.planc(&["compile", "--json"]).succeeded();
    assert_eq!(digests(&ran), all[0]);
    assert_whole(&shop, &all[0]);
}
