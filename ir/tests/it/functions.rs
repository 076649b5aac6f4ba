//! The extension files in the repository list what planc writes.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use planc_ir::{Settings, planning_state};

/// `extensions/functions.yaml` as it should be. `PLANC_BLESS=1` writes it.
#[test]
fn the_functions_of_datafusion_are_listed() {
    let state = planning_state(&Settings::default());
    let scalar: BTreeSet<&str> = state.scalar_functions().values().map(|f| f.name()).collect();
    let aggregate: BTreeSet<&str> =
        state.aggregate_functions().values().map(|f| f.name()).collect();
    let window: BTreeSet<&str> = state.window_functions().values().map(|f| f.name()).collect();
    let own: BTreeSet<&str> = planc_ir::substrait::own_names().collect();
    let clash: Vec<_> = own.iter().filter(|name| scalar.contains(*name)).collect();
    assert!(clash.is_empty(), "operators are called like functions: {clash:?}");

    let mut yaml = String::from(
        "# The functions of `extension:dev.planc:datafusion-55`: DataFusion's, by its names, and\n\
         # operators whose meaning no official function has. Arguments and results are typed as\n\
         # DataFusion types them. Made by the test `the_functions_of_datafusion_are_listed`.\n\
         %YAML 1.2\n---\nurn: extension:dev.planc:datafusion-55\n",
    );
    let any = "impls: [{ args: [{ value: any }], variadic: { min: 0 }, return: any }]";
    let higher_order = state.higher_order_functions().values().map(|f| f.name());
    let all: BTreeSet<&str> = scalar.union(&own).copied().chain(higher_order).collect();
    for (section, names) in [
        ("scalar_functions", &all),
        ("aggregate_functions", &aggregate),
        ("window_functions", &window),
    ] {
        writeln!(yaml, "{section}:").unwrap();
        for name in names {
            writeln!(yaml, "  - name: {name:?}\n    {any}").unwrap();
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("extensions/functions.yaml");
    if std::env::var_os("PLANC_BLESS").is_some() {
        std::fs::write(&path, &yaml).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == yaml, "run with PLANC_BLESS=1");
}
