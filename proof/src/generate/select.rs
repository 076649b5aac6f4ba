//! SELECT: plain, grouped, distinct, with windows.

use super::{Column, Generator, Kind, Made, Scope};

impl Generator<'_> {
    pub(super) fn select(&mut self, depth: usize, want: Option<&[Kind]>, outer: &[Column]) -> Made {
        let (from, scope) = self.from(depth, outer);
        let mut condition = String::new();
        let correlated = (!outer.is_empty()).then(|| self.correlation(&scope)).flatten();
        if correlated.is_some() || self.one_in(2) {
            let more = (correlated.is_none() || self.one_in(3))
                .then(|| self.predicate(&scope, depth, false));
            let parts: Vec<String> = correlated.into_iter().chain(more).collect();
            condition = format!(" where {}", parts.join(" and "));
        }
        // Decorrelation reaches no outer column outside of WHERE.
        let inner = Scope { outer: Vec::new(), ..scope };
        let kinds = match want {
            Some(kinds) => kinds.to_vec(),
            None => (0..self.rng.usize(1..5)).map(|_| self.output_kind(&inner)).collect(),
        };
        match self.rng.u8(..10) {
            0..=2 => self.grouped(&from, &condition, &inner, &kinds),
            _ => self.plain(&from, &condition, &inner, &kinds, depth),
        }
    }

    fn plain(
        &mut self,
        from: &str,
        condition: &str,
        scope: &Scope,
        kinds: &[Kind],
        depth: usize,
    ) -> Made {
        let distinct = if self.one_in(7) { "distinct " } else { "" };
        let mut columns = Vec::new();
        let mut items = Vec::new();
        for (place, kind) in kinds.iter().enumerate() {
            let window = self.one_in(14).then(|| self.window(scope, *kind)).flatten();
            let text = match window {
                Some(window) => window,
                None if self.one_in(20) && depth > 0 => self.scalar_subquery(*kind, scope),
                None => self.expression(*kind, scope, 2),
            };
            let name = format!("o{}", place + 1);
            items.push(format!("{text} as {name}"));
            columns.push((name, *kind));
        }
        let text = format!("select {distinct}{} from {from}{condition}", items.join(", "));
        Made { text, columns }
    }

    fn grouped(&mut self, from: &str, condition: &str, scope: &Scope, kinds: &[Kind]) -> Made {
        let mut keys: Vec<Column> = Vec::new();
        for _ in 0..self.rng.usize(..4) {
            let kind = self.output_kind(scope);
            let text = match self.rng.u8(..8) {
                0 => self.expression(kind, scope, 1),
                _ => self.column(kind, scope).unwrap_or_else(|| self.expression(kind, scope, 1)),
            };
            let constant = !text.contains('x');
            if !constant && !keys.iter().any(|key| key.text == text) {
                keys.push(Column { text, kind });
            }
        }
        let listed: Vec<&str> = keys.iter().map(|key| key.text.as_str()).collect();
        let group = match (keys.len(), self.rng.u8(..10)) {
            (0, _) => String::new(),
            (2.., 0) => format!(" group by rollup({})", listed.join(", ")),
            (2.., 1) => format!(" group by cube({})", listed.join(", ")),
            (2.., 2) => {
                let sets: Vec<String> = (0..self.rng.usize(1..4))
                    .map(|_| {
                        let kept: Vec<&str> =
                            listed.iter().copied().filter(|_| self.rng.bool()).collect();
                        format!("({})", kept.join(", "))
                    })
                    .collect();
                let all = format!("({})", listed.join(", "));
                format!(" group by grouping sets ({all}, {})", sets.join(", "))
            }
            _ => format!(" group by {}", listed.join(", ")),
        };
        let above =
            Scope { columns: keys, outer: Vec::new(), grouped: Some(scope.columns.clone()) };
        let having = if self.one_in(4) {
            format!(" having {}", self.predicate(&above, 0, true))
        } else {
            String::new()
        };
        let distinct = if self.one_in(12) { "distinct " } else { "" };
        let mut columns = Vec::new();
        let mut items = Vec::new();
        for (place, kind) in kinds.iter().enumerate() {
            let name = format!("o{}", place + 1);
            items.push(format!("{} as {name}", self.expression(*kind, &above, 1)));
            columns.push((name, *kind));
        }
        let items = items.join(", ");
        Made {
            text: format!("select {distinct}{items} from {from}{condition}{group}{having}"),
            columns,
        }
    }

    /// An aggregate of this type over the columns that are grouped.
    pub(super) fn aggregate(&mut self, kind: Kind, below: &[Column]) -> String {
        let scope = Scope { columns: below.to_vec(), ..Scope::default() };
        let distinct = if self.one_in(5) { "distinct " } else { "" };
        let filter = if self.one_in(6) {
            format!(" filter (where {})", self.predicate(&scope, 0, false))
        } else {
            String::new()
        };
        let any = self.output_kind(&scope);
        let call = match kind {
            Kind::Int => match self.rng.u8(..8) {
                0 | 1 => "count(*)".to_owned(),
                2 | 3 => format!("count({distinct}{})", self.expression(any, &scope, 1)),
                4 | 5 => format!("sum({distinct}{})", self.expression(Kind::Int, &scope, 1)),
                _ => self.extreme(kind, &scope),
            },
            Kind::Float => match self.rng.u8(..5) {
                0 => format!("avg({distinct}{})", self.expression(Kind::Int, &scope, 1)),
                1 => format!("sum({})", self.column_or_literal(Kind::Float, &scope)),
                2 => format!("avg({})", self.column_or_literal(Kind::Float, &scope)),
                3 => format!("stddev({})", self.expression(Kind::Int, &scope, 1)),
                _ => self.extreme(kind, &scope),
            },
            Kind::Decimal => match self.rng.u8(..3) {
                0 => format!("sum({distinct}{})", self.column_or_literal(Kind::Decimal, &scope)),
                1 => format!("avg({})", self.column_or_literal(Kind::Decimal, &scope)),
                _ => self.extreme(kind, &scope),
            },
            Kind::Bool => {
                let word = self.pick(&["bool_and", "bool_or", "every"]);
                let word = if word == "every" { "bool_and" } else { word };
                format!("{word}({})", self.predicate(&scope, 0, false))
            }
            Kind::Text if self.one_in(3) => {
                let text = self.column_or_literal(Kind::Text, &scope);
                format!("string_agg({text}, ',' order by {text})")
            }
            Kind::Small | Kind::Text | Kind::Date | Kind::Time => self.extreme(kind, &scope),
        };
        format!("{call}{filter}")
    }

    fn extreme(&mut self, kind: Kind, scope: &Scope) -> String {
        let word = self.pick(&["min", "max"]);
        let distinct = if self.one_in(9) { "distinct " } else { "" };
        // Minus zero and zero are equal to some and not to others.
        let argument = match kind {
            Kind::Float => self.column_or_literal(kind, scope),
            _ => self.expression(kind, scope, 1),
        };
        if kind != Kind::Float && self.one_in(8) {
            let word = self.pick(&["first_value", "last_value"]);
            return format!("{word}({argument} order by {argument} desc nulls last)");
        }
        format!("{word}({distinct}{argument})")
    }

    /// A window function of this type whose value does not depend on the order of peers.
    fn window(&mut self, scope: &Scope, kind: Kind) -> Option<String> {
        let all: Vec<&str> = scope.columns.iter().map(|column| column.text.as_str()).collect();
        let partition = match self.rng.u8(..3) {
            0 => String::new(),
            _ => {
                let kind = self.output_kind(scope);
                self.column(kind, scope).map_or(String::new(), |key| format!("partition by {key} "))
            }
        };
        let kind_of_key = self.output_kind(scope);
        let key = self.column(kind_of_key, scope)?;
        let direction = self.pick(&["", " desc", " nulls first", " desc nulls last"]);
        let total = format!("{key}{direction}, {}", all.join(", "));
        let call = match kind {
            Kind::Int => match self.rng.u8(..7) {
                0 => format!("row_number() over ({partition}order by {total})"),
                1 => format!("rank() over ({partition}order by {key}{direction})"),
                2 => format!("dense_rank() over ({partition}order by {key}{direction})"),
                3 => format!("count(*) over ({partition})"),
                4 => {
                    let argument = self.column_or_literal(Kind::Int, scope);
                    format!("sum({argument}) over ({partition}order by {key}{direction})")
                }
                5 => {
                    let argument = self.column_or_literal(Kind::Int, scope);
                    let frame = self.pick(&[
                        "rows between 1 preceding and current row",
                        "rows between unbounded preceding and current row",
                        "rows between 1 preceding and 1 following",
                        "rows between current row and unbounded following",
                    ]);
                    format!("sum({argument}) over ({partition}order by {total} {frame})")
                }
                _ => {
                    let argument = self.column(Kind::Int, scope)?;
                    let word = self.pick(&["lag", "lead"]);
                    format!("{word}({argument}) over ({partition}order by {total})")
                }
            },
            Kind::Text | Kind::Date => {
                let argument = self.column(kind, scope)?;
                let word = self.pick(&["first_value", "last_value", "max", "min"]);
                format!("{word}({argument}) over ({partition}order by {total})")
            }
            _ => return None,
        };
        Some(call)
    }

    /// A type that some column in scope has, mostly.
    pub(super) fn output_kind(&mut self, scope: &Scope) -> Kind {
        if scope.columns.is_empty() || self.one_in(5) {
            return self.kind();
        }
        scope.columns[self.rng.usize(..scope.columns.len())].kind
    }
}
