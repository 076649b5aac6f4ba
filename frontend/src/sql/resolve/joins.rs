//! Warnings that need scopes: joins without a condition (P0405), outer joins whose extra rows
//! WHERE throws away (P0406), and `*` in the output (P0407).

use std::ops::ControlFlow;

use planc_ir::{Diagnostic, code};
use sqlparser::ast::{
    BinaryOperator as Op, Expr, Ident, Join, JoinConstraint, JoinOperator, Select, TableFactor,
    Visit, Visitor, WildcardAdditionalOptions,
};

use super::super::lookups::normalized;
use super::Resolver;
use super::from::factor_name;
use super::names::quoted;
use super::scope::{Qualifier, Relation, Scope};

impl Resolver<'_, '_> {
    /// Warns of a SELECT's joins. Its FROM's scope is the innermost.
    pub(super) fn warn_of_joins(&mut self, select: &Select) {
        if select.from.is_empty() || self.scopes.last().is_none_or(|s| s.relations.len() < 2) {
            return;
        }
        self.warn_of_products(select);
        self.warn_of_defeated(select);
    }

    fn warn_of_products(&mut self, select: &Select) {
        let Some(scope) = self.scopes.last() else { return };
        let groups = groups(select);
        if groups.len() < 2 || scope.is_open() {
            return;
        }
        // Groups that some condition connects have the same leader.
        let mut leader: Vec<usize> = (0..groups.len()).collect();
        for condition in conjuncts(select.selection.as_ref()) {
            let names = columns_in(condition);
            let mut met: Vec<usize> = names
                .iter()
                .filter_map(|column| holder(scope, column))
                .filter_map(|name| groups.iter().position(|group| group.holds(&name)))
                .map(|group| leader.get(group).copied().unwrap_or(group))
                .collect();
            met.sort_unstable();
            if let Some((first, rest)) = met.split_first() {
                for entry in leader.iter_mut().filter(|entry| rest.contains(entry)) {
                    *entry = *first;
                }
            }
        }
        let base = |name: &str| relation(scope, name).is_some_and(|relation| relation.base);
        let mut alone = Vec::new();
        for (at, group) in groups.iter().enumerate().skip(1) {
            let earlier = leader.get(..at).unwrap_or_default();
            let connected = leader.get(at).is_some_and(|own| earlier.contains(own));
            if !connected
                && group.names.iter().any(|(name, _)| base(name))
                && groups.first().is_some_and(|g| g.names.iter().any(|(name, _)| base(name)))
                && let Some((name, ident)) = group.names.first()
            {
                alone.push((name.clone(), ident.clone()));
            }
        }
        for (name, ident) in alone {
            let message = format!("no condition connects `{name}` with the tables before it");
            let diagnostic = Diagnostic::new(code::CARTESIAN_JOIN, message)
                .help("join it with ON, or write CROSS JOIN if every pair is meant");
            self.report(&name, ident.span, diagnostic);
        }
    }

    fn warn_of_defeated(&mut self, select: &Select) {
        let optional = optional_tables(select);
        if optional.is_empty() {
            return;
        }
        let mut found = Vec::new();
        if let Some(scope) = self.scopes.last() {
            for condition in conjuncts(select.selection.as_ref()) {
                let held = tested(condition).into_iter().filter_map(column_name);
                let table = held.filter_map(|column| holder(scope, &column));
                if let Some(table) = table.into_iter().find(|table| optional.contains(table)) {
                    found.push((condition, table));
                }
            }
        }
        for (condition, table) in found {
            let message =
                format!("this drops the rows that the outer join keeps without a `{table}`");
            let place = self.places.expression(condition);
            self.found.push(
                Diagnostic::new(code::OUTER_JOIN_DEFEATED, message)
                    .at(place)
                    .help("move it into ON to keep those rows, or write an inner join"),
            );
        }
    }

    /// Warns of a `*` over source tables in the output of the rule itself.
    pub(super) fn warn_of_star(
        &mut self,
        relations: &[Relation],
        options: &WildcardAdditionalOptions,
        whole: bool,
    ) {
        if self.depth == 1 && relations.iter().any(|relation| relation.base) {
            let message = "the output is whatever columns the source has";
            let diagnostic = Diagnostic::new(code::SELECT_STAR, message).help("list the columns");
            let place = self.places.span(options.wildcard_token.0.span);
            let diagnostic = diagnostic.at(place);
            self.found.push(match (place, self.listed(relations, options)) {
                (Some(star), Some(columns)) if whole => diagnostic.fix(star, columns),
                _ => diagnostic,
            });
        }
    }
}

impl Resolver<'_, '_> {
    /// The columns that a `*` stands for, where they are all known and none is merged.
    fn listed(
        &self,
        relations: &[Relation],
        options: &WildcardAdditionalOptions,
    ) -> Option<String> {
        let narrowed = options.opt_exclude.is_some()
            || options.opt_except.is_some()
            || options.opt_replace.is_some()
            || options.opt_rename.is_some()
            || options.opt_ilike.is_some();
        let merged = self.scopes.last().is_some_and(|scope| !scope.merged.is_empty());
        if narrowed || merged || !self.places.is_original() {
            return None;
        }
        let mut columns = Vec::new();
        for relation in relations {
            let Qualifier::Named(parts) = &relation.qualifier else { return None };
            if relation.columns.open || relation.columns.derived {
                return None;
            }
            let table = parts.last()?;
            columns.extend(relation.columns.names.iter().map(|name| match relations.len() {
                1 => quoted(name),
                _ => format!("{}.{}", quoted(table), quoted(name)),
            }));
        }
        Some(columns.join(", "))
    }
}

/// Tables of a FROM that ON conditions or CROSS JOIN hold together.
struct Group {
    names: Vec<(String, Ident)>,
}

impl Group {
    fn holds(&self, name: &str) -> bool {
        self.names.iter().any(|(own, _)| own == name)
    }
}

/// A comma and a JOIN without a condition begin a new group. LATERAL and unnamed items belong
/// to what stands before them.
fn groups(select: &Select) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut add = |factor: &TableFactor, new: bool| {
        let lateral = match factor {
            TableFactor::Derived { lateral, .. } | TableFactor::Function { lateral, .. } => {
                *lateral
            }
            TableFactor::Table { args, .. } => args.is_some(),
            _ => true,
        };
        if new && !lateral || groups.is_empty() {
            groups.push(Group { names: Vec::new() });
        }
        if let (Some(named), Some(group)) = (factor_name(factor), groups.last_mut()) {
            group.names.push(named);
        }
    };
    for item in &select.from {
        add(&item.relation, true);
        for join in &item.joins {
            let bare = matches!(
                &join.join_operator,
                JoinOperator::Join(JoinConstraint::None)
                    | JoinOperator::Inner(JoinConstraint::None)
            );
            add(&join.relation, bare);
        }
    }
    groups
}

/// The names of tables whose columns can be NULL for want of a partner.
fn optional_tables(select: &Select) -> Vec<String> {
    let mut optional = Vec::new();
    for item in &select.from {
        let mut before: Vec<String> = table_names(&item.relation).collect();
        for Join { relation, join_operator, .. } in &item.joins {
            match join_operator {
                JoinOperator::Left(_) | JoinOperator::LeftOuter(_) => {
                    optional.extend(table_names(relation));
                }
                JoinOperator::Right(_) | JoinOperator::RightOuter(_) => {
                    optional.append(&mut before);
                }
                JoinOperator::FullOuter(_) => {
                    optional.append(&mut before);
                    optional.extend(table_names(relation));
                }
                _ => {}
            }
            before.extend(table_names(relation));
        }
    }
    optional
}

fn table_names(factor: &TableFactor) -> impl Iterator<Item = String> {
    factor_name(factor).into_iter().map(|(name, _)| name)
}

/// The conditions of which all must hold.
fn conjuncts(condition: Option<&Expr>) -> Vec<&Expr> {
    let mut open: Vec<&Expr> = condition.into_iter().collect();
    let mut found = Vec::new();
    while let Some(expr) = open.pop() {
        match expr {
            Expr::BinaryOp { left, op: Op::And, right } => open.extend([&**right, &**left]),
            Expr::Nested(inner) => open.push(inner),
            other => found.push(other),
        }
    }
    found
}

/// The columns that a condition tests so that it is not true where they are NULL.
fn tested(condition: &Expr) -> Vec<&Expr> {
    match condition {
        Expr::BinaryOp {
            left,
            op: Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq,
            right,
        } => vec![left, right],
        Expr::Like { expr, .. }
        | Expr::ILike { expr, .. }
        | Expr::InList { expr, .. }
        | Expr::Between { expr, .. }
        | Expr::IsNotNull(expr) => vec![expr],
        _ => Vec::new(),
    }
}

fn column_name(expr: &Expr) -> Option<Vec<String>> {
    match expr {
        Expr::Identifier(ident) => Some(vec![normalized(ident)]),
        Expr::CompoundIdentifier(idents) => Some(idents.iter().map(normalized).collect()),
        Expr::Nested(inner) => column_name(inner),
        _ => None,
    }
}

fn columns_in(condition: &Expr) -> Vec<Vec<String>> {
    struct Walk(Vec<Vec<String>>);
    impl Visitor for Walk {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            if !matches!(expr, Expr::Nested(_)) {
                self.0.extend(column_name(expr));
            }
            ControlFlow::Continue(())
        }
    }
    let mut walk = Walk(Vec::new());
    let _ = condition.visit(&mut walk);
    walk.0
}

/// The name of the one table of a scope that has a column.
fn holder(scope: &Scope, column: &[String]) -> Option<String> {
    let own = |relation: &Relation| match &relation.qualifier {
        Qualifier::Named(parts) => parts.last().cloned(),
        Qualifier::Inherited => None,
    };
    match column {
        [name] => {
            let mut holders = scope.relations.iter().filter(|held| held.columns.has(name));
            match (holders.next(), holders.next()) {
                (Some(relation), None) => own(relation),
                _ => None,
            }
        }
        [qualifier @ .., _] => scope.qualified(qualifier).next().and_then(own),
        [] => None,
    }
}

fn relation<'s>(scope: &'s Scope, name: &str) -> Option<&'s Relation> {
    scope.relations.iter().find(|relation| match &relation.qualifier {
        Qualifier::Named(parts) => parts.last().is_some_and(|last| last == name),
        Qualifier::Inherited => false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;

    #[test]
    fn products_are_told_from_joins() {
        check(
            "select o.id from orders o, customers c",
            "P0405 1:38-1:39 [c] no condition connects `c` with the tables before it; join it with ON, or write CROSS JOIN if every pair is meant",
        );
        check(
            "select o.id from orders o, customers c, orders p where o.customer_id = c.id and p.amount > 1",
            "P0405 1:48-1:49 [p] no condition connects `p` with the tables before it; join it with ON, or write CROSS JOIN if every pair is meant",
        );
        check(
            "select o.id from orders o join customers c",
            "P0405 1:42-1:43 [c] no condition connects `c` with the tables before it; join it with ON, or write CROSS JOIN if every pair is meant",
        );
        check("select o.id from orders o, customers c where customer_id = c.id", "");
        check("select o.id from orders o cross join customers c", "");
        check(
            "select o.id from orders o, customers c where exists (select 1 from orders p where p.id = o.id and p.customer_id = c.id)",
            "",
        );
        check(
            "select o.id, t.total from orders o, (select sum(amount) as total from orders) t",
            "",
        );
        check("select o.id, g.value from orders o, generate_series(1, 2) g", "");
    }

    #[test]
    fn defeated_outer_joins_are_found() {
        check(
            "select o.id from orders o left join customers c on c.id = o.customer_id where country = 'SE' and o.id > 1",
            "P0406 1:79-1:93 [country = 'SE'] this drops the rows that the outer join keeps without a `c`; move it into ON to keep those rows, or write an inner join",
        );
        check(
            "select o.id from customers c right join orders o on c.id = o.customer_id where (c.name like 'A%')",
            "P0406 1:81-1:97 [c.name like 'A%'] this drops the rows that the outer join keeps without a `c`; move it into ON to keep those rows, or write an inner join",
        );
        check(
            "select o.id from orders o left join customers c on c.id = o.customer_id where c.id is null",
            "",
        );
        check(
            "select o.id from orders o left join customers c on c.id = o.customer_id where c.name = 'x' or o.id = 1",
            "",
        );
        check(
            "select o.id from orders o left join customers c on c.id = o.customer_id where coalesce(c.name, '') = ''",
            "",
        );
    }

    #[test]
    fn stars_in_the_output_are_found() {
        check(
            "select * from customers",
            "P0407 1:8-1:9 [*] the output is whatever columns the source has; list the columns",
        );
        check(
            "select o.id, c.* from orders o join customers c on c.id = o.customer_id",
            "P0407 1:16-1:17 [*] the output is whatever columns the source has; list the columns",
        );
        check("with c as (select id from customers) select * from c", "");
        check("select id from (select * from customers)", "");
        check("select count(*) from customers", "");
    }
}
