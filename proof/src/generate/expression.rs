//! Expressions of a wanted type.

use super::{Generator, Kind, Scope};

impl Generator<'_> {
    pub(super) fn expression(&mut self, kind: Kind, scope: &Scope, depth: usize) -> String {
        if let Some(below) = &scope.grouped
            && self.one_in(2)
        {
            return self.aggregate(kind, &below.clone());
        }
        if depth == 0 || self.one_in(2) {
            return self.column_or_literal(kind, scope);
        }
        let depth = depth - 1;
        if self.one_in(5) {
            return self.choice(kind, scope, depth);
        }
        match kind {
            Kind::Int => self.integer(scope, depth),
            Kind::Small => {
                let from = self.expression(Kind::Small, scope, depth);
                format!(
                    "({from} {} {})",
                    self.pick(&["+", "-", "*"]),
                    self.column_or_literal(kind, scope)
                )
            }
            Kind::Decimal => {
                let inner = self.expression(kind, scope, 0);
                // No round(): its scale depends on what the optimizer folds.
                match self.rng.u8(..4) {
                    0 | 1 => format!("abs({inner})"),
                    2 => format!(
                        "cast({} as decimal(10, 2))",
                        self.expression(Kind::Small, scope, 0)
                    ),
                    _ => format!(
                        "({inner} {} {})",
                        self.pick(&["+", "-", "*"]),
                        self.column_or_literal(kind, scope)
                    ),
                }
            }
            Kind::Float => {
                let inner = self.expression(kind, scope, depth);
                match self.rng.u8(..6) {
                    0 => format!("abs({inner})"),
                    1 => format!("cast({} as double)", self.expression(Kind::Int, scope, depth)),
                    2 => format!("(- {inner})"),
                    3 => format!("({inner} / {})", self.column_or_literal(kind, scope)),
                    _ => format!(
                        "({inner} {} {})",
                        self.pick(&["+", "-", "*"]),
                        self.column_or_literal(kind, scope)
                    ),
                }
            }
            Kind::Text => {
                let inner = self.expression(kind, scope, depth);
                match self.rng.u8(..9) {
                    0 => format!("upper({inner})"),
                    1 => format!("lower({inner})"),
                    2 => format!("({inner} || {})", self.column_or_literal(kind, scope)),
                    3 => format!("concat({inner}, {})", self.column_or_literal(kind, scope)),
                    4 => format!("substr({inner}, {}, 1)", self.rng.u8(1..3)),
                    5 => format!("trim({inner})"),
                    6 => format!("cast({} as varchar)", self.expression(Kind::Int, scope, depth)),
                    7 => format!("replace({inner}, 'a', 'b')"),
                    _ => format!("cast({} as varchar)", self.expression(Kind::Date, scope, depth)),
                }
            }
            Kind::Date => {
                let inner = self.expression(kind, scope, depth);
                match self.rng.u8(..3) {
                    0 => format!("({inner} + interval '1 day')"),
                    1 => format!("({inner} - interval '1 month')"),
                    _ => format!("cast({} as date)", self.expression(Kind::Time, scope, depth)),
                }
            }
            Kind::Time => {
                let inner = self.expression(kind, scope, depth);
                match self.rng.u8(..3) {
                    0 => format!("date_trunc('{}', {inner})", self.pick(&["day", "month", "hour"])),
                    1 => format!("({inner} + interval '1 hour')"),
                    _ => {
                        format!("cast({} as timestamp)", self.expression(Kind::Date, scope, depth))
                    }
                }
            }
            Kind::Bool => {
                format!("({})", self.predicate(scope, depth.min(1), scope.grouped.is_some()))
            }
        }
    }

    fn integer(&mut self, scope: &Scope, depth: usize) -> String {
        let inner = self.expression(Kind::Int, scope, depth);
        match self.rng.u8(..14) {
            0 => format!("abs({inner})"),
            1 => format!("(- {inner})"),
            2 => format!("length({})", self.expression(Kind::Text, scope, depth)),
            3 => format!("cast({} as bigint)", self.expression(Kind::Small, scope, depth)),
            4 => format!(
                "cast(date_part('{}', {}) as bigint)",
                self.pick(&["day", "month", "year"]),
                self.expression(Kind::Date, scope, depth)
            ),
            5 => format!("({inner} / {})", self.pick(&["2", "3", "-1"])),
            6 => format!("({inner} % {})", self.pick(&["2", "3"])),
            // These may fail.
            7 if self.one_in(3) => {
                format!("({inner} / {})", self.column_or_literal(Kind::Int, scope))
            }
            8 if self.one_in(3) => {
                format!("cast({} as bigint)", self.expression(Kind::Text, scope, depth))
            }
            9 => format!("try_cast({} as bigint)", self.expression(Kind::Text, scope, depth)),
            _ => format!(
                "({inner} {} {})",
                self.pick(&["+", "-", "*", "+"]),
                self.column_or_literal(Kind::Int, scope)
            ),
        }
    }

    /// CASE and what stands for it.
    fn choice(&mut self, kind: Kind, scope: &Scope, depth: usize) -> String {
        let one = self.expression(kind, scope, depth);
        let two = self.expression(kind, scope, depth);
        match self.rng.u8(..7) {
            0 => format!("coalesce({one}, {two})"),
            1 => format!("coalesce({one}, {two}, {})", self.literal(kind)),
            2 => format!("nullif({one}, {two})"),
            3 => {
                let of = self.output_kind(scope);
                let subject = self.expression(of, scope, 0);
                let when = self.typed_literal(of);
                format!("case {subject} when {when} then {one} else {two} end")
            }
            4 => format!(
                "case when {} then {one} end",
                self.predicate(scope, 0, scope.grouped.is_some())
            ),
            _ => {
                let grouped = scope.grouped.is_some();
                let first = self.predicate(scope, 0, grouped);
                let second = self.predicate(scope, 0, grouped);
                let three = self.expression(kind, scope, 0);
                format!("case when {first} then {one} when {second} then {two} else {three} end")
            }
        }
    }

    pub(super) fn column_or_literal(&mut self, kind: Kind, scope: &Scope) -> String {
        if self.rng.u8(..8) > 0
            && let Some(column) = self.column(kind, scope)
        {
            return column;
        }
        self.typed_literal(kind)
    }

    /// A column of this type, now and then one of the queries around.
    pub(super) fn column(&mut self, kind: Kind, scope: &Scope) -> Option<String> {
        let outer = !scope.outer.is_empty() && self.one_in(12);
        let from = if outer { &scope.outer } else { &scope.columns };
        let fitting: Vec<&str> = from
            .iter()
            .filter(|column| column.kind == kind)
            .map(|column| column.text.as_str())
            .collect();
        if fitting.is_empty() {
            return None;
        }
        Some(fitting[self.rng.usize(..fitting.len())].to_owned())
    }

    /// A literal that is of the type by itself, NULL too.
    pub(super) fn typed_literal(&mut self, kind: Kind) -> String {
        if !self.one_in(12) {
            return self.literal(kind);
        }
        let of = match kind {
            Kind::Int => "bigint",
            Kind::Small => "int",
            Kind::Decimal => "decimal(10, 2)",
            Kind::Float => "double",
            Kind::Text => "varchar",
            Kind::Date => "date",
            Kind::Time => "timestamp",
            Kind::Bool => "boolean",
        };
        format!("cast(null as {of})")
    }

    pub(super) fn literal(&mut self, kind: Kind) -> String {
        match kind {
            Kind::Int if self.one_in(40) => "9223372036854775807".to_owned(),
            Kind::Int => self.pick(&["0", "1", "2", "3", "-1", "1", "2", "10"]).to_owned(),
            Kind::Small => format!("cast({} as int)", self.pick(&["0", "1", "2", "-1"])),
            Kind::Decimal => {
                format!("cast({} as decimal(10, 2))", self.pick(&["0", "0.5", "1", "1.5", "-0.5"]))
            }
            Kind::Float if self.one_in(30) => "cast('NaN' as double)".to_owned(),
            Kind::Float => {
                let value = self.pick(&["0.0", "1.5", "-1.25", "2.0", "0.25", "-0.0"]);
                if value.starts_with('-') { format!("({value})") } else { value.to_owned() }
            }
            Kind::Text => format!("'{}'", self.pick(&["a", "b", "", "ab", "A", "1"])),
            Kind::Date => format!("date '2024-02-{}'", self.pick(&["28", "29", "27"])),
            Kind::Time => {
                format!("timestamp '2024-02-{}:00:00'", self.pick(&["28 00", "28 07", "29 04"]))
            }
            Kind::Bool => self.pick(&["true", "false"]).to_owned(),
        }
    }
}
