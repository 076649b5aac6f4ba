//! Pairs of queries that mean the same, over tables of employees and departments: how many of
//! them have one digest.
//!
//! The files of `pairs/` hold them: a comment with a name, then two queries. A pair counts
//! where both queries give the same rows on random tables: some need keys or columns that are
//! not NULL. Near misses, which do not mean the same, must have two digests.

use std::fmt::Write as _;

use fastrand::Rng;
use planc_ir::Plan;
use planc_ir::catalog::{Constraints, Reference};

use crate::check::{Checker, comparison};
use crate::company;
use crate::engine::Compiled;
use crate::generate::Kind;
use crate::payroll;
use crate::rows::Comparison;
use crate::world::{Columns, World};

/// The files, with their topics.
const FILES: &[(&str, &str)] = &[
    ("filters", include_str!("../pairs/filters.sql")),
    ("joins", include_str!("../pairs/joins.sql")),
    ("keys", include_str!("../pairs/keys.sql")),
    ("projections", include_str!("../pairs/projections.sql")),
    ("expressions", include_str!("../pairs/expressions.sql")),
    ("aggregates", include_str!("../pairs/aggregates.sql")),
    ("sets", include_str!("../pairs/sets.sql")),
    ("subqueries", include_str!("../pairs/subqueries.sql")),
    ("sorts", include_str!("../pairs/sorts.sql")),
    ("windows", include_str!("../pairs/windows.sql")),
    ("values", include_str!("../pairs/values.sql")),
    ("pushed", include_str!("../pairs/pushed.sql")),
    ("flattened", include_str!("../pairs/flattened.sql")),
    ("groupings", include_str!("../pairs/groupings.sql")),
    ("puzzles", include_str!("../pairs/puzzles.sql")),
];

/// The pairs over the tables of [`company`].
const COMPANY: &str = include_str!("../pairs/company.sql");
/// Pairs over the same tables that do not mean the same.
const MISSES: &str = include_str!("../pairs/company_misses.sql");
/// The pairs over the tables of [`payroll`].
const PAYROLL: &str = include_str!("../pairs/payroll.sql");
/// Pairs over the same tables that do not mean the same.
const PAYROLL_MISSES: &str = include_str!("../pairs/payroll_misses.sql");

/// Which pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Catalogue {
    /// Those of the passes, over employees and departments.
    Employees,
    /// Those of the classical rewrite rules, over the tables of [`company`].
    Company,
    /// Near misses of these.
    Misses,
    /// Those that generators of SQL print, over the tables of [`payroll`].
    Payroll,
    /// Near misses of these.
    PayrollMisses,
}

/// Two queries that mean the same.
#[derive(Debug, Clone)]
pub struct Pair {
    /// Where it is from.
    pub catalogue: Catalogue,
    /// The file.
    pub topic: &'static str,
    /// What is different.
    pub name: String,
    /// The queries.
    pub queries: [String; 2],
}

/// What is declared about the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Keys, a foreign key, and columns that are not NULL.
    Keyed,
    /// Every column may be NULL, and there are no keys.
    Bare,
}

/// What came of a pair.
pub enum Outcome {
    /// One digest.
    Same,
    /// Two digests, with the canonical plans.
    Different(Box<[Compiled; 2]>),
    /// The rows differ on some tables: no pair in this mode.
    NoPair,
    /// A query does not compile or run, and why.
    Failed(String),
}

/// All pairs.
///
/// # Panics
/// Where a file is malformed.
pub fn pairs(catalogue: Catalogue) -> Vec<Pair> {
    let files: &[(&'static str, &str)] = match catalogue {
        Catalogue::Employees => FILES,
        Catalogue::Company => &[("company", COMPANY)],
        Catalogue::Misses => &[("misses", MISSES)],
        Catalogue::Payroll => &[("payroll", PAYROLL)],
        Catalogue::PayrollMisses => &[("misses", PAYROLL_MISSES)],
    };
    files.iter().flat_map(|(topic, text)| parse(catalogue, topic, text)).collect()
}

/// The pairs that stand in a text.
///
/// # Panics
/// Where the text is malformed.
pub fn parse(catalogue: Catalogue, topic: &'static str, text: &str) -> Vec<Pair> {
    let parts = format!("\n{text}");
    let parts = parts.split("\n-- ").skip(1).map(|part| {
        let (name, queries) = part.split_once('\n').expect("a name and queries");
        let mut queries = queries.split(';').map(|query| query.trim().to_owned());
        let queries = [queries.next(), queries.next()].map(|query| query.expect("two queries"));
        Pair { catalogue, topic, name: name.to_owned(), queries }
    });
    parts.collect()
}

/// Tables of employees, departments and bonuses.
pub fn world(rng: &mut Rng, mode: Mode) -> World {
    use Kind::{Bool, Date, Decimal, Small, Text};
    let emp: Columns = &[
        ("empno", Small),
        ("ename", Text),
        ("job", Text),
        ("mgr", Small),
        ("hiredate", Date),
        ("sal", Small),
        ("comm", Small),
        ("deptno", Small),
        ("slacker", Bool),
        ("bonus_rate", Decimal),
    ];
    let dept: Columns = &[("deptno", Small), ("name", Text)];
    let bonus: Columns = &[("ename", Text), ("job", Text), ("sal", Small), ("comm", Small)];
    let nullable = ["mgr", "comm", "bonus_rate"];
    let mut world = World::default();
    match mode {
        Mode::Bare => {
            for (name, columns) in [("emp", emp), ("dept", dept), ("bonus", bonus)] {
                world.tables.push(World::table(rng, name, columns, &|_| true));
            }
        }
        Mode::Keyed => {
            let key = |column: &str| Constraints {
                keys: vec![vec![column.to_owned()]],
                ..Constraints::default()
            };
            let mut emp = World::table(rng, "emp", emp, &|name| nullable.contains(&name));
            emp.number("empno", false);
            let mut dept = World::table(rng, "dept", dept, &|_| false);
            dept.number("deptno", false);
            dept.constraints = key("deptno");
            if dept.rows.num_rows() == 0 {
                emp.clear();
            }
            emp.refer(rng, "deptno", dept.rows.num_rows());
            emp.constraints = key("empno");
            emp.constraints.references.push(Reference {
                columns: vec!["deptno".to_owned()],
                table: "dept".to_owned(),
                to: vec!["deptno".to_owned()],
            });
            world.tables = vec![emp, dept, World::table(rng, "bonus", bonus, &|_| true)];
        }
    }
    world
}

/// Compares the digests of a pair, and its rows on so many random worlds.
pub fn judge(checker: &Checker, pair: &Pair, mode: Mode, worlds: u64) -> Outcome {
    match compared(checker, pair, mode, worlds) {
        Ok(outcome) => outcome,
        Err(why) => Outcome::Failed(why),
    }
}

fn compared(checker: &Checker, pair: &Pair, mode: Mode, worlds: u64) -> Result<Outcome, String> {
    let ordered = pair.queries.iter().all(|query| comparison(query).ordered);
    let how = Comparison { ordered, near: true };
    let world = match pair.catalogue {
        Catalogue::Employees => world,
        Catalogue::Company | Catalogue::Misses => company::world,
        Catalogue::Payroll | Catalogue::PayrollMisses => payroll::world,
    };
    let first = world(&mut Rng::with_seed(0), mode);
    let plan =
        |query: &String| checker.engine.plan(&first, query).map_err(|found| format!("{found:?}"));
    let (a, b) = (plan(&pair.queries[0])?, plan(&pair.queries[1])?);
    let compile =
        |plan: &Plan| checker.engine.compile(plan.clone()).map_err(|found| format!("{found:?}"));
    let (one, two) = (compile(&a)?, compile(&b)?);
    let same = one.digest == two.digest;
    for seed in 0..worlds {
        let world = world(&mut Rng::with_seed(seed), mode);
        let rows = |plan: &Plan| {
            checker
                .block_on(checker.engine.run_plain(&plan.logical, &world))
                .map_err(|failure| format!("{failure:?}"))
        };
        let (a, b) = (rows(&a)?, rows(&b)?);
        if let Some(difference) = a.schema_difference(&b) {
            return Err(difference);
        }
        if !a.same(&b, how) {
            return match same {
                true => Err(format!("ONE DIGEST AND OTHER ROWS\n{a}\n{b}\n{}", world.golden())),
                false => Ok(Outcome::NoPair),
            };
        }
    }
    Ok(if same { Outcome::Same } else { Outcome::Different(Box::new([one, two])) })
}

/// The figures of all pairs in a mode.
#[derive(Debug, Default)]
pub struct Measured {
    /// Pairs with one digest.
    pub same: usize,
    /// Pairs with two.
    pub different: usize,
    /// Queries with other rows in this mode.
    pub no_pairs: usize,
    /// Pairs that do not compile or run.
    pub failed: usize,
    /// The pairs with two digests and the failed ones, as Markdown.
    pub report: String,
}

/// Judges pairs: those whose topic or name contains a text.
pub fn measure(
    checker: &Checker,
    pairs: Vec<Pair>,
    mode: Mode,
    filter: &str,
    worlds: u64,
) -> Measured {
    let mut measured = Measured::default();
    let wanted = |pair: &Pair| pair.topic.contains(filter) || pair.name.contains(filter);
    for pair in pairs.into_iter().filter(wanted) {
        let shown = format!(
            "### {mode:?} {}: {}\n\n```sql\n{};\n{};\n```\n",
            pair.topic, pair.name, pair.queries[0], pair.queries[1]
        );
        match judge(checker, &pair, mode, worlds) {
            Outcome::Same => measured.same += 1,
            Outcome::NoPair => measured.no_pairs += 1,
            Outcome::Different(plans) => {
                measured.different += 1;
                let [a, b] =
                    plans.map(|compiled| compiled.plan.logical.display_indent().to_string());
                let _ = writeln!(measured.report, "{shown}```\n{a}\n--\n{b}\n```\n");
            }
            Outcome::Failed(why) => {
                measured.failed += 1;
                let _ = writeln!(measured.report, "{shown}FAILED {why}\n");
            }
        }
    }
    measured
}
