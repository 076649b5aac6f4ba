//! Real object stores on loopback, started and stopped by the test that wants one.
//!
//! Each is a process of its own on a free port, with an empty bucket or container `planc`.
//! `.ci/servers` installs the programs. Where they are missing, a test that asks for one says so
//! and ends; with `PLANC_REQUIRE_SERVERS=1`, as in `.ci/run`, it fails.

pub mod files;
pub mod http;
pub mod proxy;

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The name of the bucket or container.
pub const BUCKET: &str = "planc";

/// Azurite's built-in account, which its documentation names.
const AZURE_ACCOUNT: &str = "devstoreaccount1";

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// moto's S3.
    S3,
    /// Azurite's blob service.
    Azure,
}

/// A running server. It stops when this is dropped, or when the test's process ends in any way.
#[derive(Debug)]
pub struct Server {
    pub kind: Kind,
    pub port: u16,
    child: Child,
    _folder: tempfile::TempDir,
}

/// moto's S3 with an empty bucket, or none where moto is not installed.
pub fn s3() -> Option<Server> {
    start(Kind::S3)
}

/// Azurite with an empty container, or none where it is not installed.
pub fn azure() -> Option<Server> {
    start(Kind::Azure)
}

impl Server {
    /// The URL of a folder in the bucket or container.
    pub fn url(&self, folder: &str) -> String {
        let scheme = match self.kind {
            Kind::S3 => "s3",
            Kind::Azure => "az",
        };
        format!("{scheme}://{BUCKET}/{folder}")
    }

    /// What a program needs in its environment to reach this server.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        environment(self.kind, self.port)
    }

    /// The paths of the objects in a folder of moto's bucket, sorted.
    pub fn list(&self, folder: &str) -> Vec<String> {
        let target = format!("/{BUCKET}?list-type=2&prefix={folder}");
        let answer = http::send(self.port, "GET", &target, &[http::SIGNED], b"").unwrap();
        let text = String::from_utf8(answer.body).unwrap();
        let keys = text.split("<Key>").skip(1).map(|rest| rest.split_once("</Key>").unwrap().0);
        keys.map(str::to_owned).collect()
    }

    /// The bytes of one of moto's objects.
    pub fn object(&self, path: &str) -> Vec<u8> {
        let target = format!("/{BUCKET}/{path}");
        let answer = http::send(self.port, "GET", &target, &[http::SIGNED], b"").unwrap();
        assert_eq!(answer.status, 200, "{path}");
        answer.body
    }

    /// Puts one of moto's objects, whatever is there.
    pub fn put_object(&self, path: &str, bytes: &[u8]) {
        let target = format!("/{BUCKET}/{path}");
        let answer = http::send(self.port, "PUT", &target, &[http::SIGNED], bytes).unwrap();
        assert_eq!(answer.status, 200, "{path}");
    }

    /// Makes moto look at credentials from now on. Gives the environment of a user who may do all.
    pub fn guard(&self) -> Vec<(&'static str, String)> {
        let ask = |action: &str| {
            let signed = http::SIGNED.1.replace("/s3/", "/iam/");
            let form = ("Content-Type", "application/x-www-form-urlencoded");
            let body = format!("Version=2010-05-08&UserName=planc&{action}");
            let headers = [("Authorization", signed.as_str()), form];
            let answer = http::send(self.port, "POST", "/", &headers, body.as_bytes()).unwrap();
            let text = String::from_utf8(answer.body).unwrap();
            assert_eq!(answer.status, 200, "{text}");
            text
        };
        ask("Action=CreateUser");
        let all = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A\
                   %22Allow%22%2C%22Action%22%3A%22*%22%2C%22Resource%22%3A%22*%22%7D%5D%7D";
        ask(&format!("Action=PutUserPolicy&PolicyName=all&PolicyDocument={all}"));
        let key = ask("Action=CreateAccessKey");
        let part = |name: &str| {
            let (_, rest) = key.split_once(&format!("<{name}>")).unwrap();
            rest.split_once('<').unwrap().0.to_owned()
        };
        self.look_at_credentials_after("0");
        let mut environment = self.environment();
        for (name, value) in &mut environment {
            match *name {
                "AWS_ACCESS_KEY_ID" => *value = part("AccessKeyId"),
                "AWS_SECRET_ACCESS_KEY" => *value = part("SecretAccessKey"),
                _ => {}
            }
        }
        environment
    }

    /// Takes the guard away.
    pub fn unguard(&self) {
        self.look_at_credentials_after("inf");
    }

    fn look_at_credentials_after(&self, requests: &str) {
        let target = "/moto-api/reset-auth";
        let answer = http::send(self.port, "POST", target, &[], requests.as_bytes()).unwrap();
        assert_eq!(answer.status, 200);
    }

    /// Ends the server at once.
    pub fn stop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// As [`Server::environment`], for a server of this kind at any port.
pub fn environment(kind: Kind, port: u16) -> Vec<(&'static str, String)> {
    let at = format!("http://127.0.0.1:{port}");
    match kind {
        Kind::S3 => vec![
            ("AWS_ENDPOINT_URL", at),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ],
        Kind::Azure => vec![
            ("AZURE_STORAGE_USE_EMULATOR", "true".to_owned()),
            ("AZURE_STORAGE_ACCOUNT_NAME", AZURE_ACCOUNT.to_owned()),
            ("AZURITE_BLOB_STORAGE_URL", at),
        ],
    }
}

fn start(kind: Kind) -> Option<Server> {
    let program = match kind {
        Kind::S3 => "moto_server",
        Kind::Azure => "azurite-blob",
    };
    let Some(path) = installed(program) else {
        let missing = format!("{program} is not installed (.ci/servers installs it)");
        assert!(std::env::var_os("PLANC_REQUIRE_SERVERS").is_none(), "{missing}");
        eprintln!("skipped: {missing}");
        return None;
    };
    // Between finding a free port and using it, another process can take it.
    (0..3).find_map(|_| launch(kind, &path)).or_else(|| panic!("{program} does not start"))
}

/// Where `.ci/servers` puts a program, or where the PATH has it.
fn installed(program: &str) -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let servers = std::env::var_os("PLANC_SERVERS").map(PathBuf::from);
    let servers = servers.unwrap_or_else(|| home.join(".cache/planc/servers"));
    let own = [servers.join("venv/bin"), servers.join("node_modules/.bin")];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = own.into_iter().chain(std::env::split_paths(&path));
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn launch(kind: Kind, program: &std::path::Path) -> Option<Server> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    // The shell waits for the end of its input, which comes however this process ends.
    let script = r#""$@" >"$PLANC_SERVER_LOG" 2>&1 & server=$!; read -r _; kill -9 "$server""#;
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(program);
    let port_text = port.to_string();
    match kind {
        Kind::S3 => command.args(["-H", "127.0.0.1", "-p", &port_text]),
        Kind::Azure => command
            .args(["--silent", "--disableTelemetry", "--skipApiVersionCheck", "--location"])
            .arg(folder.path())
            .args(["--blobHost", "127.0.0.1", "--blobPort", &port_text]),
    };
    let log = folder.path().join("log");
    command.env("PLANC_SERVER_LOG", &log).stdin(Stdio::piped());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let server = Server { kind, port, child: command.spawn().unwrap(), _folder: folder };
    let clock = Instant::now();
    while clock.elapsed() < PATIENCE {
        if make_bucket(kind, port) {
            return Some(server);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    eprintln!("{}", std::fs::read_to_string(log).unwrap_or_default());
    None
}

/// True where the server answered that the bucket is made.
fn make_bucket(kind: Kind, port: u16) -> bool {
    match kind {
        Kind::S3 => http::send(port, "PUT", &format!("/{BUCKET}"), &[], b"")
            .is_ok_and(|answer| answer.status == 200),
        Kind::Azure => {
            // Azurite wants the request signed, and the standard library of Python can.
            let script = include_str!("container.py");
            let python = installed("python3").unwrap_or_else(|| PathBuf::from("python3"));
            let mut command = Command::new(python);
            command.args(["-c", script, &port.to_string(), BUCKET]);
            command.output().is_ok_and(|output| output.status.success())
        }
    }
}

#[test]
fn servers_start_answer_and_stop() {
    let Some(mut server) = s3() else { return };
    assert_eq!(server.url("rules"), "s3://planc/rules");
    assert_eq!(server.environment()[0].1, format!("http://127.0.0.1:{}", server.port));
    let signed = http::SIGNED;
    let headers = [signed, ("If-None-Match", "*")];
    let put = || http::send(server.port, "PUT", "/planc/a/b", &headers, b"bytes").unwrap();
    assert_eq!(put().status, 200);
    assert_eq!(put().status, 412);
    let got = http::send(server.port, "GET", "/planc/a/b", &[signed], b"").unwrap();
    assert_eq!((got.status, got.body.as_slice()), (200, b"bytes".as_slice()));
    server.stop();
    assert!(http::send(server.port, "GET", "/planc/a/b", &[signed], b"").is_err());
    let Some(server) = azure() else { return };
    assert!(http::send(server.port, "GET", "/", &[], b"").is_ok());
}
