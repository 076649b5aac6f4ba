//! Runs the files of `golden/`. `PLANC_BLESS=1` rewrites their outputs.

use planc::golden::run_file;

#[test]
fn golden_cases_hold() {
    let bless = std::env::var_os("PLANC_BLESS").is_some();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    insta::glob!(env!("CARGO_MANIFEST_DIR"), "golden/**/*.md", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let (failures, blessed) = runtime.block_on(run_file(&text));
        if bless && blessed != text {
            std::fs::write(path, &blessed).unwrap();
        }
        let open: Vec<String> = failures
            .iter()
            .filter(|failure| !(bless && failure.message.contains("is now:")))
            .map(|failure| format!("{}: {}", failure.case, failure.message))
            .collect();
        let again = "PLANC_BLESS=1 cargo test --test it golden_cases_hold";
        assert!(
            open.is_empty(),
            "{}\n{}\nto accept the outputs: {again}",
            path.display(),
            open.join("\n")
        );
    });
}
