//! What a case runs in: its tables with their constraints, and its settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use planc_backend::{Binding, Bindings, Extent, Limits, Session, Source, check_constraint};
use planc_ir::{Catalog, Diagnostic, Settings, Table};
use toml::Spanned;

use super::case::Case;
use super::table;
use crate::project::config::Config;
use crate::project::rules::Rule;
use crate::project::{Project, constraints, parameter_type};
use crate::report::FileReport;

/// The project that cases belong to, if they do: its rules, and the settings that hold where a
/// case has none of its own.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// The rules.
    pub rules: Vec<Rule>,
    /// The dialect of rules and cases that name none.
    pub dialect: Option<String>,
    /// The time zone.
    pub time_zone: Option<String>,
    /// Parameters with their types.
    pub params: BTreeMap<String, DataType>,
}

impl Surroundings {
    /// Of a project.
    ///
    /// # Errors
    ///
    /// As [`Project::rules`].
    pub fn of(project: &Project) -> Result<Self, FileReport> {
        let settings = &project.config.project;
        Ok(Surroundings {
            rules: project.rules()?,
            dialect: Some(settings.dialect.get_ref().clone()),
            time_zone: Some(settings.time_zone.get_ref().clone()),
            params: project.params.clone(),
        })
    }
}

/// A case's tables, ready to be planned against and run on.
pub(super) struct Setting {
    pub(super) session: Session,
    /// Runs plans as DataFusion made them.
    pub(super) direct: SessionContext,
    pub(super) catalog: Catalog,
    pub(super) bindings: Bindings,
    pub(super) params: BTreeMap<String, DataType>,
    pub(super) dialect: String,
}

impl Setting {
    pub(super) async fn of(case: &Case, around: &Surroundings) -> Result<Setting, String> {
        let config: Config =
            toml::from_str(&case.settings).map_err(|error| format!("toml: {error}"))?;
        // A value that the case's own text has is placed in it.
        let own = |setting: &Spanned<String>| {
            (!setting.span().is_empty()).then(|| setting.get_ref().clone())
        };
        let default = |setting: &Spanned<String>, around: &Option<String>| {
            let around = own(setting).or_else(|| around.clone());
            around.unwrap_or_else(|| setting.get_ref().clone())
        };
        let limits = Limits { threads: Some(1), ..Limits::default() };
        let time_zone = default(&config.project.time_zone, &around.time_zone);
        let settings = Settings { time_zone };
        let session = Session::new(&settings, &limits).map_err(message)?;
        let direct = SessionContext::new_with_state(session.state().clone());
        let mut catalog = Catalog::default();
        let mut sources = BTreeMap::new();
        for (name, text) in &case.tables {
            let batch = table::read(text).map_err(|error| format!("table {name}: {error}"))?;
            catalog.insert(name, Table::new(&batch.schema()));
            let table =
                MemTable::try_new(batch.schema(), vec![vec![batch]]).map_err(|e| e.to_string())?;
            sources.insert(name.clone(), Source::of(Arc::new(table)));
        }
        declare(&config, &mut catalog, &sources, &session).await?;
        let mut params = around.params.clone();
        for (name, text) in &config.params {
            let data_type = parameter_type(text.get_ref())
                .ok_or_else(|| format!("toml: there is no type `{}`", text.get_ref()))?;
            params.insert(name.clone(), data_type);
        }
        let bindings =
            sources.into_iter().map(|(name, source)| (name, Binding::Source(source))).collect();
        let dialect = default(&config.project.dialect, &around.dialect);
        Ok(Setting { session, direct, catalog, bindings, params, dialect })
    }
}

/// Declares the case's constraints. The case's own rows must keep them, or every row that it
/// shows would prove nothing.
async fn declare(
    config: &Config,
    catalog: &mut Catalog,
    sources: &BTreeMap<String, Source>,
    session: &Session,
) -> Result<(), String> {
    if let Some(name) = config.sources.keys().find(|name| !sources.contains_key(*name)) {
        return Err(format!("toml: there is no table `{name}`"));
    }
    let declared = config.sources.iter().map(|(name, source)| (name.as_str(), source.get_ref()));
    constraints::declare(declared, catalog).map_err(|wrong| {
        let wrong: Vec<String> = wrong.into_iter().map(message).collect();
        wrong.join("\n")
    })?;
    for name in config.sources.iter().filter(|(_, s)| !s.get_ref().trust).map(|(name, _)| name) {
        let declared = catalog.get(name).map(|table| table.constraints.list(name));
        for constraint in declared.unwrap_or_default() {
            let broken = check_constraint(session, &constraint, sources, Extent::All).await;
            if let Some(finding) = broken.map_err(message)? {
                return Err(finding.message);
            }
        }
    }
    Ok(())
}

fn message(diagnostic: Diagnostic) -> String {
    diagnostic.message
}
