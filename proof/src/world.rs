//! Random small tables, with declarations that are true of them.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array,
    RecordBatch, StringArray, TimestampNanosecondArray, UInt32Array,
};
use arrow::datatypes::{Field, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use fastrand::Rng;
use planc_ir::catalog::{Constraints, Reference};
use planc_ir::type_text::type_text;
use planc_ir::{Catalog, Table};

use crate::generate::Kind;

/// A table with its rows.
#[derive(Debug, Clone)]
pub struct TestTable {
    /// As queries name it.
    pub name: String,
    /// All of its rows.
    pub rows: RecordBatch,
    /// What is declared about the rows, and true.
    pub constraints: Constraints,
}

/// The columns of a table to be made.
pub type Columns<'a> = &'a [(&'a str, Kind)];

/// The tables that queries read.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// In the order in which they were made.
    pub tables: Vec<TestTable>,
}

impl World {
    /// The tables as planc sees them.
    pub fn catalog(&self) -> Catalog {
        let mut catalog = Catalog::default();
        for table in &self.tables {
            let mut known = Table::new(&table.rows.schema());
            known.constraints = table.constraints.clone();
            catalog.insert(table.name.clone(), known);
        }
        catalog
    }

    /// The table of this name.
    pub fn get(&self, name: &str) -> Option<&TestTable> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// Random tables: some empty, some full of NULLs or duplicates, with and without keys.
    pub fn random(rng: &mut Rng) -> World {
        let mut world = World::default();
        let declared = rng.u8(..4) > 0;
        let mut make = Maker { rng, declared };
        world.tables.push(make.plain(
            "t1",
            &[
                ("a", Kind::Int),
                ("b", Kind::Int),
                ("s", Kind::Text),
                ("d", Kind::Date),
                ("f", Kind::Float),
            ],
        ));
        world.tables.push(make.plain(
            "t2",
            &[("a", Kind::Int), ("c", Kind::Int), ("n", Kind::Decimal), ("s", Kind::Text)],
        ));
        world.tables.push(make.plain(
            "t3",
            &[
                ("b", Kind::Small),
                ("f", Kind::Float),
                ("ts", Kind::Time),
                ("k", Kind::Bool),
                ("s", Kind::Text),
            ],
        ));
        let parent = make.keyed(
            "dept",
            &[("id", Kind::Int), ("y", Kind::Int), ("s", Kind::Text), ("d", Kind::Date)],
            1,
        );
        let child = make.keyed(
            "emp",
            &[
                ("eid", Kind::Int),
                ("id", Kind::Int),
                ("x", Kind::Int),
                ("n", Kind::Decimal),
                ("s", Kind::Text),
            ],
            1,
        );
        world.tables.push(make.referring(child, &parent));
        world.tables.push(parent);
        world.tables.push(make.keyed(
            "item",
            &[("k1", Kind::Int), ("k2", Kind::Int), ("v", Kind::Int), ("k", Kind::Bool)],
            2,
        ));
        world
    }

    /// A random table; some of its columns hold NULLs.
    pub fn table(
        rng: &mut Rng,
        name: &str,
        columns: Columns,
        nullable: &dyn Fn(&str) -> bool,
    ) -> TestTable {
        let mut make = Maker { rng, declared: false };
        let (size, mood) = (make.size(), Mood { extreme: false, ..make.mood() });
        let mut fields = Vec::new();
        let mut arrays = Vec::new();
        for (column, kind) in columns {
            let nullable = nullable(column);
            let mood = if nullable { mood } else { Mood { nulls: 0, ..mood } };
            fields.push(Field::new(*column, kind.data_type(), nullable));
            arrays.push(make.array(*kind, size, mood));
        }
        let rows = batch(fields, arrays, size);
        TestTable { name: name.to_owned(), rows, constraints: Constraints::default() }
    }

    /// The `table` blocks of a golden case, and a `toml` block where something is declared.
    pub fn golden(&self) -> String {
        let mut text = String::new();
        for table in &self.tables {
            let _ = writeln!(text, "```table {}\n{}```", table.name, table_text(&table.rows));
        }
        let declared: String = self.tables.iter().map(declarations).collect();
        if !declared.is_empty() {
            let _ = writeln!(text, "```toml\n{declared}```");
        }
        text
    }
}

impl TestTable {
    /// Numbers the rows in an `INT` column, from zero.
    pub fn number(&mut self, column: &str, nullable: bool) {
        let values = (0..self.rows.num_rows() as i32).map(Some).collect::<Int32Array>();
        self.replace(column, Arc::new(values), nullable);
    }

    /// Makes an `INT` column refer to rows that are numbered below `parents`.
    pub fn refer(&mut self, rng: &mut Rng, column: &str, parents: usize) {
        let size = self.rows.num_rows();
        let values = (0..size).map(|_| Some(rng.i32(0..(parents as i32).max(1))));
        self.replace(column, Arc::new(values.collect::<Int32Array>()), false);
    }

    /// Drops all rows.
    pub fn clear(&mut self) {
        self.rows = self.rows.slice(0, 0);
    }

    /// Mixes up the values of every column that is no part of a key of several columns.
    pub fn shuffle(&mut self, rng: &mut Rng) {
        let Constraints { keys, unique, .. } = &self.constraints;
        let sets: Vec<&String> =
            keys.iter().chain(unique).filter(|set| set.len() > 1).flatten().collect();
        let schema = self.rows.schema();
        let columns = schema.fields().iter().zip(self.rows.columns()).map(|(field, column)| {
            if sets.contains(&field.name()) {
                return Arc::clone(column);
            }
            let mut order: Vec<u32> = (0..column.len() as u32).collect();
            rng.shuffle(&mut order);
            arrow::compute::take(column, &UInt32Array::from(order), None).expect("places in range")
        });
        let columns = columns.collect();
        let fields = schema.fields().iter().map(|field| field.as_ref().clone()).collect();
        self.rows = batch(fields, columns, self.rows.num_rows());
    }

    fn replace(&mut self, column: &str, values: ArrayRef, nullable: bool) {
        let place = self.rows.schema().index_of(column).expect("a column of the table");
        let mut fields: Vec<Field> =
            self.rows.schema().fields().iter().map(|field| field.as_ref().clone()).collect();
        fields[place] = Field::new(column, values.data_type().clone(), nullable);
        let mut arrays = self.rows.columns().to_vec();
        arrays[place] = values;
        let size = self.rows.num_rows();
        self.rows = batch(fields, arrays, size);
    }
}

fn declarations(table: &TestTable) -> String {
    let Constraints { keys, unique, not_null, references } = &table.constraints;
    let mut text = String::new();
    for (word, sets) in [("key", keys), ("unique", unique)] {
        if !sets.is_empty() {
            let _ = writeln!(text, "{word} = {sets:?}");
        }
    }
    if !not_null.is_empty() {
        let _ = writeln!(text, "not_null = {not_null:?}");
    }
    for Reference { columns, table, to } in references {
        let _ = writeln!(
            text,
            "references = [{{ columns = {columns:?}, table = {table:?}, to = {to:?} }}]"
        );
    }
    if text.is_empty() { text } else { format!("[sources.{}]\n{text}", table.name) }
}

fn table_text(rows: &RecordBatch) -> String {
    let header: Vec<String> = rows
        .schema()
        .fields()
        .iter()
        .map(|field| {
            let not_null = if field.is_nullable() { "" } else { " not null" };
            let data_type =
                type_text(field.data_type()).unwrap_or_else(|| field.data_type().to_string());
            format!("{}: {data_type}{not_null}", field.name())
        })
        .collect();
    let mut text = format!("{}\n", header.join(" | "));
    let options = FormatOptions::default();
    for row in 0..rows.num_rows() {
        let cells: Vec<String> = rows
            .columns()
            .iter()
            .map(|column| {
                if column.is_null(row) {
                    return "null".to_owned();
                }
                let shown = ArrayFormatter::try_new(column, &options)
                    .and_then(|shown| shown.value(row).try_to_string())
                    .unwrap_or_else(|error| error.to_string());
                let plain = !(shown.is_empty() || shown == "null" || shown.trim() != shown);
                if plain { shown } else { format!("\"{shown}\"") }
            })
            .collect();
        let _ = writeln!(text, "{}", cells.join(" | "));
    }
    text
}

/// How the values of one table are drawn.
#[derive(Clone, Copy)]
struct Mood {
    /// NULLs in a hundred.
    nulls: u32,
    /// Draw from very few values.
    narrow: bool,
    /// Now and then draw the extremes of the type.
    extreme: bool,
}

struct Maker<'a> {
    rng: &'a mut Rng,
    declared: bool,
}

impl Maker<'_> {
    fn mood(&mut self) -> Mood {
        Mood {
            nulls: *self.rng.choice([0, 15, 15, 40, 70].iter()).unwrap_or(&15),
            narrow: self.rng.bool(),
            extreme: self.rng.u8(..5) == 0,
        }
    }

    fn size(&mut self) -> usize {
        match self.rng.u8(..10) {
            0 => 0,
            1 => 1,
            _ => self.rng.usize(2..9),
        }
    }

    fn plain(&mut self, name: &str, columns: &[(&str, Kind)]) -> TestTable {
        let (size, mood) = (self.size(), self.mood());
        let mut fields = Vec::new();
        let mut arrays = Vec::new();
        let mut not_null = Vec::new();
        for (column, kind) in columns {
            let (strict, says) = (self.rng.u8(..6) == 0, self.rng.u8(..8) == 0 && self.declared);
            let mood = if strict || says { Mood { nulls: 0, ..mood } } else { mood };
            if says {
                not_null.push((*column).to_owned());
            }
            fields.push(Field::new(*column, kind.data_type(), !strict));
            arrays.push(self.array(*kind, size, mood));
        }
        let rows = batch(fields, arrays, size);
        TestTable {
            name: name.to_owned(),
            rows,
            constraints: Constraints { not_null, ..Constraints::default() },
        }
    }

    /// A table whose first `key` columns are integers and unique together.
    fn keyed(&mut self, name: &str, columns: &[(&str, Kind)], key: usize) -> TestTable {
        let mut table = self.plain(name, columns);
        let size = table.rows.num_rows();
        let mut keys: Vec<Vec<i64>> = Vec::new();
        for place in 0..size as i64 {
            keys.push(if key == 1 { vec![place] } else { vec![place / 3, place % 3] });
        }
        self.rng.shuffle(&mut keys);
        let mut arrays = table.rows.columns().to_vec();
        let mut fields: Vec<Field> =
            table.rows.schema().fields().iter().map(|field| field.as_ref().clone()).collect();
        for part in 0..key {
            arrays[part] = Arc::new(keys.iter().map(|key| Some(key[part])).collect::<Int64Array>());
            fields[part] = Field::new(columns[part].0, Kind::Int.data_type(), self.rng.bool());
        }
        let names: Vec<String> =
            columns[..key].iter().map(|(name, _)| (*name).to_owned()).collect();
        if self.declared {
            if self.rng.u8(..4) > 0 {
                table.constraints.keys.push(names);
            } else {
                table.constraints.unique.push(names);
            }
        }
        table.rows = batch(fields, arrays, size);
        table
    }

    /// The child's second column refers to the parent's first.
    fn referring(&mut self, mut child: TestTable, parent: &TestTable) -> TestTable {
        if self.rng.u8(..4) == 0 {
            return child;
        }
        let size = child.rows.num_rows();
        let parents = parent.rows.num_rows() as i64;
        let field = child.rows.schema().field(1).clone();
        let strict = !field.is_nullable() || child.constraints.not_null.contains(field.name());
        if strict && parents == 0 {
            return child;
        }
        let values: Int64Array = (0..size)
            .map(|_| {
                let null = !strict && self.rng.u8(..4) == 0 || parents == 0;
                (!null).then(|| self.rng.i64(0..parents))
            })
            .collect();
        let mut arrays = child.rows.columns().to_vec();
        arrays[1] = Arc::new(values);
        child.rows = RecordBatch::try_new(child.rows.schema(), arrays).expect("same shape");
        if self.declared {
            child.constraints.references.push(Reference {
                columns: vec!["id".to_owned()],
                table: parent.name.clone(),
                to: vec!["id".to_owned()],
            });
        }
        child
    }

    fn array(&mut self, kind: Kind, size: usize, mood: Mood) -> ArrayRef {
        let rng = &mut *self.rng;
        let wide = if mood.narrow { 2 } else { 6 };
        macro_rules! draw {
            ($value:expr) => {
                (0..size)
                    .map(|_| if rng.u32(..100) < mood.nulls { None } else { Some($value) })
                    .collect()
            };
        }
        match kind {
            Kind::Int => {
                let extremes = [i64::MAX, i64::MIN, i64::MAX - 1, 1 << 53, 3_000_000_000];
                let values: Vec<Option<i64>> = draw!(if mood.extreme && rng.u8(..4) == 0 {
                    extremes[rng.usize(..extremes.len())]
                } else {
                    rng.i64(0..wide) - 1
                });
                Arc::new(Int64Array::from(values))
            }
            Kind::Small => {
                let values: Vec<Option<i32>> = draw!(if mood.extreme && rng.u8(..4) == 0 {
                    [i32::MAX, i32::MIN][rng.usize(..2)]
                } else {
                    rng.i32(0..wide as i32) - 1
                });
                Arc::new(Int32Array::from(values))
            }
            Kind::Decimal => {
                let values: Vec<Option<i128>> = draw!(if mood.extreme && rng.u8(..4) == 0 {
                    [9_999_999_999, -9_999_999_999][rng.usize(..2)]
                } else {
                    i128::from(rng.i64(0..wide) * 50 - 50)
                });
                let array = Decimal128Array::from(values).with_precision_and_scale(10, 2);
                Arc::new(array.expect("a valid decimal type"))
            }
            Kind::Float => {
                // Sums of these are exact, so they do not depend on the order.
                let few = [0.0, -0.0, 1.5, -1.25, 2.0, 0.25, 1024.0];
                let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0];
                let values: Vec<Option<f64>> = draw!(if mood.extreme && rng.u8(..3) == 0 {
                    odd[rng.usize(..odd.len())]
                } else {
                    few[rng.usize(..wide as usize)]
                });
                Arc::new(Float64Array::from(values))
            }
            Kind::Text => {
                let few = ["a", "b", "", "ab", "A", "a_b", "1", "%"];
                let values: Vec<Option<&str>> = draw!(few[rng.usize(..wide as usize + 2)]);
                Arc::new(StringArray::from(values))
            }
            Kind::Date => {
                // 2024-02-28 and the days around it.
                let values: Vec<Option<i32>> = draw!(19781 + rng.i32(0..wide as i32));
                Arc::new(Date32Array::from(values))
            }
            Kind::Time => {
                let hour = 3_600_000_000_000_i64;
                let values: Vec<Option<i64>> =
                    draw!(19781 * 24 * hour + rng.i64(0..wide) * 7 * hour);
                Arc::new(TimestampNanosecondArray::from(values))
            }
            Kind::Bool => {
                let values: Vec<Option<bool>> = draw!(rng.bool());
                Arc::new(BooleanArray::from(values))
            }
        }
    }
}

fn batch(fields: Vec<Field>, arrays: Vec<ArrayRef>, size: usize) -> RecordBatch {
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(size));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
        .expect("columns of the same length and of the field's type")
}
