//! One file of the suite, record by record.

use std::future::Future;
use std::time::Duration;

use arrow::array::RecordBatch;
use datafusion::common::DataFusionError;
use datafusion::logical_expr::{DdlStatement, FetchType, LogicalPlan, SkipType};
use datafusion::prelude::{DataFrame, SessionContext};

use crate::lane::{Artifact, Lane, through};
use crate::record::{self, Record};
use crate::sandbox::Sandbox;
use crate::{compare, known, session, stand_in};

/// How long a run of one record may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What became of a query in a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The same names, types and rows.
    Equal,
    /// Both runs failed.
    BothFail,
    /// The direct run failed, and the replay gave rows: an error may vanish, none may appear.
    ErrorGone,
    /// Other rows, and as right: LIMIT leaves open which ones are kept.
    Open,
    /// The direct run itself gives other rows each time.
    Unstable,
    /// planc refused it: the code and the message.
    Refused(&'static str, String),
    /// Another result, and the engine is at fault: see [`known`](crate::known).
    Engine,
    /// Another result.
    Wrong(String),
}

/// What became of a record.
#[derive(Debug, Clone)]
pub enum Done {
    /// No query, and it went as the suite expects.
    Statement,
    /// No query, and it went otherwise: its data is not shipped, or its function is not there.
    StatementFailed(String),
    /// A query that DataFusion does not plan, as the suite expects.
    NotPlanned,
    /// A query that DataFusion does not plan or run here: its data is not shipped.
    NotRun(String),
    /// A query, by lane.
    Query { outcomes: [Outcome; 2], portable: bool },
}

/// The records of a file, and what became of each.
pub type FileRun = Vec<(Record, Done)>;

/// Runs a file.
pub async fn file(sandbox: &Sandbox, name: &str) -> Result<FileRun, String> {
    let records = record::read(&sandbox.path(name))?;
    sandbox.clear_scratch(name).map_err(|why| why.to_string())?;
    let context = session::context(name).map_err(|why| why.to_string())?;
    let mut done = Vec::with_capacity(records.len());
    for record in records {
        let mut outcome = one(&context, &record).await;
        if let Done::Query { outcomes, .. } = &mut outcome
            && known::why(name, record.line).is_some()
        {
            for outcome in outcomes {
                if matches!(outcome, Outcome::Wrong(_)) {
                    *outcome = Outcome::Engine;
                }
            }
        }
        done.push((record, outcome));
    }
    Ok(done)
}

async fn one(context: &SessionContext, record: &Record) -> Done {
    let (session, sql) = (context.clone(), record.sql.clone());
    let planned = guarded(async move { session.state().create_logical_plan(&sql).await }).await;
    let plan = match planned {
        Ok(plan) => plan,
        Err(_) if record.error => return Done::NotPlanned,
        Err(why) => return Done::NotRun(why),
    };
    if !is_query(&plan) {
        return statement(context, plan, record).await;
    }
    let direct = rows(context, plan.clone()).await;
    if let (Err(why), false) = (&direct, record.error) {
        return Done::NotRun(why.clone());
    }
    let mut outcomes = Vec::new();
    let mut portable = false;
    for lane in Lane::ALL {
        let (session, original) = (context.clone(), plan.clone());
        let read = guarded(async move { through(lane, &original, &session.state()) }).await;
        let outcome = match read {
            Err(why) => Outcome::Wrong(why),
            Ok(Artifact::Refused(_) | Artifact::Unplannable(_)) if direct.is_err() => {
                Outcome::BothFail
            }
            Ok(Artifact::Unplannable(why)) => Outcome::Wrong(why.strip_backtrace()),
            Ok(Artifact::Refused(why)) => Outcome::Refused(why.code.id, why.message),
            Ok(Artifact::Plan { plan: replayed, portable: standard }) => {
                portable = standard;
                replay(context, &plan, replayed, &direct).await
            }
        };
        outcomes.push(outcome);
    }
    match <[Outcome; 2]>::try_from(outcomes) {
        Ok(outcomes) => Done::Query { outcomes, portable },
        Err(_) => Done::NotRun("a lane is missing".to_owned()),
    }
}

async fn replay(
    context: &SessionContext,
    plan: &LogicalPlan,
    replayed: LogicalPlan,
    direct: &Result<Vec<RecordBatch>, String>,
) -> Outcome {
    let shown = replayed.display_indent().to_string();
    let found = rows(context, replayed).await;
    let again = found.clone();
    let difference = match (direct, found) {
        (Err(_), Err(_)) => return Outcome::BothFail,
        (Err(_), Ok(_)) => return Outcome::ErrorGone,
        (Ok(_), Err(why)) => why,
        (Ok(wanted), Ok(found)) => match differ(plan, wanted, found).await {
            None => return Outcome::Equal,
            Some(difference) => difference,
        },
    };
    if is_open(context, plan, &again).await {
        return Outcome::Open;
    }
    // A query that is not determined differs from itself, too.
    if let Ok(wanted) = direct {
        for _ in 0..3 {
            let again = rows(context, plan.clone()).await;
            let Ok(again) = again else { continue };
            if differ(plan, wanted, again).await.is_some() {
                return Outcome::Unstable;
            }
        }
    }
    Outcome::Wrong(format!("{difference}\n{}\n--\n{shown}", plan.display_indent()))
}

/// True where the query limits, and the rows found are what the limit may keep of all rows.
async fn is_open(
    context: &SessionContext,
    plan: &LogicalPlan,
    found: &Result<Vec<RecordBatch>, String>,
) -> bool {
    let LogicalPlan::Limit(limit) = plan else { return false };
    let (Ok(SkipType::Literal(skip)), Ok(FetchType::Literal(fetch))) =
        (limit.get_skip_type(), limit.get_fetch_type())
    else {
        return false;
    };
    let all = LogicalPlan::clone(&limit.input);
    let (Ok(wanted), Ok(found)) = (rows(context, all.clone()).await, found.clone()) else {
        return false;
    };
    let compared = async move { Ok(compare::within(&all, &wanted, &found, skip, fetch)) };
    guarded(compared).await.unwrap_or(false)
}

/// The first difference. A panic of the comparison is one, too.
async fn differ(
    plan: &LogicalPlan,
    wanted: &[RecordBatch],
    found: Vec<RecordBatch>,
) -> Option<String> {
    let (plan, wanted) = (plan.clone(), wanted.to_vec());
    let difference = guarded(async move { Ok(compare::differ(&plan, &wanted, &found)) }).await;
    difference.unwrap_or_else(Some)
}

async fn statement(context: &SessionContext, plan: LogicalPlan, record: &Record) -> Done {
    let plan = match plan {
        LogicalPlan::Ddl(DdlStatement::CreateExternalTable(create)) => {
            let create = match stand_in::provide(&create) {
                Ok(Some(other)) => Box::new(other),
                _ => create,
            };
            LogicalPlan::Ddl(DdlStatement::CreateExternalTable(create))
        }
        other => other,
    };
    let session = context.clone();
    let run = guarded(async move { session.execute_logical_plan(plan).await?.collect().await });
    match (run.await, record.error) {
        (Ok(_), false) | (Err(_), true) => Done::Statement,
        (Ok(_), true) => Done::StatementFailed("it does not fail".to_owned()),
        (Err(why), false) => Done::StatementFailed(why),
    }
}

async fn rows(context: &SessionContext, plan: LogicalPlan) -> Result<Vec<RecordBatch>, String> {
    let state = context.state();
    guarded(async move { DataFrame::new(state, plan).collect().await }).await
}

/// Runs a step in a task of its own, so that a panic or a run without end is only an error.
async fn guarded<T: Send + 'static>(
    step: impl Future<Output = Result<T, DataFusionError>> + Send + 'static,
) -> Result<T, String> {
    let task = tokio::spawn(step);
    let abort = task.abort_handle();
    match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(done)) => done.map_err(|why| why.strip_backtrace()),
        Ok(Err(why)) => match why.try_into_panic() {
            Ok(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| Some((*panic.downcast_ref::<&str>()?).to_owned()));
                Err(format!("panic: {}", text.unwrap_or_default()))
            }
            Err(why) => Err(why.to_string()),
        },
        Err(_) => {
            abort.abort();
            Err(format!("it takes more than {} seconds", PATIENCE.as_secs()))
        }
    }
}

/// True for what has rows and no effect.
fn is_query(plan: &LogicalPlan) -> bool {
    !matches!(
        plan,
        LogicalPlan::Ddl(_)
            | LogicalPlan::Dml(_)
            | LogicalPlan::Copy(_)
            | LogicalPlan::Explain(_)
            | LogicalPlan::Analyze(_)
            | LogicalPlan::DescribeTable(_)
            | LogicalPlan::Statement(_)
    )
}
