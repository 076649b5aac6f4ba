//! Rules that come as a bundle: a plan, SQL, or both, and which of them is taken.

use std::collections::{BTreeMap, BTreeSet};

use planc_artifacts::ResultRecord;
use planc_frontend::sql::{Parsed, Planned};
use planc_frontend::substrait::{self, ParsedPlan, SubstraitRule};
use planc_ir::{Catalog, Diagnostic, Digest, code};

use super::Compiler;
use super::expected::{other_types, small};
use crate::project::bundle::{Bundle, Lane};
use crate::project::rules::Rule;

/// What parsing a rule gives.
pub(in crate::driver) enum Source {
    Sql(Box<Parsed>),
    Bundle(Box<Lanes>),
}

/// Both ways of a bundle, as far as they are there and asked for.
pub(in crate::driver) struct Lanes {
    plan: Option<Result<ParsedPlan, Vec<Diagnostic>>>,
    sql: Option<Result<Parsed, Vec<Diagnostic>>>,
    /// The outputs that are int8 in Ibis.
    small: BTreeSet<String>,
}

impl Source {
    /// The tables that it looks up, sorted and unique.
    pub(super) fn lookups(&self) -> Vec<String> {
        match self {
            Source::Sql(parsed) => parsed.lookups.clone(),
            Source::Bundle(lanes) => {
                let plan = lanes.plan.iter().flatten().flat_map(|plan| plan.lookups.iter());
                let sql = lanes.sql.iter().flatten().flat_map(|sql| sql.lookups.iter());
                let mut all: Vec<String> = plan.chain(sql).cloned().collect();
                all.sort();
                all.dedup();
                all
            }
        }
    }
}

type Compilation = (ResultRecord, Option<Vec<u8>>);

impl Compiler<'_> {
    /// Parses both lanes of a bundle.
    ///
    /// # Errors
    ///
    /// Those of the plan and of the SQL, where neither can be read.
    pub(super) fn parse_bundle(
        &self,
        rule: &Rule,
        bundle: &Bundle,
    ) -> Result<Source, Vec<Diagnostic>> {
        let wanted = |lane| bundle.lane == Lane::Auto || bundle.lane == lane;
        let plan = bundle
            .plan
            .as_ref()
            .filter(|_| wanted(Lane::Substrait))
            .map(|bytes| substrait::parse(&SubstraitRule { bytes, facts: &bundle.facts }));
        let sql = bundle.sql.as_ref().filter(|_| wanted(Lane::Sql));
        let sql = sql.map(|_| planc_frontend::ibis_sql::parse(&self.sql_of(rule)));
        if !matches!(plan, Some(Ok(_))) && !matches!(sql, Some(Ok(_))) {
            let plan = plan.and_then(Result::err).into_iter().flatten();
            return Err(plan.chain(sql.and_then(Result::err).into_iter().flatten()).collect());
        }
        Ok(Source::Bundle(Box::new(Lanes { plan, sql, small: small(&bundle.schema) })))
    }

    /// The plan of a bundle in the lane that is taken, before any pass.
    ///
    /// # Errors
    ///
    /// What the lanes were refused with.
    pub(super) fn plan_bundle(
        &self,
        lanes: &Lanes,
        catalog: &Catalog,
    ) -> Result<planc_ir::Plan, Vec<Diagnostic>> {
        let mut refused = Vec::new();
        match &lanes.plan {
            Some(Ok(parsed)) => {
                let planned = substrait::plan(parsed, catalog, self.state());
                // A plan that cannot be compiled is as good as refused.
                match planned.plan.map(|plan| (self.compiles(plan.clone()), plan)) {
                    Some((Ok(()), plan)) => return Ok(plan),
                    Some((Err(error), _)) => refused.push(error),
                    None => refused.extend(planned.diagnostics),
                }
            }
            Some(Err(errors)) => refused.extend(errors.clone()),
            None => {}
        }
        match &lanes.sql {
            Some(Ok(parsed)) => {
                let planned = self.plan_sql(parsed, catalog, lanes);
                planned.plan.ok_or(planned.diagnostics)
            }
            Some(Err(errors)) => {
                refused.extend(errors.clone());
                Err(refused)
            }
            None => Err(refused),
        }
    }

    /// The plan of the SQL, in Ibis's meaning.
    fn plan_sql(&self, parsed: &Parsed, catalog: &Catalog, lanes: &Lanes) -> Planned {
        planc_frontend::ibis_sql::plan(parsed, catalog, self.state(), &lanes.small)
    }

    fn compiles(&self, plan: planc_ir::Plan) -> Result<(), Diagnostic> {
        let plan = planc_passes::canonicalize(plan, self.state(), &mut |_| {})?;
        planc_ir::substrait::encode(&plan).map(|_| ())
    }

    /// Compiles a bundle: the plan, or the SQL where the plan is refused.
    pub(super) fn compile_bundle(
        &self,
        bundle: &Bundle,
        lanes: &Lanes,
        catalog: &Catalog,
        lookups: BTreeMap<String, Option<Digest>>,
    ) -> Compilation {
        let plan = lanes.plan.as_ref().map(|parsed| match parsed {
            Ok(parsed) => {
                let planned = substrait::plan(parsed, catalog, self.state());
                self.encode(planned, lookups.clone())
            }
            Err(errors) => (failed(errors, &lookups), None),
        });
        let sql = lanes.sql.as_ref().map(|parsed| match parsed {
            Ok(parsed) => self.encode(self.plan_sql(parsed, catalog, lanes), lookups.clone()),
            Err(errors) => (failed(errors, &lookups), None),
        });
        let (mut record, artifact) = chosen(plan, sql, bundle);
        if record.digest.is_some() {
            record.diagnostics.extend(other_types(&record, &bundle.schema));
        }
        (record, artifact)
    }
}

fn failed(errors: &[Diagnostic], lookups: &BTreeMap<String, Option<Digest>>) -> ResultRecord {
    ResultRecord {
        diagnostics: errors.to_vec(),
        lookups: lookups.clone(),
        ..super::output::empty_record()
    }
}

/// Of both lanes' results the one that is taken, with a word on the other.
fn chosen(plan: Option<Compilation>, sql: Option<Compilation>, bundle: &Bundle) -> Compilation {
    match (plan, sql) {
        (Some((mut plan, artifact)), Some((sql, _)))
            if plan.digest.is_some() && sql.digest.is_some() =>
        {
            if plan.digest != sql.digest {
                let short = |record: &ResultRecord| {
                    record.digest.map(|digest| digest.short()).unwrap_or_default()
                };
                let message = format!(
                    "the plan and the SQL beside it have different digests: {} and {}",
                    short(&plan),
                    short(&sql)
                );
                let help = difference(&plan, &sql);
                plan.diagnostics.push(Diagnostic::new(code::LANES_DIFFER, message).help(help));
            }
            (plan, artifact)
        }
        (Some((plan, artifact)), _) if plan.digest.is_some() => (plan, artifact),
        (Some((plan, _)), Some((mut sql, artifact))) if sql.digest.is_some() => {
            let reason = plan.diagnostics.iter().find(|finding| finding.is_error());
            let reason = reason
                .map_or_else(String::new, |error| format!(": {} {}", error.code, error.message));
            let message = format!("the SQL lane was taken, since the plan was refused{reason}");
            sql.diagnostics.push(Diagnostic::new(code::SQL_LANE, message));
            (sql, artifact)
        }
        (Some((mut plan, _)), Some((sql, _))) => {
            let errors = sql.diagnostics.into_iter().filter(Diagnostic::is_error);
            plan.diagnostics.extend(errors);
            (plan, None)
        }
        (Some(only), None) => only,
        (None, Some((mut sql, artifact))) => {
            if let Some(reason) = bundle.refused.as_ref().filter(|_| sql.digest.is_some()) {
                let message = format!("the SQL lane was taken, since there is no plan: {reason}");
                sql.diagnostics.push(Diagnostic::new(code::SQL_LANE, message));
            }
            (sql, artifact)
        }
        (None, None) => (super::output::empty_record(), None),
    }
}

/// What a reader should look at first.
fn difference(plan: &ResultRecord, sql: &ResultRecord) -> String {
    let types =
        plan.output.iter().zip(&sql.output).find(|(a, b)| {
            (&a.name, &a.data_type, a.nullable) != (&b.name, &b.data_type, b.nullable)
        });
    let null = |nullable: bool| if nullable { "" } else { " not null" };
    match types {
        Some((a, b)) => format!(
            "the output `{}` is {}{} in the plan, and `{}` {}{} in the SQL",
            a.name,
            a.data_type,
            null(a.nullable),
            b.name,
            b.data_type,
            null(b.nullable)
        ),
        None => "the outputs agree in names and types; `planc diff` shows the canonical plans \
                 of the bundle with `lane = \"substrait\"` and of the SQL as a rule of its own"
            .to_owned(),
    }
}
