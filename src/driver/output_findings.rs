//! What is wrong with a rule's declared output, as far as no table need be asked for it.

use planc_artifacts::ResultRecord;
use planc_backend::sink::delta;
use planc_ir::{Diagnostic, code};

use super::compile::{Compiler, output_table};
use super::run::{kept, place};
use crate::project::Project;
use crate::project::outputs::Output;
use crate::project::rules::Rule;
use crate::project::settings::setting_place;

/// All findings, placed in the rule: P0807 for settings that do not fit together or with the
/// rule's columns, P0705 for a place that is not written over or a type that the table cannot
/// hold, P0714 for a key, P0101, P0202 and P0806 for a condition. `record` is what compiling the
/// rule gave; without an artifact only the settings are looked at.
pub fn output_findings(
    project: &Project,
    compiler: &Compiler,
    rule: &Rule,
    record: Option<&ResultRecord>,
) -> Vec<Diagnostic> {
    let output = match project.output(rule) {
        Ok(Some(output)) => output,
        Ok(None) => return Vec::new(),
        Err(finding) => return vec![finding],
    };
    let mut found = Vec::new();
    let target = place(output.location());
    let shown = target.strip_prefix(&project.home).unwrap_or(&target).display().to_string();
    if let Some(what) = kept(project, &compiler.rules, &target) {
        let message = format!("`{shown}` is {what} and is not written over");
        let help = "choose another place for the rows";
        found.push(Diagnostic::new(code::OUTPUT_FAILED, message).help(help));
    }
    let table = record.filter(|record| record.digest.is_some()).and_then(output_table);
    if let (Output::Delta { options, .. }, Some(table)) = (&output, table) {
        let state = || compiler.state();
        found.extend(delta::findings(state, &shown, &table.schema, options, &project.params));
    }
    let span = setting_place(&rule.text, "output");
    found.into_iter().map(|finding| finding.at(span)).collect()
}
