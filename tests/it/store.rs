//! The artifact store under hard treatment: what is broken is a miss, never a wrong plan.

use std::path::PathBuf;

use crate::sandbox::Sandbox;

fn rules(sandbox: &Sandbox, count: usize) {
    for n in 0..count {
        let sql = format!("select id, amount + {n} as a from orders where customer_id = {n}");
        sandbox.file(&format!("rules/r{n:02}.sql"), sql);
    }
}

fn digests(sandbox: &Sandbox) -> Vec<String> {
    let ran = sandbox.planc(&["compile", "--json"]).succeeded();
    let lines = ran.json().into_iter().filter(|line| line["rule"].is_string());
    lines.map(|line| line["digest"].to_string()).collect()
}

fn planned(sandbox: &Sandbox) -> u64 {
    let lines = sandbox.planc(&["compile", "--json"]).json();
    lines.last().unwrap()["summary"]["planned"].as_u64().unwrap()
}

fn entries(sandbox: &Sandbox) -> Vec<PathBuf> {
    let cache = sandbox.path().join(".planc/cache");
    let files = ["ac", "cas", "dc", "rc"].into_iter().flat_map(|folder| {
        let files = walkdir::WalkDir::new(cache.join(folder)).sort_by_file_name().into_iter();
        files.filter_map(Result::ok).filter(|entry| entry.file_type().is_file())
    });
    files.map(walkdir::DirEntry::into_path).collect()
}

#[test]
fn broken_entries_are_misses_with_a_warning() {
    let shop = Sandbox::shop();
    rules(&shop, 2);
    let right = digests(&shop);
    let stored = entries(&shop);
    assert_eq!(stored.len(), 6, "{stored:?}");
    let edits: [fn(Vec<u8>) -> Vec<u8>; 4] = [
        |_| vec![],
        |bytes| bytes[..bytes.len() / 2].to_vec(),
        |mut bytes| {
            let last = bytes.len() - 10;
            bytes[last] ^= 1;
            bytes
        },
        |bytes| {
            String::from_utf8_lossy(&bytes).replace("\"format\":2", "\"format\":3").into_bytes()
        },
    ];
    for path in &stored {
        for (number, edit) in edits.iter().enumerate() {
            let bytes = std::fs::read(path).unwrap();
            let edited = edit(bytes.clone());
            if edited == bytes {
                continue;
            }
            std::fs::write(path, edited).unwrap();
            let ran = shop.planc(&["compile", "--json"]).says(0, &["warning[P0602]"]);
            let now: Vec<String> = ran
                .json()
                .iter()
                .filter(|l| l["rule"].is_string())
                .map(|l| l["digest"].to_string())
                .collect();
            assert_eq!(now, right, "edit {number} of {}", path.display());
            assert_eq!(planned(&shop), 0, "edit {number} of {} was repaired", path.display());
        }
    }
}

#[test]
fn two_processes_may_compile_into_one_store_at_once() {
    let shop = Sandbox::shop();
    rules(&shop, 30);
    let spawn = || shop.command().args(["compile", "--json"]).output();
    let outputs = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(spawn)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect::<Vec<_>>()
    });
    let lines = |stdout: &[u8]| -> Vec<String> {
        let text = String::from_utf8(stdout.to_vec()).unwrap();
        let lines =
            text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines
            .filter(|line| line["rule"].is_string())
            .map(|line| line["digest"].to_string())
            .collect()
    };
    for output in &outputs {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(lines(&output.stdout), lines(&outputs[0].stdout));
    }
    assert_eq!(entries(&shop).len(), 90, "an artifact and two records each, nothing else");
    assert_eq!(planned(&shop), 0);
}

#[test]
fn only_the_readers_of_a_changed_table_are_planned_again() {
    let shop = Sandbox::shop();
    shop.file("rules/o.sql", "select id from orders");
    shop.file("rules/c.sql", "select id from customers");
    shop.file(
        "rules/both.sql",
        "select o.id from orders o join customers c on o.customer_id = c.id",
    );
    let before = digests(&shop);
    shop.file("customers.csv", "id,name,country,vip\n1,Ada,UK,true\n");
    shop.planc(&["lock"]).succeeded();
    assert_eq!(planned(&shop), 2);
    assert_eq!(digests(&shop), before, "an added column changes no artifact");
}

#[test]
fn the_cache_can_be_read_only_or_off() {
    let shop = Sandbox::shop();
    rules(&shop, 1);
    for mode in ["off", "read-only"] {
        shop.planc(&["compile", "--cache", mode]).succeeded();
        assert!(entries_if_any(&shop).is_empty(), "{mode}");
    }
    shop.planc(&["compile"]).succeeded();
    let ran = shop.planc(&["compile", "--cache", "read-only", "--json"]);
    assert_eq!(ran.json().last().unwrap()["summary"]["cached"], 1);
    // A store that cannot be written costs a warning, not the artifact.
    let config = format!("[cache]\nlocal = 'orders.csv/cache'\n{}", shop.read("planc.toml"));
    shop.file("planc.toml", config);
    shop.planc(&["compile"]).says(0, &["warning[P0603]", "compiled"]);
    shop.planc(&["run", "r00"]).says(0, &["r00: 0 rows"]);
}

fn entries_if_any(sandbox: &Sandbox) -> Vec<PathBuf> {
    if sandbox.path().join(".planc/cache").exists() { entries(sandbox) } else { vec![] }
}

#[test]
fn lint_levels_are_no_part_of_a_key() {
    let shop = Sandbox::shop();
    shop.file("rules/w.sql", "select id from orders limit 1");
    shop.planc(&["check"]).says(0, &["warning[P0401]"]);
    let config = format!("[lint]\nP0401 = 'error'\n{}", shop.read("planc.toml"));
    shop.file("planc.toml", &config);
    shop.planc(&["check"]).says(1, &["error[P0401]"]);
    assert_eq!(planned(&shop), 0);
    shop.file("planc.toml", config.replace("'error'", "'allow'"));
    shop.planc(&["check"]).says(0, &["no findings"]);
}
