//! Predicates, with subqueries of all kinds.

use super::{Column, Generator, Kind, Scope};

impl Generator<'_> {
    /// A predicate. Below an aggregate's output no subqueries are made.
    pub(super) fn predicate(&mut self, scope: &Scope, depth: usize, grouped: bool) -> String {
        if depth > 0 && !grouped && self.fuel > 0 && self.one_in(4) {
            return self.subquery(scope);
        }
        let deeper = depth.saturating_sub(1);
        match self.rng.u8(..14) {
            0 | 1 => {
                format!("({} and {})", self.predicate(scope, deeper, grouped), self.atom(scope))
            }
            2 => format!("({} or {})", self.predicate(scope, deeper, grouped), self.atom(scope)),
            3 => format!("not ({})", self.predicate(scope, deeper, grouped)),
            4 => {
                let common = self.atom(scope);
                format!("({common} and {} or {common} and {})", self.atom(scope), self.atom(scope))
            }
            _ => self.atom(scope),
        }
    }

    fn atom(&mut self, scope: &Scope) -> String {
        let kind = self.output_kind(scope);
        let left = self.expression(kind, scope, 1);
        match self.rng.u8(..22) {
            0 => format!("{left} is null"),
            1 => format!("{left} is not null"),
            2 => {
                let (low, high) = (self.typed_literal(kind), self.typed_literal(kind));
                format!("{left} {}between {low} and {high}", self.pick(&["", "", "not "]))
            }
            3 | 4 => {
                let items: Vec<String> =
                    (0..self.rng.usize(1..4)).map(|_| self.typed_literal(kind)).collect();
                format!("{left} {}in ({})", self.pick(&["", "", "not "]), items.join(", "))
            }
            5 => {
                let right = self.column_or_literal(kind, scope);
                format!("({left} is {}distinct from {right})", self.pick(&["", "not "]))
            }
            6 => {
                let text = self.expression(Kind::Text, scope, 1);
                let pattern = self.pick(&["a%", "%", "a", "_", "%b", "A", "a\\_b", ""]);
                format!("{text} {}like '{pattern}'", self.pick(&["", "", "not "]))
            }
            7 => {
                let inner = self.comparison(scope, kind);
                format!(
                    "({inner}) is {}",
                    self.pick(&["true", "false", "not true", "unknown", "not unknown"])
                )
            }
            8 => self.column(Kind::Bool, scope).unwrap_or_else(|| self.comparison(scope, kind)),
            9 if self.one_in(3) => self
                .pick(&["true", "false", "1 = 0", "cast(null as boolean)", "random() >= 0.0"])
                .to_owned(),
            10 => {
                let low = self.comparison(scope, kind);
                let high = self.comparison(scope, kind);
                format!("({low} {} {high})", self.pick(&["or", "and"]))
            }
            11 => {
                let small = self.expression(Kind::Small, scope, 0);
                format!(
                    "{small} {} {}",
                    self.pick(&["=", "<", ">=", "<>"]),
                    self.pick(&["0", "1", "2"])
                )
            }
            12 => {
                let other = self.pick(&[Kind::Decimal, Kind::Float]);
                let (small, other) =
                    (self.expression(Kind::Int, scope, 0), self.expression(other, scope, 0));
                format!("{small} {} {other}", self.pick(&["=", "<", ">="]))
            }
            _ => self.comparison(scope, kind),
        }
    }

    fn comparison(&mut self, scope: &Scope, kind: Kind) -> String {
        let left = self.expression(kind, scope, 1);
        let right = match self.rng.bool() {
            true => self.expression(kind, scope, 0),
            false => self.typed_literal(kind),
        };
        let operator = self.pick(&["=", "=", "=", "<>", "<", "<=", ">", ">="]);
        match self.one_in(4) {
            true => format!("{right} {operator} {left}"),
            false => format!("{left} {operator} {right}"),
        }
    }

    /// An equality, mostly, between a column of this query and one of those around.
    pub(super) fn correlation(&mut self, scope: &Scope) -> Option<String> {
        if self.one_in(6) {
            return None;
        }
        let mut pairs = Vec::new();
        for inner in &scope.columns {
            for outer in scope.outer.iter().filter(|outer| outer.kind == inner.kind) {
                pairs.push((inner.text.clone(), outer.text.clone()));
            }
        }
        if pairs.is_empty() {
            return None;
        }
        let (inner, outer) = pairs[self.rng.usize(..pairs.len())].clone();
        let operator = self.pick(&["=", "=", "=", "=", "=", "<", "<>", "is not distinct from"]);
        Some(format!("({inner} {operator} {outer})"))
    }

    fn subquery(&mut self, scope: &Scope) -> String {
        self.fuel -= 2;
        let mut outer: Vec<Column> = scope.columns.clone();
        if self.one_in(8) {
            outer.extend(scope.outer.iter().cloned());
        }
        let visible: &[Column] = if self.one_in(4) { &[] } else { &outer };
        let kind = self.output_kind(scope);
        match self.rng.u8(..10) {
            0..=2 => {
                let made = self.select(0, None, visible);
                format!("{}exists ({})", self.pick(&["", "not "]), made.text)
            }
            3..=5 => {
                let left = self.expression(kind, scope, 0);
                let made = self.select(0, Some(&[kind]), visible);
                format!("{left} {}in ({})", self.pick(&["", "", "not "]), made.text)
            }
            6 => {
                let left = self.expression(kind, scope, 0);
                let made = self.select(0, Some(&[kind]), visible);
                let operator = self.pick(&["=", "<>", "<", ">="]);
                format!("{left} {operator} {} ({})", self.pick(&["any", "all"]), made.text)
            }
            _ => {
                let left = self.expression(kind, scope, 0);
                let right = self.scalar(kind, visible);
                format!("{left} {} {right}", self.pick(&["=", "<", ">=", "<>"]))
            }
        }
    }

    pub(super) fn scalar_subquery(&mut self, kind: Kind, scope: &Scope) -> String {
        self.fuel -= 2;
        let visible: Vec<Column> = if self.one_in(4) { Vec::new() } else { scope.columns.clone() };
        self.scalar(kind, &visible)
    }

    /// An aggregate without keys, so that it has one row.
    fn scalar(&mut self, kind: Kind, outer: &[Column]) -> String {
        let (from, columns) = self.factor(0, &[kind]);
        let scope = Scope { columns, outer: outer.to_vec(), grouped: None };
        let mut parts: Vec<String> = self.correlation(&scope).into_iter().collect();
        if self.one_in(3) {
            let inner = Scope { outer: Vec::new(), ..scope.clone() };
            parts.push(self.predicate(&inner, 0, true));
        }
        let condition = match parts.is_empty() {
            true => String::new(),
            false => format!(" where {}", parts.join(" and ")),
        };
        let aggregate = self.aggregate(kind, &scope.columns);
        format!("(select {aggregate} as o1 from {from}{condition})")
    }
}
