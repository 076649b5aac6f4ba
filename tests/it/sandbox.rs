//! A scratch project, and the real binary run in it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What a developer's or a CI job's environment may say, and tests must not hear.
const FOREIGN_VARIABLES: [&str; 8] = [
    "PLANC_ENV",
    "PLANC_ZONE",
    "PLANC_REMOTE_CACHE",
    "PLANC_SIGNING_KEY",
    "PLANC_SIGNING_KEY_FILE",
    "PLANC_BUILDER",
    "GITHUB_REF",
    "CI_MERGE_REQUEST_IID",
];

/// A folder that is gone when the test ends.
pub struct Sandbox {
    folder: tempfile::TempDir,
}

/// What a run of the binary gave.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Sandbox {
    pub fn new() -> Self {
        Sandbox { folder: tempfile::tempdir().unwrap() }
    }

    /// A project with this configuration.
    pub fn project(config: &str) -> Self {
        let sandbox = Sandbox::new();
        sandbox.file("planc.toml", config);
        sandbox
    }

    /// A project over two small CSV files, `orders` and `customers`, with a lock.
    pub fn shop() -> Self {
        let sandbox = Sandbox::project(
            "[sources.orders]\ncsv = 'orders.csv'\n[sources.customers]\ncsv = 'customers.csv'\n",
        );
        sandbox.file(
            "orders.csv",
            "id,customer_id,amount,status\n1,1,10.5,open\n2,1,20.0,done\n3,2,,open\n",
        );
        sandbox.file("customers.csv", "id,name,country\n1,Ada,UK\n2,Grace,US\n3,Edsger,NL\n");
        sandbox.planc(&["lock"]).succeeded();
        sandbox
    }

    /// A project over the eight TPC-H tables at scale 0.01, as Delta tables.
    pub fn tpch() -> Self {
        let data = tpch_data();
        let tables =
            ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"];
        let source =
            |table: &&str| format!("[sources.{table}]\ndelta = '{}'\n", data.join(table).display());
        let sandbox = Sandbox::project(&tables.iter().map(source).collect::<String>());
        sandbox.planc(&["lock"]).succeeded();
        sandbox
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path().join(path)).unwrap()
    }

    pub fn command(&self) -> Command {
        self.command_of(env!("CARGO_BIN_EXE_planc").as_ref())
    }

    /// As [`Sandbox::command`], with planc at another place.
    pub fn command_of(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path());
        for name in FOREIGN_VARIABLES {
            command.env_remove(name);
        }
        command
    }

    pub fn planc(&self, args: &[&str]) -> Ran {
        let output = self.command().args(args).output().unwrap();
        let ran = Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        assert!(!ran.stderr.contains("internal error"), "{args:?}: {}", ran.stderr);
        assert!([0, 1, 2].contains(&ran.code), "{args:?} ended with {}: {}", ran.code, ran.stderr);
        ran
    }

    /// Every file below the folder, sorted, but for what planc keeps for itself.
    pub fn files(&self) -> Vec<String> {
        let files = walkdir::WalkDir::new(self.path()).sort_by_file_name();
        let files =
            files.into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file());
        let files = files
            .map(|entry| entry.path().strip_prefix(self.path()).unwrap().display().to_string());
        files.filter(|file| !file.starts_with(".planc/")).collect()
    }
}

impl Ran {
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Ended with this code, and standard error or output says all of this.
    pub fn says(self, code: i32, words: &[&str]) -> Self {
        let said = format!("{}\n{}", self.stdout, self.stderr);
        assert_eq!(self.code, code, "{said}");
        for words in words {
            assert!(said.contains(words), "`{words}` is not in:\n{said}");
        }
        self
    }

    /// The JSON lines of standard output.
    pub fn json(&self) -> Vec<serde_json::Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The TPC-H tables at scale 0.01, written once and kept between test runs.
pub fn tpch_data() -> PathBuf {
    static DATA: OnceLock<PathBuf> = OnceLock::new();
    let data = DATA.get_or_init(|| {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tpch-0.01");
        if !kept.exists() {
            let fresh = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(planc::demo::write(fresh.path(), 0.01)).unwrap();
            // Where another process was faster, its folder serves as well.
            let _ = std::fs::rename(fresh.path(), &kept);
        }
        kept.join("data")
    });
    data.clone()
}
