//! Random SQL queries that have one answer: a LIMIT stands over a total order, and what
//! depends on the order of rows is ordered by all of them.

mod expression;
mod from;
mod predicate;
mod select;

use arrow::datatypes::{DataType, TimeUnit};
use fastrand::Rng;

use crate::world::World;

/// The types that queries are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `BIGINT`
    Int,
    /// `INT`
    Small,
    /// `DECIMAL(10, 2)`; results of arithmetic are other decimals.
    Decimal,
    /// `DOUBLE`
    Float,
    /// `VARCHAR`
    Text,
    /// `DATE`
    Date,
    /// `TIMESTAMP`
    Time,
    /// `BOOLEAN`
    Bool,
}

impl Kind {
    /// The type of a table's column.
    pub fn data_type(self) -> DataType {
        match self {
            Kind::Int => DataType::Int64,
            Kind::Small => DataType::Int32,
            Kind::Decimal => DataType::Decimal128(10, 2),
            Kind::Float => DataType::Float64,
            Kind::Text => DataType::Utf8,
            Kind::Date => DataType::Date32,
            Kind::Time => DataType::Timestamp(TimeUnit::Nanosecond, None),
            Kind::Bool => DataType::Boolean,
        }
    }

    fn of(data_type: &DataType) -> Kind {
        match data_type {
            DataType::Int32 => Kind::Small,
            DataType::Decimal128(..) => Kind::Decimal,
            DataType::Float64 => Kind::Float,
            DataType::Utf8 => Kind::Text,
            DataType::Date32 => Kind::Date,
            DataType::Timestamp(..) => Kind::Time,
            DataType::Boolean => Kind::Bool,
            _ => Kind::Int,
        }
    }
}

/// A column in scope, as it is written, and its type.
#[derive(Debug, Clone)]
struct Column {
    text: String,
    kind: Kind,
}

/// What an expression may speak of.
#[derive(Debug, Clone, Default)]
struct Scope {
    /// The columns of the relations in FROM, or the group keys.
    columns: Vec<Column>,
    /// The columns of the queries around this one.
    outer: Vec<Column>,
    /// In a grouped query: the columns that aggregates read.
    grouped: Option<Vec<Column>>,
}

/// A query and its output columns.
struct Made {
    text: String,
    columns: Vec<(String, Kind)>,
}

/// Makes queries over the tables of a world.
pub struct Generator<'a> {
    rng: &'a mut Rng,
    world: &'a World,
    ctes: Vec<(String, Vec<(String, Kind)>)>,
    aliases: usize,
    /// What is left to spend on nested parts.
    fuel: i32,
}

impl<'a> Generator<'a> {
    /// One random query. It is ordered, and then totally, where its text says ORDER BY at its
    /// end.
    pub fn query(rng: &'a mut Rng, world: &'a World) -> String {
        let fuel = rng.i32(4..26);
        let mut generator = Generator { rng, world, ctes: Vec::new(), aliases: 0, fuel };
        let depth = generator.rng.usize(1..4);
        generator.top(depth)
    }

    fn top(&mut self, depth: usize) -> String {
        let mut with = Vec::new();
        while self.ctes.len() < 2 && self.one_in(7) {
            let made = self.relation(depth.saturating_sub(1), None, &[]);
            let name = format!("w{}", self.ctes.len() + 1);
            with.push(format!("{name} as ({})", made.text));
            self.ctes.push((name, made.columns));
        }
        let mut text = self.relation(depth, None, &[]);
        if self.one_in(3) {
            let order = self.total_order(text.columns.len());
            text.text = format!("{} order by {order}{}", self.closed(&text.text), self.limit(2));
        }
        match with.is_empty() {
            true => text.text,
            false => format!("with {} {}", with.join(", "), text.text),
        }
    }

    /// A query without ORDER BY at its end, of the wanted types, or of any.
    fn relation(&mut self, depth: usize, want: Option<&[Kind]>, outer: &[Column]) -> Made {
        self.fuel -= 1;
        if depth > 0 && self.fuel > 0 {
            if self.one_in(7) {
                return self.set_operation(depth - 1, want, outer);
            }
            if self.one_in(14) {
                return self.limited(depth - 1, want, outer);
            }
        }
        if outer.is_empty() && self.one_in(30) {
            return self.values(want);
        }
        self.select(depth, want, outer)
    }

    fn set_operation(&mut self, depth: usize, want: Option<&[Kind]>, outer: &[Column]) -> Made {
        let left = self.relation(depth, want, outer);
        let kinds: Vec<Kind> = left.columns.iter().map(|(_, kind)| *kind).collect();
        let right = self.relation(depth, Some(&kinds), outer);
        let operator = self.pick(&[
            "union all",
            "union all",
            "union",
            "union",
            "intersect",
            "except",
            "intersect all",
            "except all",
        ]);
        let mut text = format!("{} {operator} {}", left.text, self.closed(&right.text));
        if self.one_in(4) {
            let third = self.relation(0, Some(&kinds), outer);
            let operator = self.pick(&["union all", "union", operator]);
            text = format!("({text}) {operator} {}", self.closed(&third.text));
        }
        Made { text, columns: left.columns }
    }

    /// A LIMIT over a total order, as a relation of its own.
    fn limited(&mut self, depth: usize, want: Option<&[Kind]>, outer: &[Column]) -> Made {
        let inner = self.relation(depth, want, outer);
        let alias = self.alias();
        let order = self.total_order(inner.columns.len());
        let limit = self.limit(1);
        let names: Vec<&str> = inner.columns.iter().map(|(name, _)| name.as_str()).collect();
        Made {
            text: format!(
                "select {} from ({} order by {order}{limit}) {alias}",
                names.join(", "),
                self.closed(&inner.text)
            ),
            columns: inner.columns,
        }
    }

    fn values(&mut self, want: Option<&[Kind]>) -> Made {
        let kinds = match want {
            Some(kinds) => kinds.to_vec(),
            None => (0..self.rng.usize(1..4)).map(|_| self.kind()).collect(),
        };
        let alias = self.alias();
        let names: Vec<String> = (1..=kinds.len()).map(|place| format!("v{place}")).collect();
        let rows: Vec<String> = (0..self.rng.usize(1..4))
            .map(|_| {
                let row: Vec<String> = kinds.iter().map(|kind| self.typed_literal(*kind)).collect();
                format!("({})", row.join(", "))
            })
            .collect();
        Made {
            text: format!(
                "select * from (values {}) {alias}({})",
                rows.join(", "),
                names.join(", ")
            ),
            columns: names.into_iter().zip(kinds).collect(),
        }
    }

    /// All output columns by their ordinals, in some order.
    fn total_order(&mut self, columns: usize) -> String {
        let mut places: Vec<usize> = (1..=columns).collect();
        self.rng.shuffle(&mut places);
        let keys: Vec<String> = places
            .iter()
            .map(|place| {
                let direction =
                    self.pick(&["", "", " desc", " asc nulls first", " desc nulls last"]);
                format!("{place}{direction}")
            })
            .collect();
        keys.join(", ")
    }

    /// A LIMIT clause, or none in one of `absent` cases.
    fn limit(&mut self, absent: usize) -> String {
        if absent > 1 && !self.one_in(absent) {
            return String::new();
        }
        let limit = self.rng.usize(..5);
        match self.rng.u8(..4) {
            0 => format!(" limit {limit} offset {}", self.rng.usize(..3)),
            1 if absent > 1 => format!(" offset {}", self.rng.usize(..3)),
            _ => format!(" limit {limit}"),
        }
    }

    /// In parentheses where something may follow.
    fn closed(&self, text: &str) -> String {
        let compound =
            [" union ", " intersect ", " except "].iter().any(|word| text.contains(word));
        if compound { format!("({text})") } else { text.to_owned() }
    }

    fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("x{}", self.aliases)
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.rng.usize(..chances.max(1)) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.rng.usize(..from.len())]
    }

    fn kind(&mut self) -> Kind {
        use Kind::{Bool, Date, Decimal, Float, Int, Small, Text, Time};
        self.pick(&[Int, Int, Int, Int, Text, Text, Decimal, Float, Date, Small, Bool, Time])
    }
}
