//! A rule's output beside the schema that its comment declares.

use planc_artifacts::ResultRecord;
use planc_ir::type_text::parse_type;
use planc_ir::{Diagnostic, code};

use crate::project::parameter_type;
use crate::project::rules::Rule;
use crate::project::settings::setting_place;

/// P0413 for each column that is missing, too many, or of another type. Nothing is said of a
/// rule that has no plan.
pub(super) fn differences(rule: &Rule, record: &ResultRecord) -> Vec<Diagnostic> {
    if record.digest.is_none() {
        return Vec::new();
    }
    let mut found = of_output(rule, record);
    let Some(schema) = rule.settings.schema.as_ref() else { return found };
    let place = setting_place(&rule.text, "schema");
    let wrong = |message: String| Diagnostic::new(code::OUTPUT_SCHEMA, message).at(place);
    for (name, declared) in schema {
        let Some(wanted) = parameter_type(declared) else {
            found.push(wrong(format!("`{name}`: there is no type `{declared}`")));
            continue;
        };
        match record.output.iter().find(|field| field.name == *name) {
            None => {
                let names = record.output.iter().map(|field| field.name.as_str());
                let help = planc_ir::suggest::did_you_mean(name, names);
                let message = format!("the output has no column `{name}`");
                found.push(wrong(message).help_opt(help));
            }
            Some(field) if parse_type(&field.data_type).ok().as_ref() != Some(&wanted) => {
                let given = &field.data_type;
                found.push(wrong(format!("`{name}` is declared as {wanted} and is {given}")));
            }
            Some(_) => {}
        }
    }
    for field in record.output.iter().filter(|field| !schema.contains_key(&field.name)) {
        found.push(wrong(format!("the output has a column `{}` that is not declared", field.name)));
    }
    found
}

/// P0714 for a key column, P0807 for a partition column, that the output of the rule lacks.
fn of_output(rule: &Rule, record: &ResultRecord) -> Vec<Diagnostic> {
    let Some(output) = &rule.settings.output else { return Vec::new() };
    let place = setting_place(&rule.text, "output");
    let lacks = |name: &&String| record.output.iter().all(|field| field.name != **name);
    let missing = |code: planc_ir::Code, what: &str, name: &String| {
        let names = record.output.iter().map(|field| field.name.as_str());
        let help = planc_ir::suggest::did_you_mean(name, names);
        let message = format!("the output has no {what} column `{name}`");
        Diagnostic::new(code, message).at(place).help_opt(help)
    };
    let keys = output.key.iter().filter(lacks);
    let keys = keys.map(|name| missing(code::OUTPUT_KEY, "key", name));
    let parts = output.partition_by.iter().filter(lacks);
    keys.chain(parts.map(|name| missing(code::RULE_SETTINGS, "partition", name))).collect()
}
