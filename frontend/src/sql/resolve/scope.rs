//! What an expression can name.

/// The columns of a relation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) names: Vec<String>,
    /// There may be columns of other names as well.
    pub(super) open: bool,
    /// There are columns that have their expression for a name, such as `sum(t.x)`, which
    /// only a quoted identifier can spell.
    pub(super) derived: bool,
    /// `open` only because of a fault that was reported.
    pub(super) failed: bool,
    /// How many columns there are, where that is certain.
    pub(super) width: Option<usize>,
}

impl Columns {
    /// Any column at all.
    pub(super) fn any() -> Self {
        Columns { open: true, ..Columns::default() }
    }

    /// Any column, since a fault hides what there is.
    pub(super) fn failed() -> Self {
        Columns { open: true, failed: true, ..Columns::default() }
    }

    /// Exactly these columns.
    pub(super) fn of(names: impl IntoIterator<Item = String>) -> Self {
        let names: Vec<String> = names.into_iter().collect();
        Columns { width: Some(names.len()), names, ..Columns::default() }
    }

    /// No column yet.
    pub(super) fn none() -> Self {
        Columns { width: Some(0), ..Columns::default() }
    }

    /// These columns with another number of them.
    pub(super) fn of_width(self, width: Option<usize>) -> Self {
        Columns { width, ..self }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    pub(super) fn may_have(&self, name: &str) -> bool {
        let plain = |c: char| c.is_alphanumeric() || c == '_';
        self.open || self.has(name) || (self.derived && !name.chars().all(plain))
    }

    /// Adds the columns of another relation; each name stands once.
    pub(super) fn extend(&mut self, other: &Columns) {
        // What is open for its own sake stays so.
        self.failed = (self.failed || !self.open) && (other.failed || !other.open);
        self.open |= other.open;
        self.failed &= self.open;
        self.derived |= other.derived;
        self.width = self.width.zip(other.width).map(|(own, others)| own + others);
        for name in &other.names {
            if !self.has(name) {
                self.names.push(name.clone());
            }
        }
    }
}

/// By which name the columns of a relation are qualified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Qualifier {
    /// The parts of a table's name, or an alias.
    Named(Vec<String>),
    /// A subquery without an alias: DataFusion lets inner qualifiers shine through.
    Inherited,
}

impl Qualifier {
    /// True where `parts` may name it: `t` and `s.t` name the table `s.t`.
    pub(super) fn matches(&self, parts: &[String]) -> bool {
        match self {
            Qualifier::Named(own) => own.ends_with(parts) || parts.ends_with(own),
            Qualifier::Inherited => false,
        }
    }
}

/// One item of a FROM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Relation {
    pub(super) qualifier: Qualifier,
    pub(super) columns: Columns,
    /// A table of the catalog, with all its columns under their own names.
    pub(super) base: bool,
}

/// What one query's expressions see of its own FROM.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub(super) relations: Vec<Relation>,
    /// Columns that USING or NATURAL made one of two.
    pub(super) merged: Vec<String>,
    /// Names of output columns, where the clause may use them.
    pub(super) outputs: Option<Columns>,
    /// Aliases of the SELECT list, where the clause may not use them: only for the help.
    pub(super) aliases: Vec<String>,
}

/// How often a scope has an unqualified name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    No,
    One,
    Several,
}

impl Scope {
    /// A scope of one relation.
    pub(super) fn of(qualifier: Qualifier, columns: Columns) -> Self {
        let relations = vec![Relation { qualifier, columns, base: false }];
        Scope { relations, ..Scope::default() }
    }

    /// Puts another scope's relations beside these.
    pub(super) fn absorb(&mut self, other: Scope) {
        self.relations.extend(other.relations);
        self.merged.extend(other.merged);
    }

    pub(super) fn find(&self, name: &str) -> Found {
        if self.outputs.as_ref().is_some_and(|outputs| outputs.may_have(name)) {
            return Found::One;
        }
        let mut holders = self.relations.iter().filter(|relation| relation.columns.has(name));
        match (holders.next(), holders.next()) {
            (None, _) => {
                let possible = self.relations.iter().any(|held| held.columns.may_have(name));
                if possible { Found::One } else { Found::No }
            }
            (Some(_), None) => Found::One,
            (Some(_), Some(_)) if self.is_merged(name) => Found::One,
            (Some(_), Some(_)) => Found::Several,
        }
    }

    /// True where two columns of this name may count as one, or where it is not certain that
    /// they are two: columns without a qualifier win over those with one.
    fn is_merged(&self, name: &str) -> bool {
        self.merged.iter().any(|merged| merged == name)
            || self.relations.iter().any(|relation| {
                relation.qualifier == Qualifier::Inherited && relation.columns.may_have(name)
            })
    }

    /// The relations that `parts` may name.
    pub(super) fn qualified<'a>(
        &'a self,
        parts: &'a [String],
    ) -> impl Iterator<Item = &'a Relation> {
        self.relations.iter().filter(|relation| relation.qualifier.matches(parts))
    }

    /// True where something in it may be named in ways that nobody can foresee. A table that
    /// was reported already does not count: the query fails anyway.
    pub(super) fn is_open(&self) -> bool {
        let open = |columns: &Columns| columns.open && !columns.failed;
        self.outputs.as_ref().is_some_and(open)
            || self.relations.iter().any(|relation| {
                open(&relation.columns) || relation.qualifier == Qualifier::Inherited
            })
    }

    /// All columns, as a `*` would give them.
    pub(super) fn columns(&self) -> Columns {
        let mut all = Columns::none();
        for relation in &self.relations {
            all.extend(&relation.columns);
        }
        // What USING merged counts once, and which ones are merged is not counted here.
        if !self.merged.is_empty() {
            all.width = None;
        }
        all
    }

    /// All names that an expression could begin with, for suggestions.
    pub(super) fn column_names(&self) -> impl Iterator<Item = &str> {
        let outputs = self.outputs.iter().flat_map(|outputs| &outputs.names);
        self.relations
            .iter()
            .flat_map(|relation| &relation.columns.names)
            .chain(outputs)
            .map(String::as_str)
    }

    /// The last part of every qualifier, for suggestions.
    pub(super) fn qualifiers(&self) -> impl Iterator<Item = &str> {
        self.relations.iter().filter_map(|relation| match &relation.qualifier {
            Qualifier::Named(parts) => parts.last().map(String::as_str),
            Qualifier::Inherited => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: &[&str]) -> Columns {
        Columns::of(names.iter().map(|name| (*name).to_owned()))
    }

    #[test]
    fn names_are_found_once_or_more() {
        let named = |name: &str| Qualifier::Named(vec![name.to_owned()]);
        let mut scope = Scope::of(named("a"), columns(&["id", "x"]));
        scope.absorb(Scope::of(named("b"), columns(&["id", "y"])));
        assert_eq!(scope.find("id"), Found::Several);
        assert_eq!(scope.find("x"), Found::One);
        assert_eq!(scope.find("z"), Found::No);
        scope.merged.push("id".to_owned());
        assert_eq!(scope.find("id"), Found::One);
        scope.absorb(Scope::of(named("c"), Columns::any()));
        assert_eq!(scope.find("z"), Found::One);
    }

    #[test]
    fn qualifiers_match_their_last_parts() {
        let table = Qualifier::Named(vec!["s".to_owned(), "t".to_owned()]);
        assert!(table.matches(&["t".to_owned()]));
        assert!(table.matches(&["s".to_owned(), "t".to_owned()]));
        assert!(!table.matches(&["s".to_owned()]));
    }
}
