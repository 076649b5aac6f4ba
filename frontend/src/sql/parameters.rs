//! Parameters: `$name`, typed by their declaration.
//!
//! DataFusion would infer a named parameter's type from what stands beside it, and has no
//! way to be told. So the tree is given `CAST($name AS <type>)`, with the parameter's name
//! for the type, which [`ParameterTypes`] answers; in the plan each of these casts becomes
//! the typed placeholder alone. Names of columns do not change: a cast has its operand's.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::expr::{Cast, Placeholder};
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::logical_expr::{Expr, LogicalPlan};
use planc_ir::suggest::did_you_mean;
use planc_ir::{Diagnostic, code};
use sqlparser::ast::{
    CastKind, DataType as SqlType, Expr as SqlExpr, Ident, ObjectName, Query, Value, ValueWithSpan,
    VisitMut, VisitorMut,
};

use super::place::Places;

/// Types every `$name` in the query; reports those that are not declared.
pub(crate) fn type_parameters(
    query: &mut Query,
    params: &BTreeMap<String, DataType>,
    places: &Places<'_>,
) -> Vec<Diagnostic> {
    let mut typing = Typing { params, places, undeclared: Vec::new() };
    let _ = query.visit(&mut typing);
    typing.undeclared
}

struct Typing<'a, 't> {
    params: &'a BTreeMap<String, DataType>,
    places: &'a Places<'t>,
    undeclared: Vec<Diagnostic>,
}

impl VisitorMut for Typing<'_, '_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut SqlExpr) -> ControlFlow<()> {
        let SqlExpr::Value(ValueWithSpan { value: Value::Placeholder(written), span }) = expr
        else {
            return ControlFlow::Continue(());
        };
        let name = written.strip_prefix('$').filter(|name| self.params.contains_key(*name));
        if name.is_none() {
            let place = self.places.span(*span);
            self.undeclared.push(undeclared(written, self.params).at(place));
            return ControlFlow::Continue(());
        }
        let data_type =
            SqlType::Custom(ObjectName::from(vec![Ident::new(written.clone())]), Vec::new());
        let value = std::mem::replace(expr, SqlExpr::Tuple(Vec::new()));
        *expr = SqlExpr::Cast {
            kind: CastKind::Cast,
            expr: Box::new(value),
            data_type,
            array: false,
            format: None,
        };
        ControlFlow::Continue(())
    }
}

fn undeclared(written: &str, params: &BTreeMap<String, DataType>) -> Diagnostic {
    let name = written.trim_start_matches(['$', '?', ':', '@']);
    let Some(named) = written.strip_prefix('$').filter(|n| !n.is_empty()) else {
        return Diagnostic::new(code::PARAMETER, format!("`{written}` is no parameter of planc"))
            .help("write `$name` and declare the parameter in `[params]` of planc.toml");
    };
    let nearest = did_you_mean(named, params.keys().map(String::as_str))
        .map(|words| words.replace(" `", " `$"));
    Diagnostic::new(code::PARAMETER, format!("the parameter `{written}` is not declared")).help(
        nearest.unwrap_or_else(|| {
            format!("declare it in planc.toml: `[params]` and `{name} = \"int64\"`")
        }),
    )
}

/// Answers the types that [`type_parameters`] wrote.
#[derive(Debug)]
pub(crate) struct ParameterTypes {
    pub(crate) params: BTreeMap<String, DataType>,
}

impl ParameterTypes {
    fn field(&self, name: &str) -> Option<FieldRef> {
        let data_type = self.params.get(name.strip_prefix('$')?)?;
        Some(Arc::new(Field::new("", data_type.clone(), true)))
    }
}

impl TypePlanner for ParameterTypes {
    fn plan_type_field(&self, sql_type: &SqlType) -> Result<Option<FieldRef>> {
        Ok(match sql_type {
            SqlType::Custom(name, _) => self.field(&name.to_string()),
            _ => None,
        })
    }
}

impl ParameterTypes {
    /// The plan with typed placeholders in place of their casts.
    pub(crate) fn without_casts(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        if self.params.is_empty() {
            return Ok(plan);
        }
        let typed = plan.transform_up_with_subqueries(|node| {
            node.map_expressions(|expr| expr.transform_up(|expr| Ok(self.typed(expr))))
        })?;
        Ok(typed.data)
    }

    fn typed(&self, expr: Expr) -> Transformed<Expr> {
        if let Expr::Cast(Cast { expr: inner, .. }) = &expr
            && let Expr::Placeholder(placeholder) = inner.as_ref()
            && let Some(field) = self.field(&placeholder.id)
        {
            let id = placeholder.id.clone();
            return Transformed::yes(Expr::Placeholder(Placeholder::new_with_field(
                id,
                Some(field),
            )));
        }
        Transformed::no(expr)
    }
}
