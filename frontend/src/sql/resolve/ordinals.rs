//! P0416: numbers that stand for columns of the output, `ORDER BY 1`.
//!
//! `--fix` writes the column's name where that names the same column and nothing else: the
//! column itself, if no alias of the SELECT list is called like it, or an alias, if no table of
//! the FROM may have a column of that name.

use planc_ir::{Diagnostic, code};
use sqlparser::ast::{
    Expr, GroupByExpr, Ident, OrderBy, OrderByKind, Select, SelectItem, SetExpr, Value,
    ValueWithSpan,
};

use super::super::lookups::normalized;
use super::Resolver;
use super::scope::Scope;

impl Resolver<'_, '_> {
    /// The ordinals of a SELECT. Its scope is the last one.
    pub(super) fn warn_of_ordinals(&mut self, select: &Select, order_by: Option<&OrderBy>) {
        let mut ordinals: Vec<(&'static str, &ValueWithSpan)> = Vec::new();
        if let GroupByExpr::Expressions(exprs, _) = &select.group_by {
            ordinals.extend(exprs.iter().filter_map(value).map(|value| ("GROUP BY", value)));
        }
        ordinals.extend(ordered(order_by).map(|value| ("ORDER BY", value)));
        for (clause, ordinal) in ordinals {
            let name =
                nth(ordinal, &select.projection).map(|item| self.name_of(item, &select.projection));
            if let Some(name) = name {
                self.ordinal(clause, ordinal, name);
            }
        }
    }

    /// The ordinals of the ORDER BY of a set operation: its first side gives the names.
    pub(super) fn warn_of_set_ordinals(&mut self, body: &SetExpr, order_by: &OrderBy) {
        let Some(items) = first_side(body) else { return };
        for ordinal in ordered(Some(order_by)) {
            let name = nth(ordinal, items).map(|item| output_name(item).map(Ident::to_string));
            if let Some(name) = name {
                self.ordinal("ORDER BY", ordinal, name);
            }
        }
    }

    fn ordinal(&mut self, clause: &str, ordinal: &ValueWithSpan, name: Option<String>) {
        let number = &ordinal.value;
        let message = match &name {
            Some(name) => format!("`{number}` stands for the output column `{name}`"),
            None => format!("`{number}` stands for an output column"),
        };
        let help = match &name {
            Some(name) => format!("write `{clause} {name}`: another column may come before it"),
            None => "give the column an alias, and name that".to_owned(),
        };
        // A number without a place is one that the translation wrote, as for `ORDER BY ALL`.
        let Some(place) = self.places.span(ordinal.span) else { return };
        let finding = Diagnostic::new(code::ORDINAL_REFERENCE, message).at(place).help(help);
        self.found.push(match name.filter(|_| self.places.is_original()) {
            Some(name) => finding.fix(place, name),
            None => finding,
        });
    }

    /// How an item may be named in the other clauses of its SELECT.
    fn name_of(&self, item: &SelectItem, items: &[SelectItem]) -> Option<String> {
        let scope = self.scopes.last()?;
        match item {
            SelectItem::ExprWithAlias { alias, .. } => {
                let name = normalized(alias);
                let twins = items.iter().filter_map(output_name).map(normalized);
                let once = twins.filter(|other| *other == name).count() == 1;
                (once && !hides(scope, &name)).then(|| alias.to_string())
            }
            SelectItem::UnnamedExpr(expr) => {
                let column = last(expr)?;
                let name = normalized(column);
                let taken = items.iter().any(|other| match other {
                    SelectItem::ExprWithAlias { alias, .. } => normalized(alias) == name,
                    _ => false,
                });
                (!taken).then(|| expr.to_string())
            }
            _ => None,
        }
    }
}

/// True where a table of the FROM may have a column of this name.
fn hides(scope: &Scope, name: &str) -> bool {
    scope.relations.iter().any(|relation| relation.columns.may_have(name))
}

fn value(expr: &Expr) -> Option<&ValueWithSpan> {
    match expr {
        Expr::Value(value) => Some(value),
        _ => None,
    }
}

fn ordered(order_by: Option<&OrderBy>) -> impl Iterator<Item = &ValueWithSpan> {
    let exprs = order_by.and_then(|order_by| match &order_by.kind {
        OrderByKind::Expressions(exprs) => Some(exprs),
        OrderByKind::All(_) => None,
    });
    exprs.into_iter().flatten().filter_map(|by| value(&by.expr))
}

/// The item that an ordinal stands for; `None` behind a `*`, whose width is not looked at.
fn nth<'i>(ordinal: &ValueWithSpan, items: &'i [SelectItem]) -> Option<&'i SelectItem> {
    let Value::Number(digits, _) = &ordinal.value else { return None };
    let at = digits.parse::<usize>().ok()?.checked_sub(1)?;
    let before = items.get(..=at)?;
    let plain = |item: &SelectItem| {
        matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. })
    };
    before.iter().all(plain).then(|| items.get(at))?
}

fn first_side(body: &SetExpr) -> Option<&[SelectItem]> {
    match body {
        SetExpr::Select(select) => Some(&select.projection),
        SetExpr::Query(query) => first_side(&query.body),
        SetExpr::SetOperation { left, .. } => first_side(left),
        _ => None,
    }
}

fn output_name(item: &SelectItem) -> Option<&Ident> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias),
        SelectItem::UnnamedExpr(expr) => last(expr),
        _ => None,
    }
}

fn last(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Identifier(ident) => Some(ident),
        Expr::CompoundIdentifier(idents) if idents.len() == 2 => idents.last(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check, planned};

    #[test]
    fn fires_and_is_quiet() {
        check(
            "select status as st, sum(amount) from orders group by 1 order by 2, 1 desc",
            r"
                P0416 1:55-1:56 [1] `1` stands for the output column `st`; write `GROUP BY st`: another column may come before it
                P0416 1:66-1:67 [2] `2` stands for an output column; give the column an alias, and name that
                P0416 1:69-1:70 [1] `1` stands for the output column `st`; write `ORDER BY st`: another column may come before it
            ",
        );
        check("select status as st from orders group by st order by st, 1 + 1", "");
    }

    /// The texts that the fixes of a query write.
    fn fixes(sql: &str) -> Vec<String> {
        let found = planned(sql).diagnostics;
        found.into_iter().flat_map(|finding| finding.fixes).map(|edit| edit.text).collect()
    }

    #[test]
    fn a_name_is_written_only_where_it_means_the_same_column() {
        assert_eq!(
            fixes("select o.id, o.amount from orders o order by 2, 1"),
            ["o.amount", "o.id"]
        );
        assert_eq!(
            fixes("select id from orders union select id from customers order by 1"),
            ["id"]
        );
        assert_eq!(fixes("select upper(status) as \"St\" from orders order by 1"), ["\"St\""]);
        // `amount` would be the column, and not the alias.
        assert!(fixes("select id as amount from orders order by 1").is_empty());
        // `id` would be the alias, and not the column.
        assert_eq!(fixes("select id, amount as id2, status as a from orders order by 1"), ["id"]);
        let twins = "select amount, upper(status) as amount from orders order by 1";
        assert_eq!(fixes(twins), ["amount_2"]);
    }
}
