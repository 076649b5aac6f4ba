//! Bundles: a Substrait plan, and in a TOML file beside it what a plan does not say: the
//! settings of the rule, the SQL that Ibis itself gives, the types that Ibis means.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use planc_frontend::substrait::{FACTS, Fact};
use planc_ir::{Diagnostic, code};
use serde::Deserialize;

use super::config::OutputConfig;
use super::settings::{RuleSettings, sentence};

/// Which of a bundle's two ways to a plan is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// The plan; the SQL where the plan is refused.
    #[default]
    Auto,
    /// The plan only.
    Substrait,
    /// The SQL only.
    Sql,
}

/// A rule that is no SQL file.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// The plan, in binary or JSON.
    pub plan: Option<Vec<u8>>,
    /// The SQL; it is the rule's text, too.
    pub sql: Option<Arc<str>>,
    /// Which is taken.
    pub lane: Lane,
    /// What the one who wrote the plan knows of it.
    pub facts: Vec<Fact>,
    /// The output's columns and types as the producer says them, in Ibis's words.
    pub schema: BTreeMap<String, String>,
    /// Why the producer wrote no plan.
    pub refused: Option<String>,
    /// The bytes of plan and TOML, each behind its length: what a result depends on.
    pub key: Vec<u8>,
}

/// The TOML file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct BundleFile {
    lane: Lane,
    sql: Option<String>,
    dialect: Option<String>,
    output: Option<OutputConfig>,
    description: Option<String>,
    schema: BTreeMap<String, String>,
    refused: Option<String>,
    facts: Vec<String>,
    /// Who made a plan that names nobody: `ibis-substrait`, or anything else for somebody who
    /// means what the specification says.
    producer: Option<String>,
}

impl Bundle {
    /// From the bytes of the plan and the text of the TOML file, as far as they are there.
    ///
    /// # Errors
    ///
    /// P0807 where the TOML file is wrong, or neither plan nor SQL is there.
    pub fn new(
        plan: Option<Vec<u8>>,
        toml: Option<&str>,
    ) -> Result<(Bundle, RuleSettings), Diagnostic> {
        let wrong = |message: String| {
            Diagnostic::new(code::RULE_SETTINGS, format!("in the TOML file: {message}"))
        };
        let file: BundleFile = match toml {
            Some(text) => toml::from_str(text).map_err(|e| wrong(sentence(&e, text)))?,
            None => BundleFile::default(),
        };
        let mut facts = Vec::with_capacity(file.facts.len());
        for name in &file.facts {
            let fact = FACTS.iter().find(|(known, _)| known == name);
            let Some((_, fact)) = fact else {
                let help = planc_ir::suggest::did_you_mean(name, FACTS.iter().map(|(n, _)| *n));
                return Err(wrong(format!("there is no fact `{name}`")).help_opt(help));
            };
            facts.push(*fact);
        }
        facts.extend(file.producer.as_deref().map(|producer| match producer {
            "ibis-substrait" => Fact::ByIbis,
            _ => Fact::ByTheBook,
        }));
        let missing = match (&file.lane, &plan, &file.sql) {
            (Lane::Substrait, None, _) => Some("the lane is `substrait`, and there is no plan"),
            (Lane::Sql, _, None) => Some("the lane is `sql`, and there is no `sql`"),
            (Lane::Auto, None, None) => Some("there is neither a plan beside it nor `sql` in it"),
            _ => None,
        };
        if let Some(missing) = missing {
            return Err(wrong(missing.to_owned()));
        }
        let mut key = Vec::new();
        for part in [plan.as_deref().unwrap_or_default(), toml.unwrap_or_default().as_bytes()] {
            key.extend((part.len() as u64).to_le_bytes());
            key.extend(part);
        }
        let settings = RuleSettings {
            // The SQL of a bundle is for planc unless it says otherwise.
            dialect: Some(file.dialect.unwrap_or_else(|| "datafusion".to_owned())),
            output: file.output,
            description: file.description,
            schema: None,
        };
        let bundle = Bundle {
            plan,
            sql: file.sql.map(Arc::from),
            lane: file.lane,
            facts,
            schema: file.schema,
            refused: file.refused,
            key,
        };
        Ok((bundle, settings))
    }
}

/// The TOML file beside a plan.
pub(super) fn toml_beside(plan: &Path) -> Option<PathBuf> {
    let name = plan.file_name()?.to_string_lossy().into_owned();
    let stem = name.strip_suffix(".substrait.json").or_else(|| name.strip_suffix(".substrait"))?;
    let toml = plan.with_file_name(format!("{stem}.toml"));
    toml.is_file().then_some(toml)
}

/// Whether a plan stands beside a TOML file, which is then no rule of its own.
pub(super) fn has_plan(toml: &Path) -> bool {
    ["substrait", "substrait.json"].iter().any(|ending| toml.with_extension(ending).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_has_a_plan_or_sql() {
        let (bundle, settings) = Bundle::new(None, Some("sql = 'select 1'")).unwrap();
        assert_eq!(bundle.sql.as_deref(), Some("select 1"));
        assert_eq!(settings.dialect.as_deref(), Some("datafusion"));
        let text = "facts = ['uncorrelated']\nlane = 'substrait'\n[schema]\nk = 'int64'";
        let (bundle, _) = Bundle::new(Some(vec![1]), Some(text)).unwrap();
        assert_eq!(
            (bundle.facts.as_slice(), bundle.lane),
            (&[Fact::Uncorrelated][..], Lane::Substrait)
        );
        for (plan, toml, words) in [
            (None, "lane = 'auto'", "neither a plan"),
            (None, "lane = 'substrait'\nsql = 'select 1'", "there is no plan"),
            (Some(vec![1]), "lane = 'sql'", "there is no `sql`"),
            (Some(vec![1]), "facts = ['uncorelated']", "no fact `uncorelated`"),
            (Some(vec![1]), "lanes = 'sql'", "unknown field `lanes`"),
        ] {
            let error = Bundle::new(plan, Some(toml)).unwrap_err();
            assert!(error.message.contains(words), "{}", error.message);
        }
    }
}
