//! FROM: tables, joins, and what they bring into scope.

use planc_ir::catalog::table_name;
use planc_ir::suggest::did_you_mean;
use planc_ir::{Diagnostic, code};
use sqlparser::ast::{
    Ident, Join, JoinConstraint, JoinOperator, ObjectName, TableAlias, TableFactor, TableWithJoins,
};

use super::super::lookups::{normalized, table_reference};
use super::Resolver;
use super::expr::{idents, name_span};
use super::scope::{Columns, Qualifier, Scope};

impl Resolver<'_, '_> {
    /// The scope of a whole FROM.
    pub(super) fn from(&mut self, from: &[TableWithJoins]) -> Scope {
        let mut scope = Scope::default();
        for item in from {
            let tree = self.join_tree(item, &scope);
            self.check_aliases(&scope, &tree, item);
            scope.absorb(tree);
        }
        scope
    }

    /// One comma-separated item; `before` is what stands to its left, for LATERAL.
    fn join_tree(&mut self, item: &TableWithJoins, before: &Scope) -> Scope {
        let mut left = self.relation(&item.relation, before);
        for join in &item.joins {
            let mut visible = before.clone();
            visible.absorb(left.clone());
            let right = self.relation(&join.relation, &visible);
            left = self.joined(left, right, join);
        }
        left
    }

    fn joined(&mut self, left: Scope, right: Scope, join: &Join) -> Scope {
        use JoinOperator as Op;
        let (constraint, keep_left, keep_right) = match &join.join_operator {
            Op::Join(c) | Op::Inner(c) | Op::CrossJoin(c) | Op::StraightJoin(c) => (c, true, true),
            Op::Left(c) | Op::LeftOuter(c) | Op::Right(c) | Op::RightOuter(c) => (c, true, true),
            Op::FullOuter(c) => (c, true, true),
            Op::LeftSemi(c) | Op::LeftAnti(c) | Op::Semi(c) | Op::Anti(c) => (c, true, false),
            Op::RightSemi(c) | Op::RightAnti(c) => (c, false, true),
            _ => (&JoinConstraint::None, true, true),
        };
        if keep_left && keep_right {
            self.check_factor_alias(&left, &right, &join.relation);
        }
        let mut both = left.clone();
        both.absorb(right.clone());
        match constraint {
            JoinConstraint::On(condition) => {
                self.scopes.push(both.clone());
                self.expression(condition, true);
                self.scopes.pop();
            }
            JoinConstraint::Using(columns) => {
                for column in columns {
                    self.using(column, &left, &right);
                    both.merged.extend(idents(column).iter().flatten().map(normalized));
                }
            }
            JoinConstraint::Natural => {
                let shared = right.columns();
                both.merged.extend(left.columns().names.into_iter().filter(|c| shared.has(c)));
            }
            JoinConstraint::None => {}
        }
        match (keep_left, keep_right) {
            (true, false) => left,
            (false, true) => right,
            _ => both,
        }
    }

    fn using(&mut self, column: &ObjectName, left: &Scope, right: &Scope) {
        let idents = idents(column).unwrap_or_default();
        let [ident] = idents.as_slice() else { return };
        let name = normalized(ident);
        for (side, scope) in [("left", left), ("right", right)] {
            let columns = scope.columns();
            if !columns.may_have(&name) {
                let message = format!("the {side} side of the join has no column `{name}`");
                let diagnostic = Diagnostic::new(code::UNKNOWN_COLUMN, message)
                    .help_opt(did_you_mean(&name, columns.names.iter().map(String::as_str)));
                self.report(&name, ident.span, diagnostic);
            }
        }
    }

    fn relation(&mut self, factor: &TableFactor, before: &Scope) -> Scope {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => self.table(name, alias.as_ref()),
            TableFactor::Table { name, alias, args: Some(_), .. } => {
                self.table_function(name);
                let own = idents(name).unwrap_or_default().first().map(normalized);
                let own = Qualifier::Named(own.map(|n| format!("{n}()")).into_iter().collect());
                self.aliased(Scope::of(own, Columns::any()), alias.as_ref())
            }
            TableFactor::Derived { lateral, subquery, alias, .. } => {
                let columns = self.subquery(*lateral, before, |this| this.query(subquery));
                self.aliased(Scope::of(Qualifier::Inherited, columns), alias.as_ref())
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                let tree = self.join_tree(table_with_joins, before);
                self.aliased(tree, alias.as_ref())
            }
            TableFactor::UNNEST { alias, array_exprs, .. } => {
                self.subquery(true, before, |this| {
                    this.scopes.push(Scope::default());
                    array_exprs.iter().for_each(|expr| this.expression(expr, false));
                    this.scopes.pop();
                });
                self.aliased(Scope::of(Qualifier::Inherited, Columns::any()), alias.as_ref())
            }
            TableFactor::Function { alias, .. }
            | TableFactor::TableFunction { alias, .. }
            | TableFactor::JsonTable { alias, .. }
            | TableFactor::OpenJsonTable { alias, .. }
            | TableFactor::Pivot { alias, .. }
            | TableFactor::Unpivot { alias, .. }
            | TableFactor::MatchRecognize { alias, .. }
            | TableFactor::XmlTable { alias, .. }
            | TableFactor::SemanticView { alias, .. } => {
                self.aliased(Scope::of(Qualifier::Inherited, Columns::any()), alias.as_ref())
            }
        }
    }

    /// Runs `resolve` with the tables to the left in sight where it is LATERAL.
    fn subquery<T>(
        &mut self,
        lateral: bool,
        before: &Scope,
        resolve: impl FnOnce(&mut Self) -> T,
    ) -> T {
        if !lateral {
            return resolve(self);
        }
        self.scopes.push(before.clone());
        let found = resolve(self);
        self.scopes.pop();
        found
    }

    fn table(&mut self, name: &ObjectName, alias: Option<&TableAlias>) -> Scope {
        let parts: Vec<String> = idents(name).iter().flatten().map(normalized).collect();
        let reference = table_reference(name).map(|reference| table_name(&reference));
        let columns = match &reference {
            Some(table) => self.table_columns(table, name),
            None => Columns::any(),
        };
        let mut scope = Scope::of(Qualifier::Named(parts), columns);
        let base = reference.is_some_and(|table| {
            self.catalog.get(&table).is_some() && !self.ctes.iter().any(|(cte, _)| *cte == table)
        });
        scope.relations.iter_mut().for_each(|relation| relation.base = base);
        self.aliased(scope, alias)
    }

    fn table_columns(&mut self, table: &str, written: &ObjectName) -> Columns {
        if let Some((_, columns)) = self.ctes.iter().rev().find(|(cte, _)| cte == table) {
            return columns.clone();
        }
        if let Some(known) = self.catalog.get(table) {
            return Columns::of(known.schema.fields().iter().map(|field| field.name().clone()));
        }
        let last = table.rsplit('.').next().unwrap_or(table);
        let names = || self.catalog.names().chain(self.ctes.iter().map(|(cte, _)| cte.as_str()));
        let same_end = |name: &&str| name.rsplit('.').next() == Some(last);
        let help = names()
            .find(same_end)
            .map(|name| format!("did you mean `{name}`?"))
            .or_else(|| did_you_mean(table, names()));
        let message = format!("there is no table, rule or CTE `{table}`");
        let diagnostic = Diagnostic::new(code::UNKNOWN_TABLE, message).help_opt(help);
        self.missing.tables.push(table.to_owned());
        self.report(table, name_span(written), diagnostic);
        Columns::failed()
    }

    fn table_function(&mut self, name: &ObjectName) {
        let Some(first) = idents(name).unwrap_or_default().into_iter().next() else { return };
        // DataFusion looks the name up as it is written.
        let written = first.to_string();
        if let Err(near) = self.functions.check_table_function(&written) {
            let lower = written.to_lowercase();
            let help = match near {
                Some(near) if near == lower => format!("write it in lower case: `{near}`"),
                Some(near) => format!("did you mean `{near}`?"),
                None => "table functions here: `generate_series`, `range`, `unnest`".to_owned(),
            };
            let message = format!("there is no table function `{written}`");
            let diagnostic = Diagnostic::new(code::UNKNOWN_FUNCTION, message).help(help);
            self.missing.places.push(first.span);
            let place = self.places.call(first.span);
            self.report_at(&written, place, diagnostic);
        }
    }

    fn check_aliases(&mut self, scope: &Scope, tree: &Scope, item: &TableWithJoins) {
        // Inside a join tree each table was checked against those before it.
        if item.joins.is_empty() {
            self.check_factor_alias(scope, tree, &item.relation);
        }
    }

    /// Two tables of one name: where they share a column, DataFusion cannot tell the two apart
    /// and refuses the query. Without a shared column it is a warning.
    fn check_factor_alias(&mut self, left: &Scope, right: &Scope, factor: &TableFactor) {
        let Some((name, ident)) = factor_name(factor) else { return };
        let clash = right.relations.iter().any(|new| {
            matches!(&new.qualifier, Qualifier::Named(_))
                && left.relations.iter().any(|old| old.qualifier == new.qualifier)
        });
        if clash {
            let message = format!("two tables of this FROM are called `{name}`");
            let diagnostic = Diagnostic::new(code::DUPLICATE_ALIAS, message)
                .help("give each an alias of its own: `… AS a`");
            self.report(&name, ident.span, diagnostic);
        }
    }
}

/// The name that a FROM item goes by, and where it is written.
pub(super) fn factor_name(factor: &TableFactor) -> Option<(String, Ident)> {
    let alias = match factor {
        TableFactor::Table { alias, .. }
        | TableFactor::Derived { alias, .. }
        | TableFactor::UNNEST { alias, .. }
        | TableFactor::NestedJoin { alias, .. } => alias.as_ref(),
        _ => return None,
    };
    let ident = match (alias, factor) {
        (Some(alias), _) => alias.name.clone(),
        (None, TableFactor::Table { name, .. }) => idents(name)?.pop()?,
        _ => return None,
    };
    Some((normalized(&ident), ident))
}

impl Resolver<'_, '_> {
    /// What an alias makes of a scope: one relation of that name.
    fn aliased(&mut self, scope: Scope, alias: Option<&TableAlias>) -> Scope {
        let Some(alias) = alias else { return scope };
        self.check_names(alias, scope.columns().width, false);
        let columns = if alias.columns.is_empty() {
            scope.columns()
        } else {
            Columns::of(alias.columns.iter().map(|column| normalized(&column.name)))
        };
        let base = scope.relations.iter().all(|relation| relation.base);
        let mut scope = Scope::of(Qualifier::Named(vec![normalized(&alias.name)]), columns);
        scope.relations.iter_mut().for_each(|relation| relation.base = base);
        scope
    }
}
