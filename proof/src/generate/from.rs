//! FROM: tables, derived tables and joins of all kinds.

use super::{Column, Generator, Kind, Scope};

impl Generator<'_> {
    /// The text of a FROM clause and what it brings into scope.
    pub(super) fn from(&mut self, depth: usize, outer: &[Column]) -> (String, Scope) {
        let mut scope = Scope { outer: outer.to_vec(), ..Scope::default() };
        let (mut text, columns) = self.factor(depth, &[]);
        scope.columns = columns;
        // A comma starts a new group of joins, whose conditions do not see what is before.
        let mut group = 0;
        let joins = match self.rng.u8(..10) {
            0..=4 => 0,
            5..=7 => 1,
            8 => 2,
            _ => 3,
        };
        for _ in 0..joins {
            if self.fuel <= 0 {
                break;
            }
            self.fuel -= 1;
            text = self.join(text, depth, &mut scope, &mut group);
        }
        (text, scope)
    }

    fn join(&mut self, left: String, depth: usize, scope: &mut Scope, group: &mut usize) -> String {
        if depth > 0 && self.one_in(12) {
            return self.lateral(left, scope);
        }
        let before: Vec<Column> = scope.columns[..*group].to_vec();
        let mut left_side = scope.clone();
        left_side.columns.drain(..*group);
        let visible = left_side.columns.len();
        let (right, columns) = self.factor(depth, &[]);
        let mut both = left_side.clone();
        both.columns.extend(columns.iter().cloned());
        let all = |both: &Scope| [before.as_slice(), &both.columns].concat();
        match self.rng.u8(..24) {
            0..=3 => {
                *group = scope.columns.len();
                scope.columns = all(&both);
                return format!("{left}, {right}");
            }
            4 => {
                scope.columns = all(&both);
                return format!("{left} cross join {right}");
            }
            5 | 6 => {
                let word = self.pick(&["left semi join", "left anti join"]);
                let condition = self.join_condition(&both, visible, depth);
                return format!("{left} {word} {right} on {condition}");
            }
            7..=9 => {
                let name = |column: &Column| column.text.rsplit('.').next().map(str::to_owned);
                let mut common: Vec<String> = columns
                    .iter()
                    .filter(|right| {
                        let same = |left: &&Column| name(left) == name(right);
                        left_side.columns.iter().filter(same).count() == 1
                            && left_side
                                .columns
                                .iter()
                                .any(|l| name(l) == name(right) && l.kind == right.kind)
                    })
                    .filter_map(name)
                    .collect();
                if !common.is_empty() {
                    let word = self.pick(&["join", "join", "left join", "full join", "right join"]);
                    self.rng.shuffle(&mut common);
                    common.truncate(self.rng.usize(1..3));
                    scope.columns = all(&both);
                    return format!("{left} {word} {right} using ({})", common.join(", "));
                }
            }
            _ => {}
        }
        let word = self.pick(&[
            "join",
            "join",
            "join",
            "inner join",
            "left join",
            "left join",
            "left outer join",
            "right join",
            "full join",
        ]);
        let condition = self.join_condition(&both, visible, depth);
        scope.columns = all(&both);
        format!("{left} {word} {right} on {condition}")
    }

    /// Mostly an equality across both sides, and sometimes more.
    fn join_condition(&mut self, both: &Scope, visible: usize, depth: usize) -> String {
        let (left, right) = both.columns.split_at(visible);
        let mut pairs = Vec::new();
        for l in left {
            for r in right.iter().filter(|r| r.kind == l.kind) {
                pairs.push(format!("{} = {}", l.text, r.text));
            }
        }
        if pairs.is_empty() || self.one_in(8) {
            return self.predicate(both, depth.min(1), false);
        }
        let mut condition = pairs[self.rng.usize(..pairs.len())].clone();
        if self.one_in(4) {
            let more = pairs[self.rng.usize(..pairs.len())].clone();
            condition = format!("{condition} and {more}");
        }
        if self.one_in(4) {
            let more = self.predicate(both, 0, false);
            condition = format!("{condition} and {more}");
        }
        condition
    }

    fn lateral(&mut self, left: String, scope: &mut Scope) -> String {
        let made = self.select(0, None, &scope.columns.clone());
        let alias = self.alias();
        let columns = made.columns.iter();
        scope.columns.extend(
            columns.map(|(name, kind)| Column { text: format!("{alias}.{name}"), kind: *kind }),
        );
        let word = self.pick(&["cross join lateral", "cross join lateral", "left join lateral"]);
        let on = if word.starts_with("left") { " on true" } else { "" };
        format!("{left} {word} ({}) {alias}{on}", made.text)
    }

    /// A table, a CTE or a derived table under a fresh alias.
    pub(super) fn factor(&mut self, depth: usize, prefer: &[Kind]) -> (String, Vec<Column>) {
        let alias = self.alias();
        let (text, columns): (String, Vec<(String, Kind)>) = if !self.ctes.is_empty()
            && self.one_in(3)
        {
            let (name, columns) = self.ctes[self.rng.usize(..self.ctes.len())].clone();
            (name, columns)
        } else if depth > 0 && self.fuel > 0 && self.one_in(4) {
            let made = self.relation(depth - 1, None, &[]);
            (format!("({})", made.text), made.columns)
        } else {
            let mut table = &self.world.tables[self.rng.usize(..self.world.tables.len())];
            for _ in 0..4 {
                let fits = |kind: &Kind| {
                    table.rows.schema().fields().iter().any(|f| Kind::of(f.data_type()) == *kind)
                };
                if prefer.iter().all(fits) {
                    break;
                }
                table = &self.world.tables[self.rng.usize(..self.world.tables.len())];
            }
            let fields = table.rows.schema();
            let columns =
                fields.fields().iter().map(|f| (f.name().clone(), Kind::of(f.data_type())));
            (table.name.clone(), columns.collect())
        };
        let columns = columns
            .into_iter()
            .map(|(name, kind)| Column { text: format!("{alias}.{name}"), kind })
            .collect();
        let word = self.pick(&["", "", " as"]);
        (format!("{text}{word} {alias}"), columns)
    }
}
