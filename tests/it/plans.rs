//! Artifacts as people and other tools see them: `explain`, `inspect`, `migrate`.

use crate::sandbox::Sandbox;

/// A project with one compiled rule; its digest, and where the artifact lies.
fn compiled() -> (Sandbox, String, String) {
    let sandbox = Sandbox::shop();
    sandbox.file(
        "rules/open.sql",
        "select customer_id, sum(amount) as total from orders where status = 'open' group by 1\n",
    );
    let ran = sandbox.planc(&["compile", "--json"]).succeeded();
    let line = ran.stdout.lines().find(|line| line.contains("\"digest\"")).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    let digest = line["digest"].as_str().unwrap().to_owned();
    let path = format!(".planc/cache/cas/{}/{digest}", &digest[..2]);
    (sandbox, digest, path)
}

#[test]
fn an_artifact_is_shown_as_text_and_as_json() {
    let (sandbox, digest, path) = compiled();
    let text = sandbox.planc(&["explain", &digest]).succeeded().stdout.clone();
    assert!(text.contains("read orders (customer_id i64?"), "{text}");
    assert!(text.contains("of extension:io.substrait:functions_comparison"), "{text}");
    assert_eq!(sandbox.planc(&["inspect", &path]).succeeded().stdout, text);
    let json = sandbox.planc(&["explain", &digest, "--format", "json"]).succeeded().stdout.clone();
    let plan: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(plan["relations"][0]["root"]["names"][0], "customer_id", "{json}");
    // Substrait's JSON reads back as the same plan.
    sandbox.file("plan.json", &json);
    assert_eq!(sandbox.planc(&["inspect", "plan.json"]).succeeded().stdout, text);
}

#[test]
fn plans_of_older_producers_are_shown_with_their_uris() {
    let sandbox = Sandbox::new();
    // Plan { extension_uris: [{1, "u"}], extensions: [{function: {uri 1, anchor 1, "f"}}] }
    let uri = [0x0a, 5, 0x08, 1, 0x12, 1, b'u'];
    let function = [0x12, 9, 0x1a, 7, 0x08, 1, 0x10, 1, 0x1a, 1, b'f'];
    sandbox.file("old.substrait", [uri.as_slice(), function.as_slice()].concat());
    let ran = sandbox.planc(&["inspect", "old.substrait"]);
    assert_eq!(ran.succeeded().stdout, "function 1 f of u\n");
}

#[test]
fn what_is_no_plan_is_a_finding() {
    let sandbox = Sandbox::new();
    sandbox.file("noise", [0xff; 40]);
    sandbox.file("noise.json", "{\"relations\": 7}");
    for file in ["noise", "noise.json"] {
        let ran = sandbox.planc(&["inspect", file]);
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains("P0501"), "{}", ran.stderr);
    }
    assert_eq!(sandbox.planc(&["inspect", "missing"]).code, 2);
}

#[test]
fn a_store_in_todays_format_stays_as_it_is() {
    let (sandbox, digest, _) = compiled();
    let ran = sandbox.planc(&["migrate"]);
    let expected = "1 artifacts are in format 1, 0 moved, 0 cannot be read\n";
    assert_eq!(ran.succeeded().stdout, expected);
    // An artifact of a format that this planc does not have is named, and left alone.
    let path = sandbox.path().join(format!(".planc/cache/cas/{}/{digest}", &digest[..2]));
    let mut bytes = std::fs::read(path).unwrap();
    let at = bytes.windows(8).position(|window| window == b"format-1").unwrap();
    bytes[at + 7] = b'9';
    let other = planc_ir::Digest::of(&bytes).to_string();
    sandbox.file(&format!(".planc/cache/cas/{}/{other}", &other[..2]), &bytes);
    let ran = sandbox.planc(&["migrate", "--dry-run"]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains(&format!("{other} stays: P0502: ")), "{}", ran.stdout);
}
