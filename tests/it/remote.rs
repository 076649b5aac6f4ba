//! The remote tier on real object stores: what one machine compiles the others find, and what
//! nobody may slip in.

use planc_ir::Digest;

use crate::sandbox::{Ran, Sandbox};
use crate::servers::proxy::{Fault, Proxy};
use crate::servers::{self, Server, environment};

/// A project of so many rules with a remote tier, as every machine has it.
pub fn machine(rules: usize, cache: &str) -> Sandbox {
    let shop = Sandbox::shop();
    for n in 0..rules {
        let sql = format!("select id, amount + {n} as a from orders where customer_id = {n}");
        shop.file(&format!("rules/r{n:03}.sql"), sql);
    }
    let config = format!("{}\n[cache]\n{cache}\n", shop.read("planc.toml"));
    shop.file("planc.toml", config);
    shop
}

/// Runs planc with the environment that reaches a server.
pub fn planc(shop: &Sandbox, environment: &[(&'static str, String)], args: &[&str]) -> Ran {
    let mut command = shop.command();
    command.envs(environment.iter().map(|(name, value)| (*name, value.as_str()))).args(args);
    let output = command.output().unwrap();
    let ran = Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    assert!(!ran.stderr.contains("internal error"), "{args:?}: {}", ran.stderr);
    ran
}

/// The digests of a compile, in the order of the rules.
pub fn digests(ran: &Ran) -> Vec<String> {
    let lines = ran.json().into_iter().filter(|line| line["rule"].is_string());
    lines.map(|line| line["digest"].as_str().unwrap_or("none").to_owned()).collect()
}

/// How many rules a compile found in no tier.
pub fn planned(ran: &Ran) -> u64 {
    ran.json().last().unwrap()["summary"]["planned"].as_u64().unwrap()
}

fn remote(server: &Server) -> String {
    format!("remote = '{}'", server.url("team/planc"))
}

fn shares(server: Option<Server>) {
    let Some(mut server) = server else { return };
    let (cache, env) = (remote(&server), server.environment());
    let first = machine(20, &cache);
    let compiled = planc(&first, &env, &["compile", "--json"]).succeeded();
    assert_eq!((planned(&compiled), compiled.stderr.contains("warning")), (20, false));
    let second = machine(20, &cache);
    let found = planc(&second, &env, &["compile", "--json"]).succeeded();
    assert_eq!((planned(&found), digests(&found)), (0, digests(&compiled)), "{}", found.stderr);
    planc(&second, &env, &["cache", "doctor"])
        .succeeded()
        .says(0, &["a second put of one name is refused", "ok      remote  read:"]);
    planc(&second, &env, &["cache", "verify", "--remote", "--recompute", "20%"])
        .says(0, &["remote: 20 artifacts and 40 records are right", "all agree"]);
    planc(&second, &env, &["cache", "stats", "--remote"])
        .says(0, &["20 artifacts", "40 in trusted", "40 hits"]);
    planc(&second, &env, &["cache", "gc", "--remote", "--max-age", "0s"])
        .says(0, &["removed: 0 records, 0 artifacts", "60 entries"]);
    // Another project's entries go up by hand, and come down.
    let third = machine(25, "");
    planc(&third, &env, &["compile"]).succeeded();
    let config = third.read("planc.toml") + &cache;
    third.file("planc.toml", config);
    planc(&third, &env, &["cache", "push"]).says(0, &["pushed 15 entries", "60 were there"]);
    let fourth = machine(25, &cache);
    planc(&fourth, &env, &["cache", "pull"])
        .says(0, &["25 rules: 50 records came from the remote tier, 0 were here; 0 rules"]);
    let fifth = machine(0, &cache);
    planc(&fifth, &env, &["cache", "pull", "--all"]).says(0, &["pulled 75 entries"]);
    // What the local tier has needs no remote one.
    server.stop();
    let warm = planc(&second, &env, &["compile", "--json"]).succeeded();
    assert_eq!((planned(&warm), warm.stderr.contains("warning")), (0, false), "{}", warm.stderr);
}

#[test]
fn machines_share_what_they_compile_through_s3() {
    shares(servers::s3());
}

#[test]
fn machines_share_what_they_compile_through_azure() {
    shares(servers::azure());
}

#[test]
fn a_read_only_remote_fills_the_local_tier_and_gets_nothing() {
    let Some(server) = servers::s3() else { return };
    let env = server.environment();
    planc(&machine(3, &remote(&server)), &env, &["compile"]).succeeded();
    let before = server.list("");
    let reader = machine(5, &format!("{}\nremote_mode = 'read-only'", remote(&server)));
    let ran = planc(&reader, &env, &["compile", "--json"]).succeeded();
    assert_eq!(planned(&ran), 2);
    assert_eq!(server.list(""), before);
    let again = planc(&reader, &[], &["compile", "--json", "--remote-cache", "off"]);
    assert_eq!(planned(&again), 0, "all of it is in the local tier");
}

#[test]
fn a_web_server_is_a_tier_that_can_only_be_read() {
    let shared = tempfile::tempdir().unwrap();
    let folder = format!("remote = '{}'", shared.path().display());
    let first = machine(3, &folder).planc(&["compile", "--json"]).succeeded();
    let port = servers::files::serve(shared.path().to_owned());
    let reader = machine(4, &format!("remote = 'http://127.0.0.1:{port}/'"));
    let ran = reader.planc(&["compile", "--json"]).succeeded();
    assert_eq!((planned(&ran), &digests(&ran)[..3]), (1, &digests(&first)[..]));
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    reader
        .planc(&["cache", "doctor"])
        .says(0, &["note    remote  write: https:// can only be read"]);
    let plain = machine(1, "remote = 'http://cache.example/'");
    plain.planc(&["compile"]).says(0, &["warning[P0606]", "use https"]);
}

#[test]
fn a_server_that_ignores_conditions_is_found_by_the_doctor() {
    let Some(server) = servers::s3() else { return };
    let proxy = Proxy::before(server.port, Fault::NoConditions);
    let env = environment(server.kind, proxy.port);
    let ran = planc(&machine(0, &remote(&server)), &env, &["cache", "doctor"]);
    ran.says(1, &["FAILED  remote  conditional put: it ignores `If-None-Match: *`", "[P0615]"]);
}

/// The keys of main, who may sign, and of somebody else.
const MAIN: [u8; 32] = [1; 32];
const OTHER: [u8; 32] = [2; 32];

fn strict(server: &Server) -> String {
    let public = planc_artifacts::Signer::from_seed(MAIN).public();
    format!("{}\nrequire_signed = true\nkeys = {{ main = '{public}' }}", remote(server))
}

fn signing(server: &Server, seed: [u8; 32]) -> Vec<(&'static str, String)> {
    let key = planc_artifacts::Signer::from_seed(seed).to_secret_text();
    let mut environment = server.environment();
    environment.extend([("PLANC_SIGNING_KEY", key), ("PLANC_ZONE", "trusted".to_owned())]);
    environment
}

/// The result records in a zone of the bucket.
fn results(server: &Server, zone: &str) -> Vec<String> {
    server.list(&format!("team/planc/rc/{zone}/"))
}

#[test]
fn a_pull_request_does_not_write_for_main() {
    let Some(server) = servers::s3() else { return };
    let env = server.environment();
    let main = machine(2, &remote(&server));
    let right = digests(&planc(&main, &env, &["compile", "--json", "--remote-cache", "off"]));
    // The job of a pull request knows main's keys, as it compiles the same rules, and writes
    // for the first rule what the second one gives.
    let pull = machine(2, &remote(&server));
    planc(&pull, &env, &["--zone", "pr/7", "compile"]).succeeded();
    let records = results(&server, "pr/7");
    for path in &records {
        let text = String::from_utf8(server.object(path)).unwrap();
        let body = text.lines().nth(1).unwrap().replace(&right[0], &right[1]);
        server.put_object(path, format!("{}\n{body}\n", Digest::of(body.as_bytes())).as_bytes());
    }
    let fooled = machine(2, &remote(&server));
    let ran = planc(&fooled, &env, &["--zone", "pr/7", "compile", "--json"]).succeeded();
    assert_eq!(digests(&ran), [right[1].clone(), right[1].clone()], "the attack would work");
    let build = planc(&machine(2, &remote(&server)), &env, &["compile", "--json"]).succeeded();
    assert_eq!((planned(&build), digests(&build)), (2, right.clone()));
    let other = machine(2, &remote(&server));
    let ran = planc(&other, &env, &["--zone", "pr/8", "compile", "--json"]).succeeded();
    assert_eq!(digests(&ran), right, "nor do other pull requests hear of it");
    // It is found by who asks.
    planc(&fooled, &env, &["--zone", "pr/7", "--cache", "verify", "compile"])
        .says(1, &["error[P0614]", "`r000`"]);
    let mended = planc(&fooled, &env, &["--zone", "pr/7", "compile", "--json"]).succeeded();
    assert_eq!(digests(&mended), right);
}

#[test]
fn a_record_of_an_unknown_signer_reaches_no_trusted_build() {
    let Some(server) = servers::s3() else { return };
    let thief = machine(3, &remote(&server));
    planc(&thief, &signing(&server, OTHER), &["compile"]).succeeded();
    let build = machine(3, &strict(&server));
    let ran = planc(&build, &signing(&server, MAIN), &["compile", "--json"]).succeeded();
    assert_eq!(planned(&ran), 3);
    let ran = ran.says(0, &["warning[P0610]", "which the project does not name"]);
    // Its records made room for right ones, which everybody else now believes.
    let reader = machine(3, &strict(&server));
    let found = planc(&reader, &server.environment(), &["compile", "--json"]).succeeded();
    assert_eq!((planned(&found), digests(&found)), (0, digests(&ran)), "{}", found.stderr);
    assert!(!found.stderr.contains("warning"), "{}", found.stderr);
    // Unsigned records are no better.
    let plain = machine(4, &remote(&server));
    planc(&plain, &server.environment(), &["compile"]).succeeded();
    let ran = planc(&machine(4, &strict(&server)), &server.environment(), &["compile", "--json"]);
    assert_eq!(planned(&ran.says(0, &["warning[P0609]"])), 1);
}

#[test]
fn a_signed_record_under_another_key_or_zone_is_refused() {
    let Some(server) = servers::s3() else { return };
    let build = machine(2, &strict(&server));
    let ran = planc(&build, &signing(&server, MAIN), &["compile", "--json"]).succeeded();
    let right = digests(&ran);
    let records = results(&server, "trusted");
    let [one, two] = records.as_slice() else { panic!("{records:?}") };
    let signed = server.object(one);
    server.put_object(two, &signed);
    let reader = machine(2, &strict(&server));
    let ran = planc(&reader, &server.environment(), &["compile", "--json"]);
    assert_eq!(digests(&ran.says(0, &["warning[P0612]"])), right);
    server.put_object(&two.replace("trusted", "pr/9"), &signed);
    server.put_object(&one.replace("trusted", "pr/9"), &signed);
    let config = strict(&server);
    http_delete(&server, one);
    http_delete(&server, two);
    let pull = machine(2, &config);
    let ran = planc(&pull, &server.environment(), &["--zone", "pr/9", "compile", "--json"]);
    assert_eq!(digests(&ran.says(0, &["warning[P0612]", "warning[P0613]"])), right);
    // Bytes under the right key, changed behind the signature, with a checksum that fits.
    let text = String::from_utf8(signed).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[1] = lines[1].replace("\"portable\":true", "\"portable\":false");
    lines[0] = Digest::of(lines[1].as_bytes()).to_string();
    server.put_object(one, (lines.join("\n") + "\n").as_bytes());
    let reader = machine(2, &strict(&server));
    let ran = planc(&reader, &server.environment(), &["compile", "--json"]);
    assert_eq!(digests(&ran.says(0, &["warning[P0611]"])), right);
}

fn http_delete(server: &Server, path: &str) {
    let target = format!("/planc/{path}");
    servers::http::send(server.port, "DELETE", &target, &[servers::http::SIGNED], b"").unwrap();
}

#[test]
fn a_replaced_object_is_found_out_and_mended() {
    let Some(server) = servers::s3() else { return };
    let env = server.environment();
    let first = planc(&machine(2, &remote(&server)), &env, &["compile", "--json"]).succeeded();
    let objects = server.list("team/planc/cas/");
    let [one, two] = objects.as_slice() else { panic!("{objects:?}") };
    server.put_object(one, &server.object(two));
    let second = planc(&machine(2, &remote(&server)), &env, &["compile", "--json"]);
    let second = second.says(0, &["warning[P0602]", "its bytes do not match its name"]);
    assert_eq!((planned(&second), digests(&second)), (1, digests(&first)));
    assert_eq!(server.list("team/planc/quarantine/").len(), 1);
    let third = planc(&machine(2, &remote(&server)), &env, &["compile", "--json"]).succeeded();
    assert_eq!((planned(&third), third.stderr.contains("warning")), (0, false));
}
