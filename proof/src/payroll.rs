//! The tables of the third catalogue: a payroll, with a copy of the employees whose columns may
//! be NULL.
//!
//! Its pairs are a query and what a generator of SQL prints of the plan behind an optimizer's
//! rule: subqueries as joins with indicators, counts that are added up, groups by grouping sets.
//! They were written by somebody who did not know the passes.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::array::{ArrayRef, BooleanArray, Int32Array, StringArray, TimestampNanosecondArray};
use arrow::datatypes::{Field, Schema};
use fastrand::Rng;
use planc_ir::catalog::{Constraints, Reference};

use crate::pairs::Mode;
use crate::world::{TestTable, World};

const NAMES: &[&str] = &["SMITH", "ALLEN", "ADAMS", "Bob", "Charlie"];
const JOBS: &[&str] = &["CLERK", "MANAGER", "ANALYST", "SALESMAN"];
const DEPARTMENTS: &[&str] = &["SALES", "Charlie", "HR", "CLERK"];
const NUMBERS: &[i32] = &[7, 10, 20, 30, 40];
const AMOUNTS: &[i32] = &[0, 1, 5, 10, 50, 100, 500, 1000, 1001, 2000, 5000];
const KINDS: &[&str] = &["savings", "checking", "loan"];
/// Hours from 2019-12-31, around the turns of years and months.
const HOURS: &[i64] = &[0, 23, 24, 25, 743, 744, 768, 8759, 8784, 8808];

/// Draws values, some of them NULL.
struct Maker<'a> {
    rng: &'a mut Rng,
    mode: Mode,
    /// NULLs in a hundred.
    nulls: u32,
}

type Made = (&'static str, ArrayRef);

impl Maker<'_> {
    fn draw<T: Copy>(&mut self, nullable: bool, of: &[T], size: usize) -> Vec<Option<T>> {
        let nullable = nullable || self.mode == Mode::Bare;
        let one = |_| {
            let null = of.is_empty() || nullable && self.rng.u32(..100) < self.nulls;
            (!null).then(|| of[self.rng.usize(..of.len())])
        };
        (0..size).map(one).collect()
    }

    fn ints(&mut self, nullable: bool, of: &[i32], size: usize) -> ArrayRef {
        Arc::new(Int32Array::from(self.draw(nullable, of, size)))
    }

    fn texts(&mut self, nullable: bool, of: &[&str], size: usize) -> ArrayRef {
        Arc::new(StringArray::from(self.draw(nullable, of, size)))
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

    fn table(&self, name: &str, nullable: &[&str], columns: Vec<Made>) -> TestTable {
        let bare = self.mode == Mode::Bare;
        let fields = columns.iter().map(|(name, values)| {
            Field::new(*name, values.data_type().clone(), bare || nullable.contains(name))
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let arrays = columns.into_iter().map(|(_, values)| values).collect();
        let rows = RecordBatch::try_new(schema, arrays).expect("columns of one length");
        TestTable { name: name.to_owned(), rows, constraints: Constraints::default() }
    }

    fn employees(&mut self, name: &str, departments: &[i32], size: usize) -> TestTable {
        let free = name != "emp";
        let ids: Vec<i32> = (1..13).collect();
        let hour = 3_600_000_000_000_i64;
        let hired = self.draw(free, HOURS, size).into_iter();
        let hired = hired.map(|hours| hours.map(|hours| (18261 * 24 + hours) * hour));
        let empno: ArrayRef = Arc::new(Int32Array::from(self.key(&ids, size)));
        let columns = vec![
            ("empno", empno),
            ("ename", self.texts(free, NAMES, size)),
            ("job", self.texts(free, JOBS, size)),
            ("mgr", self.ints(true, &ids, size)),
            ("hiredate", Arc::new(hired.collect::<TimestampNanosecondArray>()) as ArrayRef),
            ("sal", self.ints(free, AMOUNTS, size)),
            ("comm", self.ints(free, AMOUNTS, size)),
            ("deptno", self.ints(free, departments, size)),
            ("slacker", Arc::new(BooleanArray::from(self.draw(free, &[true, false], size)))),
        ];
        let all = ["ename", "job", "mgr", "hiredate", "sal", "comm", "deptno", "slacker"];
        self.table(name, if free { &all } else { &["mgr"] }, columns)
    }
}

/// Random tables of the payroll.
///
/// # Panics
/// Never: all columns of a table have one length.
pub fn world(rng: &mut Rng, mode: Mode) -> World {
    let nulls = *rng.choice([0, 15, 35].iter()).unwrap_or(&15);
    let size = if rng.u8(..8) == 0 { rng.usize(..2) } else { rng.usize(3..12) };
    let mut make = Maker { rng, mode, nulls };

    let count = make.rng.usize(..=4).min(size);
    let departments = make.key(NUMBERS, count);
    let columns = vec![
        ("deptno", Arc::new(Int32Array::from(departments.clone())) as ArrayRef),
        ("name", make.texts(false, DEPARTMENTS, count)),
    ];
    let mut dept = make.table("dept", &[], columns);
    // Without a declared key, rows may refer to departments that are none.
    let referred: Vec<i32> = match mode {
        Mode::Bare => NUMBERS.to_vec(),
        Mode::Keyed => departments.into_iter().flatten().collect(),
    };
    let count = if referred.is_empty() { 0 } else { size };
    let mut emp = make.employees("emp", &referred, count);
    let mut free = make.employees("empnullables", NUMBERS, size);
    let count = make.rng.usize(..=size);
    let columns = vec![
        ("ename", make.texts(false, NAMES, count)),
        ("job", make.texts(false, JOBS, count)),
        ("sal", make.ints(false, AMOUNTS, count)),
        ("comm", make.ints(false, AMOUNTS, count)),
    ];
    let bonus = make.table("bonus", &[], columns);
    let count = make.rng.usize(..=size.min(6));
    let columns = vec![
        ("acctno", Arc::new(Int32Array::from(make.key(&[1, 2, 3, 4, 5, 6], count))) as ArrayRef),
        ("type", make.texts(true, KINDS, count)),
        ("balance", make.ints(true, AMOUNTS, count)),
    ];
    let mut account = make.table("account", &["type", "balance"], columns);
    if mode == Mode::Keyed {
        for (table, key) in [
            (&mut dept, "deptno"),
            (&mut emp, "empno"),
            (&mut free, "empno"),
            (&mut account, "acctno"),
        ] {
            table.constraints.keys.push(vec![key.to_owned()]);
        }
        emp.constraints.references.push(Reference {
            columns: vec!["deptno".to_owned()],
            table: "dept".to_owned(),
            to: vec!["deptno".to_owned()],
        });
    }
    World { tables: vec![dept, emp, free, bonus, account] }
}
