//! Expressions: columns, calls and subqueries in them.

use std::ops::ControlFlow;

use planc_ir::{Diagnostic, Span, code};
use sqlparser::ast::{
    AccessExpr, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
    LambdaFunction, ObjectName, Query, Spanned, Visit, Visitor,
};

use super::super::lookups::normalized;
use super::Resolver;
use super::functions::Unknown;

impl Resolver<'_, '_> {
    /// Checks all names in an expression, or in anything that holds expressions. `strict`
    /// where DataFusion refuses an unqualified name that two tables have.
    pub(super) fn expression(&mut self, node: &impl Visit, strict: bool) {
        let mut walk = Walk {
            resolver: self,
            strict,
            depth: 0,
            lambdas: Vec::new(),
            passed_over: Vec::new(),
            values: Vec::new(),
        };
        let _ = node.visit(&mut walk);
    }

    fn call(&mut self, function: &Function) {
        let [part] = function.name.0.as_slice() else { return };
        let Some(ident) = part.as_ident() else { return };
        let name = normalized(ident);
        let Err(unknown) = self.functions.check_call(&name, function.over.is_some()) else {
            return;
        };
        if function.args == FunctionArguments::None {
            // `current_thing` without brackets may be a column.
            return;
        }
        let message = format!("there is no function `{name}`");
        let diagnostic = match unknown {
            Unknown::Name(help) => {
                let diagnostic = Diagnostic::new(code::UNKNOWN_FUNCTION, message).help_opt(help);
                self.with_fix(self.places.span(ident.span), diagnostic)
            }
            Unknown::Foreign(known) => Diagnostic::new(code::UNKNOWN_FUNCTION, message)
                .help(format!("DataFusion has `{known}`")),
            Unknown::NeedsOver => {
                Diagnostic::new(code::UNKNOWN_FUNCTION, format!("{message} for single rows"))
                    .help(format!("it is a window function: `{name}(…) OVER (…)`"))
            }
            Unknown::NoWindow => {
                Diagnostic::new(code::UNKNOWN_FUNCTION, format!("{message} over a window"))
                    .help("it takes single rows: remove the OVER")
            }
            Unknown::TableFunction => {
                Diagnostic::new(code::UNKNOWN_FUNCTION, format!("{message} for single rows"))
                    .help(format!("it gives a table: `FROM {name}(…)`"))
            }
        };
        self.missing.places.push(ident.span);
        let place = self.places.call(ident.span);
        self.report_at(&name, place, diagnostic);
    }
}

struct Walk<'r, 'a, 't> {
    resolver: &'r mut Resolver<'a, 't>,
    strict: bool,
    /// How many subqueries deep the walk is; what is in them was resolved at their start.
    depth: usize,
    lambdas: Vec<Vec<String>>,
    /// Expressions that are no column references, by address.
    passed_over: Vec<*const Expr>,
    /// Subqueries that stand for one value, by address, with the expression around them.
    values: Vec<(*const Query, Option<Span>)>,
}

impl Walk<'_, '_, '_> {
    fn pass_over(&mut self, expr: &Expr) {
        self.passed_over.push(std::ptr::from_ref(expr));
    }

    fn is_lambda_parameter(&self, ident: &Ident) -> bool {
        let name = normalized(ident);
        self.lambdas.iter().flatten().any(|parameter| *parameter == name)
    }

    fn enter_lambda(&mut self, lambda: &LambdaFunction) {
        let names = lambda.params.iter().map(|parameter| normalized(&parameter.name)).collect();
        self.lambdas.push(names);
    }

    fn enter_call(&mut self, function: &Function) {
        self.resolver.call(function);
        if let FunctionArguments::List(list) = &function.args {
            for arg in &list.args {
                match arg {
                    FunctionArg::ExprNamed { name, .. } => self.pass_over(name),
                    FunctionArg::Unnamed(FunctionArgExpr::QualifiedWildcard(name)) => {
                        let _ = self.resolver.qualified_wildcard(&idents(name).unwrap_or_default());
                    }
                    _ => {}
                }
            }
        }
    }
}

impl Visitor for Walk<'_, '_, '_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        // Inside a lambda its parameters are visible too: left to DataFusion.
        if self.depth == 0 && self.lambdas.is_empty() {
            let output = self.resolver.query(query);
            let own = std::ptr::from_ref(query);
            if let Some((_, around)) = self.values.iter().find(|(value, _)| *value == own) {
                self.resolver.check_value(query, *around, output.width);
            }
        }
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if self.depth > 0 || self.passed_over.contains(&std::ptr::from_ref(expr)) {
            return ControlFlow::Continue(());
        }
        match expr {
            Expr::Identifier(ident) if !self.is_lambda_parameter(ident) => {
                self.resolver.identifier(ident, self.strict);
            }
            Expr::CompoundIdentifier(idents)
                if !idents.first().is_some_and(|first| self.is_lambda_parameter(first)) =>
            {
                self.resolver.compound(idents);
            }
            Expr::CompoundFieldAccess { access_chain, .. } => {
                for access in access_chain {
                    if let AccessExpr::Dot(field) = access {
                        self.pass_over(field);
                    }
                }
            }
            Expr::Function(function) => self.enter_call(function),
            Expr::Subquery(query) => self.values.push((std::ptr::from_ref(query.as_ref()), None)),
            Expr::InSubquery { expr: left, subquery, .. }
                if !matches!(left.as_ref(), Expr::Tuple(_)) =>
            {
                let around = self.resolver.places.expression(expr);
                self.values.push((std::ptr::from_ref(subquery.as_ref()), around));
            }
            Expr::Lambda(lambda) => self.enter_lambda(lambda),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if self.depth == 0 && matches!(expr, Expr::Lambda(_)) {
            self.lambdas.pop();
        }
        ControlFlow::Continue(())
    }
}

/// The identifiers of a name, if it has nothing else.
pub(super) fn idents(name: &ObjectName) -> Option<Vec<Ident>> {
    name.0.iter().map(|part| part.as_ident().cloned()).collect()
}

/// Where a name stands.
pub(super) fn name_span(name: &ObjectName) -> sqlparser::tokenizer::Span {
    name.span()
}
