//! The hooks in `.pre-commit-hooks.yaml`, run by the real pre-commit from PyPI.
//!
//! The hook's own environment would compile planc; here it finds the binary of this build on
//! the PATH instead, or installs it from a wheel. Skipped with a line where there is no Python or
//! no PyPI, never in CI.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sandbox::Sandbox;

const PACKAGES: [&str; 2] = ["pre-commit==4.7.0", "maturin==1.9.6"];

/// A virtual environment with pre-commit and maturin, made once.
fn environment() -> Result<PathBuf, String> {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(PACKAGES.concat().replace("==", "-"));
    if !kept.join("bin/maturin").exists() || !kept.join("bin/pre-commit").exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&kept))?;
        let pip = kept.join("bin/python");
        run(Command::new(pip).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES))?;
    }
    Ok(kept.join("bin"))
}

fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(said) } else { Err(format!("{command:?}: {said}")) }
}

fn git(folder: &Path, args: &[&str]) {
    let identity = ["-c", "user.name=planc", "-c", "user.email=planc@localhost"];
    run(Command::new("git").current_dir(folder).args(identity).args(args)).unwrap();
}

/// A repository with the hooks, at the tag `v0`.
fn hooks() -> Sandbox {
    let hooks = Sandbox::new();
    let text = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml"),
    )
    .unwrap();
    assert_eq!(text.matches("language: python").count(), 2);
    hooks.file(".pre-commit-hooks.yaml", text.replace("language: python", "language: system"));
    git(hooks.path(), &["init", "--quiet"]);
    git(hooks.path(), &["add", "--all"]);
    git(hooks.path(), &["commit", "--quiet", "--message", "hooks"]);
    git(hooks.path(), &["tag", "v0"]);
    hooks
}

/// The folder of pre-commit and maturin, or a line that says why the test is skipped.
fn programs() -> Option<PathBuf> {
    match environment() {
        Ok(programs) => Some(programs),
        Err(reason) => {
            assert!(std::env::var_os("CI").is_none(), "CI needs pre-commit: {reason}");
            println!("SKIPPED: no pre-commit here: {reason}");
            None
        }
    }
}

/// A folder with a wheel: the one that `PLANC_WHEELS` names, or one that maturin packs from the
/// binary of this build.
fn wheels(scratch: &Sandbox, programs: &Path) -> PathBuf {
    if let Some(folder) = std::env::var_os("PLANC_WHEELS") {
        return PathBuf::from(folder);
    }
    let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/pack-wheel");
    let mut command = Command::new("python3");
    command.arg(pack).arg(env!("CARGO_BIN_EXE_planc")).arg(scratch.path());
    let packed = run(command.env("MATURIN", programs.join("maturin"))).unwrap();
    assert!(packed.contains("/planc-") && packed.contains("-py3-none-"), "{packed}");
    scratch.path().to_owned()
}

#[test]
fn a_hook_installs_the_wheel_and_compiles_nothing() {
    let Some(programs) = programs() else { return };
    let scratch = Sandbox::new();
    let wheels = wheels(&scratch, &programs);
    let shop = Sandbox::shop();
    shop.file(
        ".pre-commit-config.yaml",
        format!(
            "repos:\n- repo: local\n  hooks:\n  - id: planc-check\n    name: planc check\n    \
             language: python\n    entry: planc check --force-exclude\n    \
             additional_dependencies: ['planc=={}']\n    types: [sql]\n",
            env!("CARGO_PKG_VERSION")
        ),
    );
    shop.file(".gitignore", ".planc/\n");
    shop.file("rules/a.sql", "select id as n from orders\n");
    git(shop.path(), &["init", "--quiet"]);
    let ran = || {
        git(shop.path(), &["add", "--all"]);
        let mut command = Command::new(programs.join("pre-commit"));
        command.args(["run", "--all-files", "--verbose"]).current_dir(shop.path());
        command.env("PIP_FIND_LINKS", &wheels);
        run(command.env("PRE_COMMIT_HOME", scratch.path().join("hooks")))
    };
    let passed = ran().unwrap();
    assert!(passed.contains("Passed") && passed.contains("no findings"), "{passed}");
    shop.file("rules/a.sql", "select idd from orders\n");
    let failed = ran().unwrap_err();
    assert!(failed.contains("rules/a.sql:1:8: error[P0202]"), "{failed}");
}

#[test]
fn the_hooks_pass_and_fail_in_the_real_pre_commit() {
    let Some(programs) = programs() else { return };
    let hooks = hooks();
    let shop = Sandbox::shop();
    shop.file(
        ".pre-commit-config.yaml",
        format!(
            "repos:\n- repo: {}\n  rev: v0\n  hooks:\n  - id: planc-check\n  - id: planc-lock\n",
            hooks.path().display()
        ),
    );
    shop.file(".gitignore", ".planc/\n");
    for nth in 0..40 {
        shop.file(&format!("rules/r{nth}.sql"), format!("select id + {nth} as n from orders\n"));
    }
    git(shop.path(), &["init", "--quiet"]);
    let binary = Path::new(env!("CARGO_BIN_EXE_planc")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let ran = || {
        git(shop.path(), &["add", "--all"]);
        let mut command = Command::new(programs.join("pre-commit"));
        command.args(["run", "--all-files", "--verbose"]).current_dir(shop.path());
        run(command.env("PATH", &path).env("PRE_COMMIT_HOME", shop.path().join(".planc/hooks")))
    };
    let passed = ran().unwrap();
    for words in ["planc check", "planc lock", "Passed", "no findings"] {
        assert!(passed.contains(words), "{words}: {passed}");
    }
    shop.file("rules/r7.sql", "select idd from orders\n");
    shop.file("notes/n.sql", "select nonsense from nowhere\n");
    let failed = ran().unwrap_err();
    assert!(failed.contains("rules/r7.sql:1:8: error[P0202]"), "{failed}");
    assert!(!failed.contains("nonsense"), "a file that is no rule is left alone: {failed}");
    assert!(failed.contains("Failed") && failed.contains("Passed"), "{failed}");
}
