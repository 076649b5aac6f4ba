//! Queries: CTEs, set operations, the clauses of a SELECT, and the columns that come out.

use planc_ir::{Diagnostic, code};
use sqlparser::ast::{
    Cte, Distinct, ExcludeSelectItem, Expr, FunctionArguments, GroupByExpr, Ident, OrderBy,
    OrderByKind, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, SetOperator,
    SetQuantifier, Values, WildcardAdditionalOptions, With,
};

use super::super::lookups::normalized;
use super::Resolver;
use super::expr::idents;
use super::scope::{Columns, Qualifier, Scope};

impl Resolver<'_, '_> {
    /// Resolves a query; gives its output columns.
    pub(super) fn query(&mut self, query: &Query) -> Columns {
        let outer_ctes = self.ctes.len();
        self.depth += 1;
        if let Some(with) = &query.with {
            self.with(with);
        }
        let mut output = match query.body.as_ref() {
            SetExpr::Select(select) => self.select(select, query.order_by.as_ref()),
            body => {
                let output = self.set_expr(body);
                if let Some(order_by) = &query.order_by {
                    self.warn_of_set_ordinals(body, order_by);
                    self.scopes.push(Scope::of(Qualifier::Inherited, output.clone()));
                    self.order_by(order_by);
                    self.scopes.pop();
                }
                output
            }
        };
        self.ctes.truncate(outer_ctes);
        self.depth -= 1;
        // Each `|>` changes what comes out; DataFusion follows them.
        if !query.pipe_operators.is_empty() {
            output = Columns::any();
        }
        output
    }

    fn with(&mut self, with: &With) {
        for cte in &with.cte_tables {
            let name = normalized(&cte.alias.name);
            if self.ctes.iter().any(|(known, _)| *known == name) {
                let message = format!("two CTEs are called `{name}`");
                let diagnostic = Diagnostic::new(code::DUPLICATE_ALIAS, message)
                    .help("rename one: an inner CTE cannot hide an outer one");
                self.report(&name, cte.alias.name.span, diagnostic);
            }
            let columns = match query_union(&cte.query).filter(|_| with.recursive) {
                Some((left, right)) => self.recursive(cte, &name, left, right),
                None => self.query(&cte.query),
            };
            self.check_names(&cte.alias, columns.width, true);
            self.ctes.push((name, renamed(columns, cte)));
        }
    }

    /// The static term does not see the CTE, the recursive term does.
    fn recursive(&mut self, cte: &Cte, name: &str, left: &SetExpr, right: &SetExpr) -> Columns {
        let outer_ctes = self.ctes.len();
        self.depth += 1;
        if let Some(with) = &cte.query.with {
            self.with(with);
        }
        let first = self.set_expr(left);
        let width = first.width;
        self.check_names(&cte.alias, width, true);
        let columns = renamed(first, cte);
        self.ctes.push((name.to_owned(), columns.clone()));
        let other = self.set_expr(right);
        self.check_sides(right, width, other.width);
        self.ctes.truncate(outer_ctes);
        self.depth -= 1;
        columns
    }

    fn set_expr(&mut self, body: &SetExpr) -> Columns {
        match body {
            SetExpr::Select(select) => self.select(select, None),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation { left, right, set_quantifier, .. } => {
                let mut output = self.set_expr(left);
                let other = self.set_expr(right);
                let written = output.width;
                let by_name = matches!(
                    set_quantifier,
                    SetQuantifier::ByName
                        | SetQuantifier::AllByName
                        | SetQuantifier::DistinctByName
                );
                if by_name {
                    output.extend(&other);
                    return output.of_width(None);
                }
                self.check_sides(right, written, other.width);
                output
            }
            SetExpr::Values(values) => self.values(values),
            _ => Columns::any(),
        }
    }

    fn values(&mut self, values: &Values) -> Columns {
        self.scopes.push(Scope::default());
        for row in &values.rows {
            row.content.iter().for_each(|expr| self.expression(expr, false));
        }
        self.scopes.pop();
        self.check_rows(values);
        let width = values.rows.first().map_or(0, |row| row.content.len());
        Columns::of((1..=width).map(|at| format!("column{at}")))
    }

    fn select(&mut self, select: &Select, order_by: Option<&OrderBy>) -> Columns {
        let mut scope = self.from(&select.from);
        if !select.lateral_views.is_empty() || !select.connect_by.is_empty() {
            scope.absorb(Scope::of(Qualifier::Inherited, Columns::any()));
        }
        scope.aliases = select.projection.iter().filter_map(alias).collect();
        self.scopes.push(scope);
        self.warn_of_joins(select);
        if let Some(condition) = &select.selection {
            self.expression(condition, true);
        }
        let output = self.projection(&select.projection);
        self.warn_of_twins(&select.projection);
        self.warn_of_ordinals(select, order_by);
        if let Some(scope) = self.scopes.last_mut() {
            let mut outputs = output.clone();
            outputs.extend(&Columns::of(std::mem::take(&mut scope.aliases)));
            scope.outputs = Some(outputs);
        }
        self.clauses_after_projection(select, order_by);
        self.scopes.pop();
        output
    }

    fn clauses_after_projection(&mut self, select: &Select, order_by: Option<&OrderBy>) {
        if let GroupByExpr::Expressions(exprs, _) = &select.group_by {
            exprs.iter().for_each(|expr| self.expression(expr, false));
        }
        if let Some(Distinct::On(exprs)) = &select.distinct {
            exprs.iter().for_each(|expr| self.expression(expr, false));
        }
        for clause in [&select.having, &select.qualify].into_iter().flatten() {
            self.expression(clause, false);
        }
        for window in &select.named_window {
            self.expression(&window.1, false);
        }
        if let Some(order_by) = order_by {
            self.order_by(order_by);
        }
    }

    fn order_by(&mut self, order_by: &OrderBy) {
        if let OrderByKind::Expressions(exprs) = &order_by.kind {
            exprs.iter().for_each(|by| self.expression(&by.expr, false));
        }
    }

    fn projection(&mut self, items: &[SelectItem]) -> Columns {
        let mut output = Columns::none();
        for item in items {
            let before = output.width;
            let faults = self.found.len();
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    self.expression(expr, true);
                    match output_name(expr) {
                        OutputName::Known(name) => output.names.push(name),
                        OutputName::Derived => output.derived = true,
                        OutputName::Unknown => output.open = true,
                    }
                    // What is spelled wrong here is meant to have another name.
                    if self.found.len() > faults {
                        output.extend(&Columns::failed());
                    }
                    output.width = before.filter(|_| !is_unnest(expr)).map(|width| width + 1);
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    self.expression(expr, true);
                    output.names.push(normalized(alias));
                    output.width = before.map(|width| width + 1);
                }
                SelectItem::ExprWithAliases { expr, aliases } => {
                    self.expression(expr, true);
                    output.names.extend(aliases.iter().map(normalized));
                    output.width = before.map(|width| width + aliases.len());
                }
                SelectItem::Wildcard(options) => {
                    self.wildcard_options(options);
                    self.check_star(self.places.span(options.wildcard_token.0.span));
                    let all = self.scopes.last().map(Scope::columns).unwrap_or_default();
                    let relations = self.scopes.last().map(|scope| scope.relations.clone());
                    self.warn_of_star(&relations.unwrap_or_default(), options, true);
                    output.extend(&all);
                    if narrows(options) {
                        output.width = None;
                    }
                }
                SelectItem::QualifiedWildcard(kind, options) => {
                    self.wildcard_options(options);
                    let SelectItemQualifiedWildcardKind::ObjectName(name) = kind else {
                        output.open = true;
                        output.width = None;
                        continue;
                    };
                    let idents = idents(name).unwrap_or_default();
                    if narrows(options) {
                        output.width = None;
                    }
                    match self.qualified_wildcard(&idents) {
                        Some(found) => {
                            self.warn_of_star(&found, options, false);
                            found.iter().for_each(|relation| output.extend(&relation.columns));
                        }
                        None => output.extend(&Columns::failed()),
                    }
                }
            }
        }
        output
    }

    fn wildcard_options(&mut self, options: &WildcardAdditionalOptions) {
        let excluded = match &options.opt_exclude {
            Some(ExcludeSelectItem::Single(name)) => std::slice::from_ref(name),
            Some(ExcludeSelectItem::Multiple(names)) => names.as_slice(),
            None => &[],
        };
        let excluded: Vec<Ident> = excluded.iter().filter_map(idents).flatten().collect();
        let except = options.opt_except.iter().flat_map(|except| {
            std::iter::once(&except.first_element).chain(&except.additional_elements)
        });
        for column in excluded.iter().chain(except) {
            self.identifier(column, false);
        }
        if let Some(replace) = &options.opt_replace {
            replace.items.iter().for_each(|item| self.expression(&item.expr, false));
        }
    }
}

/// The two sides of a UNION, which a recursive CTE is.
fn query_union(query: &Query) -> Option<(&SetExpr, &SetExpr)> {
    match query.body.as_ref() {
        SetExpr::SetOperation { op: SetOperator::Union, left, right, .. } => Some((left, right)),
        _ => None,
    }
}

/// The columns of a CTE under the names that its alias gives them.
fn renamed(columns: Columns, cte: &Cte) -> Columns {
    if cte.alias.columns.is_empty() {
        return columns;
    }
    Columns::of(cte.alias.columns.iter().map(|column| normalized(&column.name)))
}

/// Unnested structs become several columns.
fn is_unnest(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(call)
        if call.name.to_string().to_lowercase().starts_with("unnest"))
}

/// True where a `*` does not give every column.
fn narrows(options: &WildcardAdditionalOptions) -> bool {
    options.opt_exclude.is_some() || options.opt_except.is_some() || options.opt_ilike.is_some()
}

fn alias(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(normalized(alias)),
        _ => None,
    }
}

/// The name of an output column without an alias.
enum OutputName {
    Known(String),
    /// The expression itself, such as `sum(t.x)`: no plain identifier can spell it.
    Derived,
    Unknown,
}

fn output_name(expr: &Expr) -> OutputName {
    match expr {
        Expr::Identifier(ident) => OutputName::Known(normalized(ident)),
        Expr::CompoundIdentifier(idents) if idents.len() == 2 => {
            idents.last().map_or(OutputName::Unknown, |last| OutputName::Known(normalized(last)))
        }
        // An unnested struct becomes several columns.
        Expr::Function(call) if call.name.to_string().to_lowercase().starts_with("unnest") => {
            OutputName::Unknown
        }
        Expr::Function(call) if call.args == FunctionArguments::None => OutputName::Unknown,
        Expr::Function(_)
        | Expr::BinaryOp { .. }
        | Expr::Case { .. }
        | Expr::Value(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::Like { .. }
        | Expr::Between { .. }
        | Expr::InList { .. }
        | Expr::Extract { .. }
        | Expr::Substring { .. }
        | Expr::Trim { .. } => OutputName::Derived,
        _ => OutputName::Unknown,
    }
}
