//! What a change touches: two states of a project, rule by rule, through the whole graph.

use std::collections::{BTreeMap, BTreeSet};

use planc_ir::Digest;
use serde::Serialize;

use super::compile::{Compiled, Compiler, Selected};
use super::deep::{Deep, DeepPlans};
use super::lineage::Lineage;
use super::load_catalog;
use super::trace::changed_lines;
use crate::project::Project;
use crate::project::config::CacheMode;
use crate::report::FileReport;

/// What a change is to one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It has errors now.
    Failed,
    /// It was not there.
    Added,
    /// It is not there any more.
    Removed,
    /// It asks another question itself.
    Changed,
    /// It returns something else, because a rule upstream changed.
    Rebuild,
    /// A rule upstream changed, without effect on what this one returns.
    Unaffected,
    /// Its text changed, and what it returns did not.
    Respelled,
    /// Nothing changed.
    Unchanged,
}

/// One rule of an impact report.
#[derive(Debug, Clone, Serialize)]
pub struct RuleImpact {
    /// The rule.
    pub rule: String,
    /// Its file, in the newer state where it is there.
    pub path: String,
    /// What the change is to it.
    pub effect: Effect,
    /// Whether what was built from it must be built again.
    pub rebuild: bool,
    /// The changed rules upstream.
    pub through: Vec<String>,
    /// The columns and predicates that did it.
    pub causes: Vec<String>,
    /// Why a deep digest stands for the rule's own plan only, where it does.
    pub fallback: Option<String>,
    /// The digests before.
    pub base: Digests,
    /// The digests now.
    pub head: Digests,
}

/// The two digests of a rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Digests {
    /// With upstream rules as tables.
    pub digest: Option<Digest>,
    /// Down to the sources.
    pub deep_digest: Option<Digest>,
}

/// The most causes that are named of one rule.
const MOST_CAUSES: usize = 4;

/// A compiled project, and what was found on the way.
struct Side<'p> {
    project: &'p Project,
    compiler: Compiler<'p>,
    compiled: Compiled,
}

impl<'p> Side<'p> {
    fn of(project: &'p Project, mode: CacheMode) -> Result<Self, Vec<FileReport>> {
        let (catalog, _) = load_catalog(project)?;
        let rules = project.rules().map_err(|report| vec![report])?;
        let compiler = Compiler::new(project, rules, catalog, mode);
        let compiled = compiler.compile(Selected::All, &|_, _| {});
        Ok(Side { project, compiler, compiled })
    }
}

/// One side, with its deep digests.
struct State<'a> {
    project: &'a Project,
    compiler: &'a Compiler<'a>,
    compiled: &'a Compiled,
    plans: DeepPlans<'a>,
    deep: Vec<Option<Deep>>,
}

impl<'a> State<'a> {
    fn of(side: &'a Side<'a>) -> Self {
        let plans = DeepPlans::new(&side.compiler, &side.compiled);
        let deep = plans.digests();
        let Side { project, compiler, compiled } = side;
        State { project, compiler, compiled, plans, deep }
    }

    fn digests(&self, index: Option<usize>) -> Digests {
        let outcome = |index: usize| self.compiled.outcomes.get(index)?.as_ref();
        Digests {
            digest: index.and_then(|index| outcome(index)?.record.digest),
            deep_digest: index.and_then(|index| Some(self.deep.get(index)?.as_ref()?.digest)),
        }
    }

    /// Where the rows of a rule go, in words; empty without an output.
    fn output(&self, index: usize) -> String {
        let rule = self.compiler.rules.get(index);
        let config = rule.and_then(|rule| self.project.output_config(rule));
        config.map(|config| config.rows()).unwrap_or_default()
    }

    /// The sources that a rule reads, itself or through others, with their data in words.
    fn sources(&self, index: usize) -> BTreeMap<String, String> {
        let sources = self.project.sources();
        let rules = self.compiled.graph.upstream([index]);
        let outcomes = rules.iter().filter_map(|rule| self.compiled.outcomes.get(*rule)?.as_ref());
        let names = outcomes.flat_map(|outcome| outcome.record.lookups.keys());
        names
            .filter_map(|name| Some((name.clone(), sources.get(name.as_str())?.get_ref().data())))
            .collect()
    }

    fn lineage(&self, index: usize) -> Option<(Lineage, String)> {
        let plan = self.plans.plan(index, self.deep.get(index)?.as_ref()?)?;
        Some((Lineage::of(&plan), plan.display_indent().to_string()))
    }
}

/// Compares two states of a project. The rules come in dependency order.
///
/// # Errors
///
/// Where a state's catalog or rules cannot be read.
pub fn impact(
    base: &Project,
    head: &Project,
    mode: CacheMode,
) -> Result<Vec<RuleImpact>, Vec<FileReport>> {
    let (base, head) = (Side::of(base, mode)?, Side::of(head, mode)?);
    let (base, head) = (State::of(&base), State::of(&head));
    let mut found: BTreeMap<usize, RuleImpact> = BTreeMap::new();
    let waves = head.compiled.graph.waves();
    let mut order: Vec<usize> = waves.into_iter().flatten().collect();
    let cyclic: Vec<usize> =
        (0..head.compiler.rules.len()).filter(|i| !order.contains(i)).collect();
    order.extend(cyclic);
    for index in &order {
        if let Some(impact) = one(&base, &head, *index, &found) {
            found.insert(*index, impact);
        }
    }
    let mut impacts: Vec<RuleImpact> =
        order.iter().filter_map(|index| found.remove(index)).collect();
    for (index, rule) in base.compiler.rules.iter().enumerate() {
        if head.compiler.position(&rule.name).is_none() {
            impacts.push(RuleImpact {
                rule: rule.name.clone(),
                path: rule.path.clone(),
                effect: Effect::Removed,
                rebuild: false,
                through: vec![],
                causes: vec![],
                fallback: None,
                base: base.digests(Some(index)),
                head: Digests::default(),
            });
        }
    }
    Ok(impacts)
}

fn one(
    base: &State,
    head: &State,
    index: usize,
    found: &BTreeMap<usize, RuleImpact>,
) -> Option<RuleImpact> {
    let rule = head.compiler.rules.get(index)?;
    let old_index = base.compiler.position(&rule.name);
    let old_rule = old_index.and_then(|old| base.compiler.rules.get(old));
    let (before, after) = (base.digests(old_index), head.digests(Some(index)));
    let upstream = head.compiled.graph.upstream([index]);
    let effects = |wanted: &[Effect]| -> BTreeSet<String> {
        let others = upstream.iter().filter(|other| **other != index);
        let others = others.filter_map(|other| found.get(other));
        others.filter(|i| wanted.contains(&i.effect)).map(|i| i.rule.clone()).collect()
    };
    let changed = effects(&[Effect::Changed, Effect::Added]);
    let moved = !effects(&[Effect::Changed, Effect::Added, Effect::Rebuild]).is_empty();
    let same_text =
        old_rule.is_some_and(|old| old.text == rule.text && old.bundle_key() == rule.bundle_key());
    let same_deep = after.deep_digest.is_some() && before.deep_digest == after.deep_digest;
    let effect = match (old_rule, after.digest) {
        (_, None) => Effect::Failed,
        (None, _) => Effect::Added,
        _ if same_deep && !same_text => Effect::Respelled,
        _ if same_deep && moved => Effect::Unaffected,
        _ if same_deep => Effect::Unchanged,
        _ if before.digest == after.digest || (same_text && moved) => Effect::Rebuild,
        _ => Effect::Changed,
    };
    let elsewhere = match old_index {
        Some(old) if after.digest.is_some() => elsewhere(base, head, old, index),
        _ => Elsewhere::default(),
    };
    let effect = match effect {
        Effect::Respelled | Effect::Unaffected | Effect::Unchanged if elsewhere.own => {
            Effect::Changed
        }
        Effect::Respelled | Effect::Unaffected | Effect::Unchanged if !elsewhere.why.is_empty() => {
            Effect::Rebuild
        }
        effect => effect,
    };
    let rebuild = matches!(effect, Effect::Added | Effect::Changed | Effect::Rebuild);
    let same_meaning = same_deep || (before.digest == after.digest && !moved);
    let mut causes = match (effect, old_index) {
        (Effect::Changed | Effect::Rebuild, _) if same_meaning => vec![],
        (Effect::Changed | Effect::Rebuild, Some(old)) if before.digest.is_some() => {
            causes(base, head, old, index)
        }
        (Effect::Changed, _) => vec!["it had errors before".to_owned()],
        (Effect::Failed, _) => {
            let outcome = head.compiled.outcomes.get(index).and_then(Option::as_ref);
            let errors = outcome.into_iter().flat_map(|o| &o.record.diagnostics);
            errors.take(1).map(|error| format!("{} {}", error.code, error.message)).collect()
        }
        (Effect::Respelled, _) if before.digest != after.digest => {
            vec!["it reads other rules than before, and asks the same of the sources".to_owned()]
        }
        _ => vec![],
    };
    causes.extend(elsewhere.why);
    let through = match effect {
        Effect::Rebuild | Effect::Unaffected => changed.into_iter().collect(),
        _ => vec![],
    };
    let fallback = head.deep.get(index)?.as_ref().and_then(|deep| deep.fallback.clone());
    Some(RuleImpact {
        rule: rule.name.clone(),
        path: rule.path.clone(),
        effect,
        rebuild,
        through,
        causes,
        fallback,
        base: before,
        head: after,
    })
}

/// What is not in the plans: where rows come from and go to.
#[derive(Default)]
struct Elsewhere {
    /// Whether it is about the rule's own output.
    own: bool,
    why: Vec<String>,
}

fn elsewhere(base: &State, head: &State, old: usize, new: usize) -> Elsewhere {
    let mut found = Elsewhere::default();
    let was = |before: &str, after: &str| match (before, after) {
        ("", after) => format!("is {after} and was not there"),
        (before, "") => format!("was {before} and is gone"),
        (before, after) => format!("was {before} and is {after}"),
    };
    let (before, after) = (base.output(old), head.output(new));
    if before != after {
        found.own = true;
        found.why.push(format!("its output {}", was(&before, &after)));
    }
    for other in head.compiled.graph.upstream([new]).into_iter().filter(|other| *other != new) {
        let rule = head.compiler.rules.get(other);
        let Some(name) = rule.map(|rule| rule.name.as_str()) else { continue };
        let Some(earlier) = base.compiler.position(name) else { continue };
        let (before, after) = (base.output(earlier), head.output(other));
        if before != after {
            found.why.push(format!("the output of `{name}` {}", was(&before, &after)));
        }
    }
    let before = base.sources(old);
    for (name, after) in head.sources(new) {
        if let Some(before) = before.get(&name).filter(|before| **before != after) {
            found.why.push(format!("the source `{name}` {}", was(before, &after)));
        }
    }
    found
}

/// The columns and predicates in which two plans differ, or the first lines that do.
fn causes(base: &State, head: &State, old: usize, new: usize) -> Vec<String> {
    let (Some((before, before_text)), Some((after, after_text))) =
        (base.lineage(old), head.lineage(new))
    else {
        return vec![];
    };
    let mut causes = before.changes(&after);
    if causes.is_empty() && before_text != after_text {
        let lines = changed_lines(&before_text, &after_text);
        let lines = lines.lines().filter(|line| line.starts_with(['-', '+']));
        let lines: Vec<&str> = lines.take(2).collect();
        causes.push(format!("the plan: {}", lines.join(" ")));
    }
    if causes.is_empty() {
        causes.push("types or nullability".to_owned());
    }
    if causes.len() > MOST_CAUSES {
        let more = causes.len() - (MOST_CAUSES - 1);
        causes.truncate(MOST_CAUSES - 1);
        causes.push(format!("and {more} more"));
    }
    causes
}
