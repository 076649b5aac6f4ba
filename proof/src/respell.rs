//! Edits that keep what a query means. The share of pairs with one digest is measured, by the
//! kind of the edit; rows that differ are a fault of the edit or of a digest.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, CaseWhen, Distinct, Expr, FunctionArg, FunctionArgExpr, FunctionArguments,
    GroupByExpr, GroupByWithModifier, Ident, JoinConstraint, JoinOperator, Query, Select,
    SelectItem, SetExpr, SetOperator, SetQuantifier, TableAlias, TableFactor, TableWithJoins,
    UnaryOperator, Value, VisitMut, VisitorMut,
};

use crate::edit::{self, Edits, Name};

/// The respellings.
pub struct Respellings;

impl Edits for Respellings {
    fn expression(&self, expr: &Expr) -> Vec<(Name, Expr)> {
        let mut others = Vec::new();
        match expr {
            Expr::BinaryOp { left, op, right } => {
                others.extend(binaries(left, op, right));
            }
            Expr::Between { expr: inner, negated, low, high } => {
                let (first, second, joined) = match negated {
                    false => (BinaryOperator::GtEq, BinaryOperator::LtEq, BinaryOperator::And),
                    true => (BinaryOperator::Lt, BinaryOperator::Gt, BinaryOperator::Or),
                };
                let both = binary(&binary(inner, first, low), joined, &binary(inner, second, high));
                others.push(("BETWEEN as comparisons", nested(both)));
            }
            Expr::InList { expr: inner, list, negated } => {
                let (each, joined) = match negated {
                    false => (BinaryOperator::Eq, BinaryOperator::Or),
                    true => (BinaryOperator::NotEq, BinaryOperator::And),
                };
                let parts = list.iter().map(|item| binary(inner, each.clone(), item));
                if let Some(all) = parts.reduce(|all, part| binary(&all, joined.clone(), &part)) {
                    others.push(("IN as OR", nested(all)));
                }
                let mut list = list.clone();
                list.reverse();
                list.extend(list.first().cloned());
                others.push((
                    "IN in another order, with a repeat",
                    Expr::InList { expr: inner.clone(), list, negated: *negated },
                ));
            }
            Expr::InSubquery { expr: inner, subquery, negated: false } => others.push((
                "IN as = ANY",
                Expr::AnyOp {
                    left: inner.clone(),
                    compare_op: BinaryOperator::Eq,
                    right: Box::new(Expr::Subquery(subquery.clone())),
                    is_some: false,
                },
            )),
            Expr::IsDistinctFrom(left, right) => others.push((
                "IS DISTINCT FROM negated",
                not(Expr::IsNotDistinctFrom(left.clone(), right.clone())),
            )),
            Expr::IsNull(inner) => {
                others.push(("IS NULL negated", not(Expr::IsNotNull(inner.clone()))));
            }
            Expr::Case {
                case_token,
                end_token,
                operand: Some(operand),
                conditions,
                else_result,
            } => {
                let conditions = conditions
                    .iter()
                    .map(|when| CaseWhen {
                        condition: binary(operand, BinaryOperator::Eq, &when.condition),
                        result: when.result.clone(),
                    })
                    .collect();
                others.push((
                    "CASE without its operand",
                    Expr::Case {
                        case_token: case_token.clone(),
                        end_token: end_token.clone(),
                        operand: None,
                        conditions,
                        else_result: else_result.clone(),
                    },
                ));
            }
            Expr::Case { case_token, end_token, operand, conditions, else_result: None } => {
                others.push((
                    "ELSE NULL",
                    Expr::Case {
                        case_token: case_token.clone(),
                        end_token: end_token.clone(),
                        operand: operand.clone(),
                        conditions: conditions.clone(),
                        else_result: Some(Box::new(Expr::value(Value::Null))),
                    },
                ));
            }
            Expr::Function(function)
                if function.name.to_string().eq_ignore_ascii_case("coalesce") =>
            {
                if let FunctionArguments::List(list) = &function.args
                    && let [
                        FunctionArg::Unnamed(FunctionArgExpr::Expr(first)),
                        FunctionArg::Unnamed(FunctionArgExpr::Expr(second)),
                    ] = list.args.as_slice()
                    && let Some(case) = edit::parse("select case when 1 then 2 else 3 end")
                    && let SetExpr::Select(select) = *case.body
                    && let Some(SelectItem::UnnamedExpr(mut case)) =
                        select.projection.into_iter().next()
                    && let Expr::Case { conditions, else_result, .. } = &mut case
                {
                    conditions[0].condition = Expr::IsNotNull(Box::new(nested(first.clone())));
                    conditions[0].result = first.clone();
                    *else_result = Some(Box::new(second.clone()));
                    others.push(("COALESCE as CASE", case));
                }
            }
            Expr::Function(function)
                if function.name.to_string().eq_ignore_ascii_case("count")
                    && function.over.is_none() =>
            {
                if let FunctionArguments::List(list) = &function.args
                    && let [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] = list.args.as_slice()
                {
                    let mut list = list.clone();
                    list.args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(number("1")))];
                    let mut function = function.clone();
                    function.args = FunctionArguments::List(list);
                    others.push(("COUNT(1)", Expr::Function(function)));
                }
            }
            Expr::Exists { subquery, negated } => {
                let mut subquery = subquery.clone();
                if let SetExpr::Select(select) = subquery.body.as_mut()
                    && is_plain(select)
                {
                    select.projection = vec![SelectItem::UnnamedExpr(number("1"))];
                    others.push((
                        "what EXISTS selects",
                        Expr::Exists { subquery, negated: *negated },
                    ));
                }
            }
            _ => {}
        }
        others
    }

    fn select(&self, select: &Select) -> Vec<(Name, Select)> {
        let mut others = Vec::new();
        let mut with = |name, change: &dyn Fn(&mut Select)| {
            let mut other = select.clone();
            change(&mut other);
            others.push((name, other));
        };
        if let Some(Expr::BinaryOp { left, op: BinaryOperator::And, right }) = &select.selection {
            with("conjuncts swapped", &|other| {
                other.selection = Some(binary(right, BinaryOperator::And, left));
            });
        }
        if select.from.len() > 1 {
            with("FROM in another order", &|other| other.from.swap(0, 1));
        }
        if let [from] = select.from.as_slice() {
            if let [join] = from.joins.as_slice() {
                let side = |relation: &TableFactor| relation.clone();
                let turned = match &join.join_operator {
                    JoinOperator::Join(c) | JoinOperator::Inner(c) => {
                        Some(("inner join swapped", JoinOperator::Join(c.clone())))
                    }
                    JoinOperator::Left(c) | JoinOperator::LeftOuter(c) => {
                        Some(("LEFT as RIGHT", JoinOperator::Right(c.clone())))
                    }
                    JoinOperator::Right(c) | JoinOperator::RightOuter(c) => {
                        Some(("RIGHT as LEFT", JoinOperator::Left(c.clone())))
                    }
                    JoinOperator::FullOuter(c) => {
                        Some(("FULL swapped", JoinOperator::FullOuter(c.clone())))
                    }
                    _ => None,
                };
                if let Some((name, operator)) = turned
                    && !is_lateral(&join.relation)
                {
                    with(name, &|other| {
                        let from = &mut other.from[0];
                        let (left, right) = (side(&from.relation), side(&from.joins[0].relation));
                        from.relation = right;
                        from.joins[0].relation = left;
                        from.joins[0].join_operator = operator.clone();
                    });
                }
            }
            // Only where the joins behind it keep what it gives.
            if let Some(place) = from.joins.iter().position(|join| {
                matches!(
                    join.join_operator,
                    JoinOperator::Join(JoinConstraint::On(_))
                        | JoinOperator::Inner(JoinConstraint::On(_))
                )
            }) && from.joins.iter().all(|join| {
                matches!(
                    join.join_operator,
                    JoinOperator::Join(_) | JoinOperator::Inner(_) | JoinOperator::CrossJoin(_)
                )
            }) {
                with("ON as WHERE", &|other| {
                    let join = &mut other.from[0].joins[place];
                    let (JoinOperator::Join(JoinConstraint::On(on))
                    | JoinOperator::Inner(JoinConstraint::On(on))) = &join.join_operator
                    else {
                        return;
                    };
                    let on = nested(on.clone());
                    join.join_operator = JoinOperator::CrossJoin(JoinConstraint::None);
                    other.selection = Some(match &other.selection {
                        Some(selection) => {
                            binary(&on, BinaryOperator::And, &nested(selection.clone()))
                        }
                        None => on,
                    });
                });
            }
            if from.joins.is_empty()
                && let (Some(selection), Some(alias)) = (&select.selection, name_of(&from.relation))
                && !selection.to_string().to_lowercase().contains("select")
            {
                with("WHERE in a derived table", &|other| {
                    let inner = format!("select * from {} where {selection}", from.relation);
                    other.selection = None;
                    other.from = vec![derived(&inner, &alias)];
                });
            }
        }
        if matches!(select.distinct, Some(Distinct::Distinct)) && is_ungrouped(select) {
            let keys: Option<Vec<Expr>> = select.projection.iter().map(plain_column).collect();
            if let Some(keys) = keys {
                with("DISTINCT as GROUP BY", &|other| {
                    other.distinct = None;
                    other.group_by = GroupByExpr::Expressions(keys.clone(), Vec::new());
                });
            }
        }
        if let GroupByExpr::Expressions(keys, modifiers) = &select.group_by
            && keys.len() > 1
            && modifiers == &Vec::<GroupByWithModifier>::new()
        {
            with("group keys in another order", &|other| {
                let mut keys = keys.clone();
                keys.reverse();
                other.group_by = GroupByExpr::Expressions(keys, Vec::new());
            });
        }
        let predicates: Vec<Expr> = conjuncts(select.selection.as_ref());
        for (place, predicate) in predicates.iter().enumerate() {
            if let Expr::InSubquery { expr, subquery, negated: false } = predicate
                && let Some(exists) = as_exists(expr, subquery)
            {
                with("IN as EXISTS", &|other| {
                    let mut parts = predicates.clone();
                    parts[place] = exists.clone();
                    other.selection = parts
                        .into_iter()
                        .reduce(|all, part| binary(&all, BinaryOperator::And, &part));
                });
            }
        }
        others
    }

    fn body(&self, body: &SetExpr) -> Vec<(Name, SetExpr)> {
        let SetExpr::SetOperation { left, op, set_quantifier, right } = body else {
            return Vec::new();
        };
        let name = match (op, set_quantifier) {
            (SetOperator::Union, SetQuantifier::All) => "UNION ALL swapped",
            (SetOperator::Union, _) => "UNION swapped",
            (SetOperator::Intersect, SetQuantifier::All) => return Vec::new(),
            (SetOperator::Intersect, _) => "INTERSECT swapped",
            _ => return Vec::new(),
        };
        // A set operation on the right needs parentheses there.
        let right_side = match left.as_ref() {
            SetExpr::SetOperation { .. } => {
                let text = format!("({left})");
                match edit::parse(&text) {
                    Some(query) => query.body,
                    None => return Vec::new(),
                }
            }
            _ => left.clone(),
        };
        let swapped = SetExpr::SetOperation {
            left: right.clone(),
            op: *op,
            set_quantifier: *set_quantifier,
            right: right_side,
        };
        let mut others = vec![(name, swapped)];
        if *op == SetOperator::Union && *set_quantifier != SetQuantifier::All {
            let text = format!("select distinct * from ({left} union all {right}) uu");
            if let Some(query) = edit::parse(&text) {
                others.push(("UNION as DISTINCT over UNION ALL", *query.body));
            }
        }
        others
    }

    fn query(&self, query: &Query) -> Vec<(Name, Query)> {
        let mut others = Vec::new();
        if query.order_by.is_none() && query.limit_clause.is_none() && query.with.is_none() {
            others.extend(
                edit::parse(&format!("select * from ({query}) qq"))
                    .map(|q| ("a redundant projection", q)),
            );
        }
        if let Some(with) = &query.with
            && !with.recursive
            && let Some(cte) = with.cte_tables.first()
        {
            let mut inlined = query.clone();
            if let Some(with) = &mut inlined.with {
                with.cte_tables.remove(0);
            }
            if with.cte_tables.len() == 1 {
                inlined.with = None;
            }
            let mut inline =
                Inline { name: cte.alias.name.value.clone(), query: cte.query.as_ref() };
            let _ = inlined.visit(&mut inline);
            others.push(("CTE inlined", inlined));
        }
        if query.with.is_none()
            && let SetExpr::Select(select) = query.body.as_ref()
            && let Some(TableWithJoins { relation, .. }) = select.from.first()
            && let TableFactor::Derived { lateral: false, subquery, alias: Some(alias), .. } =
                relation
            && alias.columns.is_empty()
        {
            let mut other = query.clone();
            if let SetExpr::Select(select) = other.body.as_mut()
                && let Some(from) = select.from.first_mut()
                && let Some(table) = table(&format!("cc as {}", alias.name))
            {
                from.relation = table;
            }
            let text = format!("with cc as ({subquery}) {other}");
            others.extend(edit::parse(&text).map(|query| ("derived table as CTE", query)));
        }
        others
    }
}

/// The whole query with other aliases: those that the generator gives out.
pub fn other_aliases(text: &str) -> String {
    let mut renamed = String::new();
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let digit = letters.peek().is_some_and(char::is_ascii_digit);
        if letter == 'x' && digit && !before.is_alphanumeric() && before != '\'' {
            renamed.push_str("alias_");
        } else {
            renamed.push(letter);
        }
        before = letter;
    }
    renamed
}

struct Inline<'q> {
    name: String,
    query: &'q Query,
}

impl VisitorMut for Inline<'_> {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, alias, .. } = factor
            && name.to_string() == self.name
        {
            let alias = alias.clone().unwrap_or_else(|| TableAlias {
                explicit: true,
                name: Ident::new(self.name.clone()),
                columns: Vec::new(),
                at: None,
            });
            *factor = TableFactor::Derived {
                lateral: false,
                subquery: Box::new(self.query.clone()),
                alias: Some(alias),
                sample: None,
            };
        }
        ControlFlow::Continue(())
    }
}

fn binaries(left: &Expr, op: &BinaryOperator, right: &Expr) -> Vec<(Name, Expr)> {
    use BinaryOperator::{And, Eq, Gt, GtEq, Lt, LtEq, Multiply, NotEq, Or, Plus};
    let flipped = match op {
        Eq | NotEq => op.clone(),
        Lt => Gt,
        LtEq => GtEq,
        Gt => Lt,
        GtEq => LtEq,
        And | Or => {
            let name = if *op == And { "AND swapped" } else { "OR swapped" };
            let opposite = if *op == And { Or } else { And };
            let negated = |side: &Expr| not(side.clone());
            return vec![
                (name, nested(binary(&nested(right.clone()), op.clone(), &nested(left.clone())))),
                ("De Morgan", not(binary(&negated(left), opposite, &negated(right)))),
            ];
        }
        Plus | Multiply => {
            let name = if *op == Plus { "sum swapped" } else { "product swapped" };
            return vec![(name, binary(right, op.clone(), left))];
        }
        _ => return Vec::new(),
    };
    let opposite = match op {
        Eq => NotEq,
        NotEq => Eq,
        Lt => GtEq,
        LtEq => Gt,
        Gt => LtEq,
        _ => Lt,
    };
    vec![
        ("comparison flipped", binary(right, flipped, left)),
        ("comparison negated twice", not(binary(left, opposite, right))),
    ]
}

fn as_exists(expr: &Expr, subquery: &Query) -> Option<Expr> {
    let SetExpr::Select(select) = subquery.body.as_ref() else { return None };
    let plain = is_plain(select) && subquery.with.is_none() && subquery.limit_clause.is_none();
    let [SelectItem::ExprWithAlias { expr: inner, .. } | SelectItem::UnnamedExpr(inner)] =
        select.projection.as_slice()
    else {
        return None;
    };
    if !plain {
        return None;
    }
    let equal = binary(&nested(inner.clone()), BinaryOperator::Eq, &nested(expr.clone()));
    let mut select = select.as_ref().clone();
    select.selection = Some(match &select.selection {
        Some(selection) => binary(&nested(selection.clone()), BinaryOperator::And, &equal),
        None => equal,
    });
    select.projection = vec![SelectItem::UnnamedExpr(number("1"))];
    let mut subquery = subquery.clone();
    subquery.body = Box::new(SetExpr::Select(Box::new(select)));
    Some(Expr::Exists { subquery: Box::new(subquery), negated: false })
}

/// No grouping, aggregates or windows.
fn is_plain(select: &Select) -> bool {
    is_ungrouped(select) && select.distinct.is_none()
}

fn is_ungrouped(select: &Select) -> bool {
    let grouped = !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
    let calls = [
        "count(",
        "sum(",
        "avg(",
        "min(",
        "max(",
        "stddev(",
        "bool_",
        "_value(",
        "string_agg(",
        " over ",
    ];
    let items: String =
        select.projection.iter().map(|item| item.to_string().to_lowercase()).collect();
    !grouped && select.having.is_none() && !calls.iter().any(|call| items.contains(call))
}

fn plain_column(item: &SelectItem) -> Option<Expr> {
    match item {
        SelectItem::ExprWithAlias { expr: expr @ Expr::CompoundIdentifier(_), .. } => {
            Some(expr.clone())
        }
        _ => None,
    }
}

fn conjuncts(predicate: Option<&Expr>) -> Vec<Expr> {
    match predicate {
        Some(Expr::BinaryOp { left, op: BinaryOperator::And, right }) => {
            let mut all = conjuncts(Some(left));
            all.extend(conjuncts(Some(right)));
            all
        }
        Some(other) => vec![other.clone()],
        None => Vec::new(),
    }
}

fn is_lateral(factor: &TableFactor) -> bool {
    matches!(factor, TableFactor::Derived { lateral: true, .. })
}

fn name_of(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table { alias: Some(alias), .. } if alias.columns.is_empty() => {
            Some(alias.name.to_string())
        }
        TableFactor::Table { name, alias: None, .. } => Some(name.to_string()),
        TableFactor::Derived { lateral: false, alias: Some(alias), .. } => {
            Some(alias.name.to_string())
        }
        _ => None,
    }
}

fn derived(query: &str, alias: &str) -> TableWithJoins {
    let relation = table(&format!("({query}) {alias}")).expect("a derived table");
    TableWithJoins { relation, joins: Vec::new() }
}

fn table(text: &str) -> Option<TableFactor> {
    let query = edit::parse(&format!("select 1 from {text}"))?;
    match *query.body {
        SetExpr::Select(select) => select.from.into_iter().next().map(|from| from.relation),
        _ => None,
    }
}

fn number(text: &str) -> Expr {
    Expr::value(Value::Number(text.to_owned(), false))
}

fn nested(expr: Expr) -> Expr {
    Expr::Nested(Box::new(expr))
}

fn not(expr: Expr) -> Expr {
    nested(Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(nested(expr)) })
}

fn binary(left: &Expr, op: BinaryOperator, right: &Expr) -> Expr {
    let (left, right) = (Box::new(left.clone()), Box::new(right.clone()));
    Expr::BinaryOp { left, op, right }
}
