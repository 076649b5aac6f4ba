//! A cache that fails in every way: the artifacts are right each time, and the delay is bounded.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use crate::remote::{digests, machine, planc, planned};
use crate::sandbox::{Ran, Sandbox};
use crate::servers::proxy::{Fault, Proxy};
use crate::servers::{self, Kind, environment};

const RULES: usize = 12;
const TIMEOUT: Duration = Duration::from_millis(1_500);
const PATIENCE: Duration = Duration::from_millis(1_500);

fn cache() -> String {
    format!(
        "remote = 's3://planc/faults'\ntimeout_ms = {}\npatience_ms = {}",
        TIMEOUT.as_millis(),
        PATIENCE.as_millis()
    )
}

/// What compiling without any cache gives.
fn right() -> Vec<String> {
    digests(&machine(RULES, "").planc(&["compile", "--json", "--cache", "off"]).succeeded())
}

/// The time that planc says it spent on a tier that it then left out.
fn spent(ran: &Ran) -> Vec<f64> {
    let parts = ran.stderr.split(" s were spent on it");
    let count = parts.clone().count();
    let numbers = parts.take(count - 1).map(|part| part.rsplit(' ').next().unwrap());
    numbers.map(|number| number.parse().unwrap()).collect()
}

#[test]
fn every_fault_of_a_server_costs_a_bounded_delay_and_no_artifact() {
    let Some(server) = servers::s3() else { return };
    let direct = environment(Kind::S3, server.port);
    planc(&machine(RULES, &cache()), &direct, &["compile"]).succeeded();
    let right = right();
    let proxy = Proxy::before(server.port, Fault::None);
    let env = environment(Kind::S3, proxy.port);
    // The fault, how many requests it spares, and the code that tells it from the others.
    let cases = [
        (Fault::None, 0, ""),
        (Fault::Hang, 0, "P0607"),
        (Fault::Hang, 8, "P0607"),
        (Fault::Slow(Duration::from_millis(700)), 0, "P0607"),
        (Fault::Status(500), 0, "P0608"),
        (Fault::Status(503), 5, "P0608"),
        (Fault::Status(403), 0, "P0605"),
        (Fault::Status(403), 5, "P0605"),
        (Fault::Status(400), 0, "P0606"),
        (Fault::CutOff, 0, "P0608"),
        (Fault::Shorten, 0, "P0602"),
        (Fault::FlipBit, 0, "P0602"),
    ];
    for (fault, spared, code) in cases {
        proxy.set(fault, spared);
        let shop = machine(RULES, &format!("{}\nremote_mode = 'read-only'", cache()));
        let clock = Instant::now();
        let ran = planc(&shop, &env, &["compile", "--json"]).succeeded();
        let time = clock.elapsed();
        assert_eq!(digests(&ran), right, "{fault:?} after {spared}");
        eprintln!("{fault:?} after {spared}: {time:?} in all, {:?} s for the tier", spent(&ran));
        let warned = ran.stderr.matches("warning[P06").count();
        match code {
            "" => assert_eq!((warned, planned(&ran)), (0, 0), "{}", ran.stderr),
            code => {
                assert!(
                    ran.stderr.contains(&format!("warning[{code}]")),
                    "{fault:?}: {}",
                    ran.stderr
                );
            }
        }
        // One time-out, or the patience and one time-out behind it; the rest is for a machine
        // that does other things too.
        let most = (TIMEOUT + PATIENCE).as_secs_f64() + 1.5;
        assert!(spent(&ran).iter().all(|time| *time < most), "{fault:?}: {:?}", spent(&ran));
        let again = planc(&shop, &[], &["compile", "--json", "--remote-cache", "off"]);
        assert_eq!((planned(&again), digests(&again)), (0, right.clone()), "{fault:?}");
    }
}

#[test]
fn faults_of_writes_leave_artifacts_right_and_no_record_without_its_artifact() {
    let Some(server) = servers::s3() else { return };
    let right = right();
    let proxy = Proxy::before(server.port, Fault::None);
    let env = environment(Kind::S3, proxy.port);
    let cases = [
        (Fault::WriteStatus(403), 0, "P0605"),
        (Fault::WriteStatus(409), 0, "P0608"),
        (Fault::WriteStatus(500), 20, "P0608"),
        (Fault::Hang, 40, "P0607"),
    ];
    for (fault, spared, code) in cases {
        proxy.set(fault, spared);
        let ran = planc(&machine(RULES, &cache()), &env, &["compile", "--json"]).succeeded();
        assert_eq!(digests(&ran), right, "{fault:?}");
        assert!(ran.stderr.contains(&format!("warning[{code}]")), "{fault:?}: {}", ran.stderr);
        proxy.set(Fault::None, 0);
        let direct = environment(Kind::S3, server.port);
        let reader = machine(RULES, &cache());
        let ran = planc(&reader, &direct, &["cache", "verify", "--remote"]);
        ran.says(0, &["0 records lack their artifact, 0 entries are wrong"]);
    }
}

#[test]
fn a_server_killed_in_the_middle_is_left_out() {
    let Some(mut server) = servers::s3() else { return };
    let proxy = Proxy::before(server.port, Fault::None);
    let env = environment(Kind::S3, proxy.port);
    let right = right();
    planc(&machine(RULES, &cache()), &env, &["compile"]).succeeded();
    proxy.set(Fault::Slow(Duration::from_millis(20)), 0);
    let (before, shop) = (proxy.requests(), machine(RULES, &cache()));
    let ran = std::thread::scope(|scope| {
        let run = scope.spawn(|| planc(&shop, &env, &["compile", "--json"]));
        while proxy.requests() < before + 6 && !run.is_finished() {
            std::thread::sleep(Duration::from_millis(1));
        }
        server.stop();
        run.join().unwrap()
    });
    assert_eq!(digests(&ran.succeeded()), right);
}

#[test]
fn a_wrong_bucket_or_a_missing_variable_is_no_empty_cache() {
    let Some(server) = servers::s3() else { return };
    let env = server.environment();
    let wrong = machine(2, "remote = 's3://no-such-bucket/x'");
    planc(&wrong, &env, &["compile"]).says(0, &["warning[P0606]", "NoSuchBucket"]);
    planc(&wrong, &env, &["cache", "doctor"]).says(1, &["FAILED  remote  read:", "[P0606]"]);
    let unset = machine(2, "remote = '${PLANC_NO_SUCH_VARIABLE}/x'");
    planc(&unset, &env, &["compile"]).says(0, &["warning[P0606]", "is not set"]);
    let strict = machine(2, "remote = 's3://no-such-bucket/x'\n[lint]\nP0606 = 'error'");
    planc(&strict, &env, &["compile"]).says(1, &["error[P0606]"]);
}

#[test]
fn a_full_disk_costs_a_warning() {
    let right = right();
    let shop = machine(RULES, "");
    // A limit of zero on the size of files: every write fails as on a full disk.
    let mut limited = Command::new("sh");
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
    let planc = shop.command();
    limited.args(["-c", script, "sh"]).arg(planc.get_program()).args(["compile", "--json"]);
    let output = limited.current_dir(shop.path()).output().unwrap();
    let ran = Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    let ran = ran.says(0, &["warning[P0603]"]);
    assert_eq!(digests(&ran), right);
    let after = shop.planc(&["compile", "--json"]).succeeded();
    assert_eq!((planned(&after), digests(&after)), (RULES as u64, right));
    shop.planc(&["cache", "verify"]).says(0, &["0 entries are wrong"]);
}

#[test]
fn a_read_only_directory_serves_what_it_holds() {
    let right = right();
    let shop = machine(RULES, "");
    shop.planc(&["compile"]).succeeded();
    shop.file("rules/z.sql", "select name from customers");
    let permit = |mode: u32| {
        let cache = walkdir::WalkDir::new(shop.path().join(".planc"));
        let folders = cache.into_iter().map(Result::unwrap).filter(|e| e.file_type().is_dir());
        for folder in folders {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    permit(0o555);
    fs::set_permissions(shop.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = shop.command();
    // Permissions do not bind root, and nobody else may enter root's own folders.
    if is_root() {
        let program = shop.path().join("planc");
        let built = env!("CARGO_BIN_EXE_planc");
        fs::hard_link(built, &program).or_else(|_| fs::copy(built, &program).map(drop)).unwrap();
        command = shop.command_of(&program);
        command.uid(65_534).gid(65_534);
    }
    let output = command.args(["compile", "--json"]).output().unwrap();
    permit(0o755);
    let ran = Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    let ran = ran.says(0, &["warning[P0603]"]);
    assert_eq!(planned(&ran), 1, "only the rule that is new");
    assert_eq!(digests(&ran)[..RULES], right);
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    String::from_utf8(id.stdout).unwrap().trim() == "0"
}

#[test]
fn clocks_that_disagree_change_no_artifact_and_lose_none() {
    let right = right();
    let shop = machine(RULES, "");
    shop.planc(&["compile"]).succeeded();
    let decade = Duration::from_secs(10 * 365 * 24 * 3_600);
    for time in [SystemTime::now() + decade, SystemTime::now() - decade] {
        set_times(&shop, time);
        shop.planc(&["cache", "gc", "--max-size", "0B"]).says(0, &["removed: 0 records"]);
        set_times(&shop, time);
        let ran = shop.planc(&["compile", "--json"]).succeeded();
        assert_eq!((planned(&ran), digests(&ran)), (0, right.clone()));
    }
}

/// Gives every entry of the local tier this time of last use.
pub fn set_times(shop: &Sandbox, time: SystemTime) {
    for folder in ["ac", "cas", "dc", "rc"] {
        let files = walkdir::WalkDir::new(shop.path().join(".planc/cache").join(folder));
        let files = files.into_iter().filter_map(Result::ok).filter(|e| e.file_type().is_file());
        for file in files {
            fs::File::open(file.path()).unwrap().set_modified(time).unwrap();
        }
    }
}
