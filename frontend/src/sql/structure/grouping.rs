//! P0304: columns that are neither grouped nor aggregated.

use std::ops::ControlFlow;

use planc_ir::catalog::table_name;
use planc_ir::{Diagnostic, Span, code};
use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, OrderBy, Query, Select,
    SelectItem, Spanned, TableFactor, Value, VisitMut, VisitorMut,
};

use super::super::lookups::{normalized, table_reference};
use super::own::{Parts, grouped, items, ordered, own};
use super::{Build, Call};

impl Build<'_, '_> {
    pub(super) fn grouping(&mut self, select: &Select, order_by: Option<&OrderBy>) {
        let all = matches!(select.group_by, sqlparser::ast::GroupByExpr::All(_));
        let written = grouped(select);
        let selects = items(select).any(|expr| self.aggregates(expr));
        if all {
            return;
        }
        if written.is_empty() && !selects && select.having.is_none() {
            self.ordered_by_aggregate(order_by);
            return;
        }
        let mut keys = Vec::new();
        written.iter().for_each(|expr| self.keys(expr, select, &mut keys));
        keys.extend(self.determined(select, &keys));
        for item in &select.projection {
            match item {
                SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)
                    if !self.known.keys.is_empty() => {}
                SelectItem::Wildcard(options) => {
                    self.star(self.places.span(options.wildcard_token.0.span));
                }
                SelectItem::QualifiedWildcard(kind, options) => {
                    let first = self.places.span(kind.span());
                    let star = self.places.span(options.wildcard_token.0.span);
                    self.star(self.places.spanning(first, star.or(first)));
                }
                _ => {}
            }
        }
        let aliases: Vec<String> = select.projection.iter().filter_map(alias).collect();
        items(select).for_each(|expr| self.ungrouped(expr, &keys, &[]));
        if let Some(condition) = &select.having {
            self.ungrouped(condition, &keys, &aliases);
        }
        for by in ordered(order_by) {
            let selected = items(select).any(|item| plain(item) == plain(by));
            if !selected && !matches!(by, Expr::Value(_)) {
                self.ungrouped(by, &keys, &aliases);
            }
        }
    }

    /// True where an aggregate without OVER stands in an expression of this query.
    pub(super) fn aggregates(&self, expr: &Expr) -> bool {
        let mut found = false;
        own(expr, &mut |expr| {
            found |= matches!(expr, Expr::Function(call) if self.kind(call) == Call::Aggregate);
            Parts::Visit
        });
        found
    }

    fn ordered_by_aggregate(&mut self, order_by: Option<&OrderBy>) {
        let mut found = Vec::new();
        for by in ordered(order_by) {
            own(by, &mut |expr| match expr {
                Expr::Function(call) if self.kind(call) == Call::Aggregate => {
                    let message = "an aggregate function cannot order rows that are not aggregated";
                    found.push(
                        Diagnostic::new(code::MISPLACED_AGGREGATE, message)
                            .at(self.places.expression(expr))
                            .help("add a GROUP BY, or write a window function: `… OVER ()`"),
                    );
                    Parts::Skip
                }
                _ => Parts::Visit,
            });
        }
        self.found.append(&mut found);
    }

    /// The expressions that one element of GROUP BY groups by.
    fn keys(&self, expr: &Expr, select: &Select, keys: &mut Vec<Expr>) {
        match expr {
            Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                sets.iter().flatten().for_each(|expr| self.keys(expr, select, keys));
            }
            Expr::Tuple(exprs) => exprs.iter().for_each(|expr| self.keys(expr, select, keys)),
            Expr::Nested(inner) => self.keys(inner, select, keys),
            Expr::Value(value) => {
                let nth = match &value.value {
                    Value::Number(digits, _) => digits.parse::<usize>().ok(),
                    _ => None,
                };
                let item = nth.and_then(|nth| items(select).nth(nth.checked_sub(1)?));
                keys.extend(item.map(plain));
            }
            Expr::Identifier(ident) => {
                // An alias of the SELECT list stands for its expression.
                let named = select.projection.iter().find_map(|item| match item {
                    SelectItem::ExprWithAlias { expr, alias }
                        if normalized(alias) == normalized(ident) =>
                    {
                        Some(plain(expr))
                    }
                    _ => None,
                });
                keys.push(plain(expr));
                keys.extend(named);
            }
            _ => keys.push(plain(expr)),
        }
    }

    /// The columns of the tables whose declared keys are grouped by.
    fn determined(&self, select: &Select, keys: &[Expr]) -> Vec<Expr> {
        let names: Vec<String> = keys.iter().filter_map(name).collect();
        let mut columns = Vec::new();
        let mut add = |factor: &TableFactor| {
            let TableFactor::Table { name, args: None, .. } = factor else { return };
            let Some(known) = table_reference(name).map(|name| table_name(&name)) else { return };
            let Some(table) = self.known.catalog.get(&known) else { return };
            if self.known.keys.determine(&known, &table.schema, &names) {
                let fields = table.schema.fields().iter();
                columns.extend(
                    fields.map(|field| Expr::Identifier(Ident::new(field.name().as_str()))),
                );
            }
        };
        for item in &select.from {
            add(&item.relation);
            item.joins.iter().for_each(|join| add(&join.relation));
        }
        columns
    }

    fn ungrouped(&mut self, expr: &Expr, keys: &[Expr], aliases: &[String]) {
        let mut found = Vec::new();
        own(expr, &mut |expr| {
            if keys.contains(&plain(expr)) {
                return Parts::Skip;
            }
            match expr {
                Expr::Function(call) if is_grouping(call) => {
                    found.extend(self.not_a_group(expr, call, keys));
                    Parts::Skip
                }
                Expr::Function(call) if self.kind(call) == Call::Aggregate => Parts::Skip,
                // A value without brackets, such as `current_date`, is no column.
                Expr::Function(call) if call.args == FunctionArguments::None => Parts::Skip,
                Expr::Identifier(ident) if aliases.contains(&normalized(ident)) => Parts::Skip,
                Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
                    found.push(self.beside_the_groups(expr, keys.is_empty()));
                    Parts::Skip
                }
                _ => Parts::Visit,
            }
        });
        self.found.append(&mut found);
    }

    /// `grouping(x)` asks of a column of GROUP BY.
    fn not_a_group(&self, whole: &Expr, call: &Function, keys: &[Expr]) -> Option<Diagnostic> {
        let FunctionArguments::List(list) = &call.args else { return None };
        let asked = list.args.iter().find_map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => {
                (!keys.contains(&plain(expr))).then_some(expr)
            }
            _ => None,
        })?;
        let message = format!("GROUP BY does not have `{asked}`");
        let place = if keys.is_empty() { whole } else { asked };
        Some(
            Diagnostic::new(code::UNGROUPED_COLUMN, message)
                .at(self.places.expression(place))
                .help("`grouping` tells by which columns of GROUP BY a row is grouped"),
        )
    }

    fn beside_the_groups(&self, column: &Expr, no_groups: bool) -> Diagnostic {
        let message = format!("`{column}` is neither grouped nor aggregated");
        let help = if no_groups {
            format!("an aggregate makes one row of all: add `GROUP BY {column}`, or aggregate it")
        } else {
            format!("add `{column}` to GROUP BY, or aggregate it: `max({column})`")
        };
        Diagnostic::new(code::UNGROUPED_COLUMN, message)
            .at(self.places.expression(column))
            .help(help)
    }

    fn star(&mut self, span: Option<Span>) {
        let message = "`*` selects columns that are neither grouped nor aggregated";
        self.found.push(
            Diagnostic::new(code::UNGROUPED_COLUMN, message)
                .at(span)
                .help("list the grouped columns and the aggregates"),
        );
    }
}

fn name(key: &Expr) -> Option<String> {
    match key {
        Expr::Identifier(ident) => Some(ident.value.clone()),
        _ => None,
    }
}

fn is_grouping(call: &Function) -> bool {
    call.name.to_string().eq_ignore_ascii_case("grouping")
}

fn alias(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(normalized(alias)),
        _ => None,
    }
}

/// An expression without what its spelling adds: brackets, qualifiers, case.
fn plain(expr: &Expr) -> Expr {
    struct Plain;
    impl VisitorMut for Plain {
        type Break = ();

        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            let simple = match expr {
                Expr::Nested(inner) => std::mem::replace(inner.as_mut(), Expr::Tuple(Vec::new())),
                Expr::Identifier(ident) => Expr::Identifier(Ident::new(normalized(ident))),
                Expr::CompoundIdentifier(idents) => match idents.last() {
                    Some(last) => Expr::Identifier(Ident::new(normalized(last))),
                    None => return ControlFlow::Continue(()),
                },
                Expr::Function(call) => {
                    for part in &mut call.name.0 {
                        if let Some(ident) = part.as_ident() {
                            *part = sqlparser::ast::ObjectNamePart::Identifier(Ident::new(
                                normalized(ident),
                            ));
                        }
                    }
                    return ControlFlow::Continue(());
                }
                _ => return ControlFlow::Continue(()),
            };
            *expr = simple;
            ControlFlow::Continue(())
        }

        fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
    }
    let mut plain = expr.clone();
    let _ = VisitMut::visit(&mut plain, &mut Plain);
    plain
}
