//! The tables of the second catalogue: a company with projects.
//!
//! Its pairs were written by somebody who did not know the passes, as before and after of the
//! classical rewrite rules, with near misses beside them. The constants of the queries are
//! among the values of the tables.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int32Array, RecordBatch, StringArray,
    TimestampNanosecondArray,
};
use arrow::datatypes::{Field, Schema};
use fastrand::Rng;
use planc_ir::catalog::{Constraints, Reference};

use crate::pairs::Mode;
use crate::world::{TestTable, World};

const NAMES: &[&str] = &["SMITH", "ALLEN", "ADAMS", "SCOTT"];
const JOBS: &[&str] = &["CLERK", "MANAGER", "ANALYST"];
const DEPARTMENTS: &[&str] = &["SALES", "HR", "RND", "SMITH"];
const NUMBERS: &[i32] = &[10, 20, 30, 40];
const SALARIES: &[i32] = &[0, 5, 6, 10, 11, 20, 100, 101, 500, 1000, 1500, 2000];
const COMMISSIONS: &[i32] = &[0, 5, 6, 10, 11, 100, 999, 1000];
/// Days from 2019-12-31 to 2021-01-01.
const DAYS: &[i32] = &[18261, 18262, 18428, 18627, 18628];
/// Hours from 2020-06-01, around the middle and the end of June.
const HOURS: &[i64] = &[0, 335, 336, 348, 360, 719, 720];
const CENTS: &[i128] = &[0, 5000, 5001, 10001, 50000];

/// A column to be made: its name, whether it can be NULL where keys are declared, its values.
type Made = (&'static str, bool, ArrayRef);

/// Draws values, some of them NULL.
struct Maker<'a> {
    rng: &'a mut Rng,
    mode: Mode,
    /// NULLs in a hundred.
    nulls: u32,
}

impl Maker<'_> {
    fn draw<T: Copy>(&mut self, nullable: bool, of: &[T], size: usize) -> Vec<Option<T>> {
        let nullable = nullable || self.mode == Mode::Bare;
        let one = |_| {
            let null = of.is_empty() || nullable && self.rng.u32(..100) < self.nulls;
            (!null).then(|| of[self.rng.usize(..of.len())])
        };
        (0..size).map(one).collect()
    }

    fn ints(&mut self, name: &'static str, nullable: bool, of: &[i32], size: usize) -> Made {
        (name, nullable, ints(self.draw(nullable, of, size)))
    }

    fn texts(&mut self, name: &'static str, nullable: bool, of: &[&str], size: usize) -> Made {
        (name, nullable, Arc::new(StringArray::from(self.draw(nullable, of, size))))
    }

    /// Different numbers of a key; any with repeats where none is declared.
    fn key(&mut self, of: &[i32], size: usize) -> Vec<Option<i32>> {
        if self.mode == Mode::Bare {
            return self.draw(true, of, size);
        }
        let mut all = of.to_vec();
        self.rng.shuffle(&mut all);
        all.into_iter().take(size).map(Some).collect()
    }

    fn table(&self, name: &str, columns: Vec<Made>) -> TestTable {
        let bare = self.mode == Mode::Bare;
        let fields = columns.iter().map(|(name, nullable, values)| {
            Field::new(*name, values.data_type().clone(), *nullable || bare)
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let arrays = columns.into_iter().map(|(_, _, values)| values).collect();
        let rows = RecordBatch::try_new(schema, arrays).expect("columns of one length");
        TestTable { name: name.to_owned(), rows, constraints: Constraints::default() }
    }
}

fn ints(values: Vec<Option<i32>>) -> ArrayRef {
    Arc::new(Int32Array::from(values))
}

fn known(values: &[Option<i32>]) -> Vec<i32> {
    values.iter().flatten().copied().collect()
}

/// Random tables of the company.
///
/// # Panics
/// Never: all columns of a table have one length.
pub fn world(rng: &mut Rng, mode: Mode) -> World {
    let nulls = *rng.choice([0, 15, 35].iter()).unwrap_or(&15);
    let size = if rng.u8(..8) == 0 { rng.usize(..2) } else { rng.usize(3..12) };
    let mut make = Maker { rng, mode, nulls };

    let count = make.rng.usize(..=4).min(size);
    let departments = make.key(NUMBERS, count);
    let dept = vec![
        ("deptno", false, ints(departments.clone())),
        make.texts("name", false, DEPARTMENTS, count),
        make.texts("loc", true, &["NYC", "BOSTON"], count),
    ];
    let dept = make.table("dept", dept);
    // Without a declared key, rows may refer to departments that are none.
    let referred = if mode == Mode::Bare { NUMBERS.to_vec() } else { known(&departments) };

    let ids: Vec<i32> = (1..13).collect();
    let employees = make.key(&ids, size);
    let slackers = make.draw(true, &[true, false], size);
    let emp = vec![
        ("empno", false, ints(employees.clone())),
        make.texts("ename", false, NAMES, size),
        make.texts("job", true, JOBS, size),
        make.ints("mgr", true, &ids, size),
        ("hiredate", true, Arc::new(Date32Array::from(make.draw(true, DAYS, size)))),
        make.ints("sal", true, SALARIES, size),
        make.ints("comm", true, COMMISSIONS, size),
        make.ints("deptno", true, &referred, size),
        ("slacker", true, Arc::new(BooleanArray::from(slackers))),
    ];
    let emp = make.table("emp", emp);

    let count = make.rng.usize(..=size);
    let bonus = vec![
        make.texts("ename", true, &[NAMES, &["SALES"]].concat(), count),
        make.texts("job", true, JOBS, count),
        make.ints("sal", true, SALARIES, count),
        make.ints("comm", true, COMMISSIONS, count),
    ];
    let bonus = make.table("bonus", bonus);

    let none = referred.is_empty() && mode == Mode::Keyed;
    let count = if none { 0 } else { make.rng.usize(..=size.min(5)) };
    let projects = make.key(&[1, 2, 3, 4, 5], count);
    let titles = match mode {
        Mode::Keyed => vec!["P0", "P1", "P2", "P3", "P4"].into_iter().map(Some).collect(),
        Mode::Bare => make.draw(true, &["P0", "P1", "P2"], 5),
    };
    let titles: Vec<Option<&str>> = titles.into_iter().take(count).collect();
    let budgets = Decimal128Array::from(make.draw(true, CENTS, count));
    let hour = 3_600_000_000_000_i64;
    let june = 18414 * 24 * hour;
    let started = make.draw(true, HOURS, count);
    let started = started.into_iter().map(|hours| hours.map(|hours| june + hours * hour));
    let proj = vec![
        ("projno", false, ints(projects.clone())),
        make.ints("deptno", false, &referred, count),
        ("title", false, Arc::new(StringArray::from(titles)) as ArrayRef),
        ("budget", true, Arc::new(budgets.with_precision_and_scale(12, 2).expect("a type"))),
        ("started", true, Arc::new(started.collect::<TimestampNanosecondArray>())),
    ];
    let proj = make.table("proj", proj);

    let (who, what) = match mode {
        Mode::Keyed => (known(&employees), known(&projects)),
        Mode::Bare => (ids, vec![1, 2, 3, 4, 5]),
    };
    let mut pairs: Vec<(i32, i32)> =
        who.iter().flat_map(|who| what.iter().map(|what| (*who, *what))).collect();
    make.rng.shuffle(&mut pairs);
    pairs.truncate(make.rng.usize(..=size));
    let count = pairs.len();
    let assign = vec![
        ("empno", false, ints(pairs.iter().map(|pair| Some(pair.0)).collect())),
        ("projno", false, ints(pairs.iter().map(|pair| Some(pair.1)).collect())),
        make.ints("hours", true, &[1, 5, 6, 8], count),
    ];
    let assign = make.table("assign", assign);

    let mut tables = vec![dept, emp, bonus, proj, assign];
    if mode == Mode::Keyed {
        tables.iter_mut().for_each(declare);
    }
    World { tables }
}

fn declare(table: &mut TestTable) {
    let reference = |column: &str, table: &str| Reference {
        columns: vec![column.to_owned()],
        table: table.to_owned(),
        to: vec![column.to_owned()],
    };
    let (key, references): (&[&str], Vec<Reference>) = match table.name.as_str() {
        "dept" => (&["deptno"], vec![]),
        "emp" => (&["empno"], vec![reference("deptno", "dept")]),
        "proj" => (&["projno"], vec![reference("deptno", "dept")]),
        "assign" => {
            (&["empno", "projno"], vec![reference("empno", "emp"), reference("projno", "proj")])
        }
        _ => return,
    };
    table.constraints.keys.push(key.iter().map(|column| (*column).to_owned()).collect());
    table.constraints.references = references;
    if table.name == "proj" {
        table.constraints.unique.push(vec!["title".to_owned()]);
    }
}
