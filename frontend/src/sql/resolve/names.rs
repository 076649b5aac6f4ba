//! Column names: which scope has them, and what to say where none has.

use planc_ir::suggest::did_you_mean;
use planc_ir::{Diagnostic, code};
use sqlparser::ast::Ident;

use super::super::lookups::normalized;
use super::Resolver;
use super::scope::{Found, Qualifier, Relation, Scope};

impl Resolver<'_, '_> {
    /// Checks an unqualified name. `strict` where DataFusion refuses one that two tables have.
    pub(super) fn identifier(&mut self, ident: &Ident, strict: bool) {
        let name = normalized(ident);
        if ident.quote_style.is_none() && name.starts_with('@') {
            return;
        }
        let mut several = false;
        for (distance, scope) in self.scopes.iter().rev().enumerate() {
            match scope.find(&name) {
                Found::One => return,
                Found::Several => several |= distance == 0,
                Found::No => {}
            }
        }
        if several {
            if strict {
                self.ambiguous(ident, &name);
            }
        } else {
            let missing = self.unknown_column(ident, &name);
            self.report(&name, ident.span, missing);
        }
    }

    /// Checks `a.b`, `a.b.c`, …: a qualified column or a field of one.
    pub(super) fn compound(&mut self, idents: &[Ident]) {
        let names: Vec<String> = idents.iter().map(normalized).collect();
        let (Some(first), Some(first_name)) = (idents.first(), names.first()) else { return };
        if first.quote_style.is_none() && first_name.starts_with('@') {
            return;
        }
        // As DataFusion searches: up to three parts of a table's name, a column, its fields.
        for scope in self.scopes.iter().rev() {
            for parts in 1..names.len().min(4) {
                let (qualifier, rest) = names.split_at(parts);
                let column = rest.first().map_or("", String::as_str);
                if scope.qualified(qualifier).any(|found| found.columns.may_have(column)) {
                    return;
                }
            }
            let held = scope.relations.iter().any(|relation| relation.columns.has(first_name));
            let output = scope.outputs.iter().any(|outputs| outputs.has(first_name));
            if held || output || scope.is_open() {
                return;
            }
        }
        self.unknown_compound(idents, &names);
    }

    /// Checks the table in `t.*` and gives its relations.
    pub(super) fn qualified_wildcard(&mut self, idents: &[Ident]) -> Option<Vec<Relation>> {
        let names: Vec<String> = idents.iter().map(normalized).collect();
        let scope = self.scopes.last()?;
        let found: Vec<Relation> = scope.qualified(&names).cloned().collect();
        let inherited =
            scope.relations.iter().any(|relation| relation.qualifier == Qualifier::Inherited);
        if found.is_empty() && !inherited {
            let place = idents.last()?.span;
            let unknown = self.unknown_qualifier(names.last().map_or("", String::as_str));
            self.report(&names.join("."), place, unknown);
            return None;
        }
        (!found.is_empty()).then_some(found)
    }

    fn ambiguous(&mut self, ident: &Ident, name: &str) {
        let mut holders = Vec::new();
        if let Some(scope) = self.scopes.last() {
            for relation in scope.relations.iter().filter(|held| held.columns.has(name)) {
                if let Qualifier::Named(parts) = &relation.qualifier {
                    holders.push(parts.last().map_or("", String::as_str).to_owned());
                }
            }
        }
        // Two tables of one name were reported already.
        let alike = |holder| holders.iter().filter(|other| *other == holder).count() > 1;
        if holders.iter().any(alike) {
            return;
        }
        let shown = quoted(name);
        let message = format!("`{name}` is a column of {}", listed(&holders));
        let choices: Vec<String> =
            holders.iter().map(|holder| format!("`{}.{shown}`", quoted(holder))).collect();
        let diagnostic = Diagnostic::new(code::AMBIGUOUS_COLUMN, message)
            .help(format!("write {}", choices.join(" or ")));
        self.report(name, ident.span, diagnostic);
    }

    fn unknown_column(&self, ident: &Ident, name: &str) -> Diagnostic {
        let message = format!("no table in scope has a column `{name}`");
        let diagnostic = Diagnostic::new(code::UNKNOWN_COLUMN, message);
        let nearest_scope = self.scopes.last();
        if nearest_scope.is_some_and(|scope| scope.aliases.iter().any(|alias| alias == name)) {
            return diagnostic.help(format!(
                "`{name}` is an alias of this SELECT, and this clause is evaluated before it: \
                 repeat the expression, or select from a subquery"
            ));
        }
        let visible = || self.scopes.iter().rev().flat_map(Scope::column_names);
        if let Some(other) = visible().find(|other| other.eq_ignore_ascii_case(name)) {
            return diagnostic.help(other_case(other));
        }
        if let Some(words) = did_you_mean(name, visible()) {
            return diagnostic.help(words);
        }
        let mut qualifiers = self.scopes.iter().rev().flat_map(Scope::qualifiers);
        if qualifiers.any(|qualifier| qualifier == name) {
            return diagnostic.help(format!("`{name}` is a table here: name one of its columns"));
        }
        if ident.quote_style == Some('"') {
            return diagnostic
                .help(format!("a string stands in single quotes: `'{}'`", ident.value));
        }
        diagnostic
    }

    fn unknown_compound(&mut self, idents: &[Ident], names: &[String]) {
        let (Some(first), Some(second)) = (names.first(), names.get(1)) else { return };
        let table = self
            .scopes
            .iter()
            .rev()
            .flat_map(|scope| scope.qualified(std::slice::from_ref(first)))
            .next();
        let (Some(qualifier_ident), Some(column_ident)) = (idents.first(), idents.get(1)) else {
            return;
        };
        if let Some(table) = table {
            let diagnostic = missing_in(table, first, second);
            self.report(&format!("{first}.{second}"), column_ident.span, diagnostic);
            return;
        }
        // `s.t.c`: the first two parts may name a table.
        if let (Some(third), Some(third_ident)) = (names.get(2), idents.get(2)) {
            let parts = [first.clone(), second.clone()];
            let table = self.scopes.iter().rev().flat_map(|scope| scope.qualified(&parts)).next();
            if let Some(table) = table {
                let diagnostic = missing_in(table, second, third);
                self.report(&names.join("."), third_ident.span, diagnostic);
                return;
            }
        }
        let unknown = self.unknown_qualifier(first);
        self.report(first, qualifier_ident.span, unknown);
    }

    fn unknown_qualifier(&self, name: &str) -> Diagnostic {
        let message = format!("no table in scope is called `{name}`");
        let diagnostic = Diagnostic::new(code::UNKNOWN_QUALIFIER, message);
        let visible = || self.scopes.iter().rev().flat_map(Scope::qualifiers);
        let near = did_you_mean(name, visible());
        let renamed = self.catalog.get(name).is_some() || self.ctes.iter().any(|(c, _)| c == name);
        let mut here: Vec<String> = visible().map(str::to_owned).collect();
        here.dedup();
        let help = match near {
            Some(words) => words,
            None if here.is_empty() => "this clause sees no table".to_owned(),
            None if renamed => format!(
                "the table `{name}` is not in this FROM under its own name; in scope: {}",
                listed(&here)
            ),
            None => format!("in scope: {}", listed(&here)),
        };
        diagnostic.help(help)
    }
}

fn missing_in(table: &Relation, qualifier: &str, column: &str) -> Diagnostic {
    let message = format!("`{qualifier}` has no column `{column}`");
    let names = || table.columns.names.iter().map(String::as_str);
    let help = match names().find(|name| name.eq_ignore_ascii_case(column)) {
        Some(other) => Some(other_case(other)),
        None => did_you_mean(column, names()),
    };
    Diagnostic::new(code::UNKNOWN_COLUMN, message).help_opt(help)
}

/// The help for a name that differs from a column's in case only.
fn other_case(column: &str) -> String {
    if column.chars().any(|c| c.is_ascii_uppercase()) {
        format!("the column is `{column}`: only double quotes keep its case, `\"{column}\"`")
    } else {
        format!("the column is `{column}`: a quoted name keeps its case, so write `{column}`")
    }
}

/// A name as it has to be written.
pub(super) fn quoted(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain { name.to_owned() } else { format!("\"{name}\"") }
}

fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => "several tables".to_owned(),
    }
}
