//! Edits that change what a query means a little: where the rows differ on some tables, the
//! digests must differ.

use sqlparser::ast::{
    BinaryOperator, DataType, Distinct, DuplicateTreatment, Expr, Function, FunctionArgumentList,
    FunctionArguments, GroupByExpr, Ident, JoinConstraint, JoinOperator, LimitClause, ObjectName,
    OrderByKind, Query, Select, SelectItem, SetExpr, SetOperator, SetQuantifier, UnaryOperator,
    Value, WindowFrameBound, WindowType,
};

use crate::edit::{Edits, Name};

/// The mutations.
pub struct Mutations;

impl Edits for Mutations {
    fn expression(&self, expr: &Expr) -> Vec<(Name, Expr)> {
        let mut others = Vec::new();
        match expr {
            Expr::Value(value) => others.extend(constants(&value.value)),
            Expr::BinaryOp { left, op, right } => {
                for (name, op) in operators(op) {
                    others.push((name, binary(left, op, right)));
                }
                if matches!(
                    op,
                    BinaryOperator::Minus
                        | BinaryOperator::Divide
                        | BinaryOperator::Lt
                        | BinaryOperator::LtEq
                        | BinaryOperator::Gt
                ) {
                    others.push(("sides swapped", binary(right, op.clone(), left)));
                }
            }
            Expr::IsNull(inner) => others.push(("IS NULL negated", Expr::IsNotNull(inner.clone()))),
            Expr::IsNotNull(inner) => others.push(("IS NULL negated", Expr::IsNull(inner.clone()))),
            Expr::IsTrue(inner) => others.push(("IS TRUE", Expr::IsNotFalse(inner.clone()))),
            Expr::IsNotTrue(inner) => others.push(("IS TRUE", Expr::IsFalse(inner.clone()))),
            Expr::IsDistinctFrom(left, right) => {
                others.push(("IS DISTINCT FROM", binary(left, BinaryOperator::NotEq, right)));
            }
            Expr::IsNotDistinctFrom(left, right) => {
                others.push(("IS DISTINCT FROM", binary(left, BinaryOperator::Eq, right)));
            }
            Expr::InList { expr: inner, list, negated } => {
                let list = list.clone();
                others.push((
                    "IN negated",
                    Expr::InList { expr: inner.clone(), list, negated: !negated },
                ));
            }
            Expr::InSubquery { expr: inner, subquery, negated } => {
                let subquery = subquery.clone();
                others.push((
                    "IN negated",
                    Expr::InSubquery { expr: inner.clone(), subquery, negated: !negated },
                ));
            }
            Expr::Between { expr: inner, negated, low, high } => {
                let between = |negated, low: &Expr, high: &Expr| Expr::Between {
                    expr: inner.clone(),
                    negated,
                    low: Box::new(low.clone()),
                    high: Box::new(high.clone()),
                };
                others.push(("BETWEEN", between(!negated, low, high)));
                others.push(("BETWEEN", between(*negated, high, low)));
            }
            Expr::Like { negated, any, expr, pattern, escape_char } => {
                others.push((
                    "LIKE negated",
                    Expr::Like {
                        negated: !negated,
                        any: *any,
                        expr: expr.clone(),
                        pattern: pattern.clone(),
                        escape_char: escape_char.clone(),
                    },
                ));
            }
            Expr::Exists { subquery, negated } => others.push((
                "EXISTS negated",
                Expr::Exists { subquery: subquery.clone(), negated: !negated },
            )),
            Expr::UnaryOp { op: UnaryOperator::Not | UnaryOperator::Minus, expr } => {
                others.push(("sign or NOT dropped", expr.as_ref().clone()));
            }
            Expr::Cast { kind, expr, data_type, array, format } => {
                let data_type = match data_type {
                    DataType::BigInt(_) => DataType::Int(None),
                    DataType::Int(_) => DataType::BigInt(None),
                    DataType::Date => DataType::Timestamp(None, sqlparser::ast::TimezoneInfo::None),
                    _ => return others,
                };
                others.push((
                    "cast",
                    Expr::Cast {
                        kind: kind.clone(),
                        expr: expr.clone(),
                        data_type,
                        array: *array,
                        format: format.clone(),
                    },
                ));
            }
            Expr::Case { case_token, end_token, operand, conditions, else_result } => {
                let case = |conditions: Vec<_>, else_result: Option<Box<Expr>>| Expr::Case {
                    case_token: case_token.clone(),
                    end_token: end_token.clone(),
                    operand: operand.clone(),
                    conditions,
                    else_result,
                };
                if else_result.is_some() {
                    others.push(("ELSE dropped", case(conditions.clone(), None)));
                }
                if conditions.len() > 1 {
                    let mut swapped = conditions.clone();
                    swapped.swap(0, 1);
                    others.push(("WHEN swapped", case(swapped, else_result.clone())));
                }
            }
            Expr::Function(function) => others.extend(calls(function)),
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
        match &select.distinct {
            None => with("DISTINCT", &|other| other.distinct = Some(Distinct::Distinct)),
            Some(Distinct::Distinct) => with("DISTINCT", &|other| other.distinct = None),
            _ => {}
        }
        for (from, joins) in select.from.iter().enumerate().map(|(at, from)| (at, &from.joins)) {
            for (at, join) in joins.iter().enumerate() {
                for (name, operator) in join_kinds(&join.join_operator) {
                    with(name, &|other| {
                        other.from[from].joins[at].join_operator = operator.clone()
                    });
                }
            }
        }
        if let Some(selection) = &select.selection
            && let Expr::BinaryOp { left, op: BinaryOperator::And, right } = selection
        {
            with("conjunct dropped", &|other| other.selection = Some(left.as_ref().clone()));
            with("conjunct dropped", &|other| other.selection = Some(right.as_ref().clone()));
        }
        if select.having.is_some() {
            with("HAVING dropped", &|other| other.having = None);
        }
        if let GroupByExpr::Expressions(keys, _) = &select.group_by
            && keys.len() > 1
        {
            for place in 0..keys.len() {
                with("group key dropped", &|other| {
                    if let GroupByExpr::Expressions(keys, _) = &mut other.group_by {
                        keys.remove(place);
                    }
                });
            }
        }
        // Columns in each other's places, under the names that were there.
        for place in 1..select.projection.len() {
            if let (
                SelectItem::ExprWithAlias { expr: one, .. },
                SelectItem::ExprWithAlias { expr: two, .. },
            ) = (&select.projection[place - 1], &select.projection[place])
                && one != two
            {
                with("columns swapped", &|other| {
                    for (at, new) in [(place - 1, two), (place, one)] {
                        if let SelectItem::ExprWithAlias { expr, .. } = &mut other.projection[at] {
                            *expr = new.clone();
                        }
                    }
                });
            }
        }
        others
    }

    fn body(&self, body: &SetExpr) -> Vec<(Name, SetExpr)> {
        let SetExpr::SetOperation { left, op, set_quantifier, right } = body else {
            return Vec::new();
        };
        let operation =
            |op, set_quantifier, left: &SetExpr, right: &SetExpr| SetExpr::SetOperation {
                left: Box::new(left.clone()),
                op,
                set_quantifier,
                right: Box::new(right.clone()),
            };
        let quantifier = match set_quantifier {
            SetQuantifier::All => SetQuantifier::None,
            _ => SetQuantifier::All,
        };
        let operator = match op {
            SetOperator::Union => SetOperator::Intersect,
            SetOperator::Intersect => SetOperator::Except,
            _ => SetOperator::Union,
        };
        let mut others = vec![
            ("ALL", operation(*op, quantifier, left, right)),
            ("set operator", operation(operator, *set_quantifier, left, right)),
        ];
        if *op == SetOperator::Except {
            others.push(("sides swapped", operation(*op, *set_quantifier, right, left)));
        }
        others
    }

    fn query(&self, query: &Query) -> Vec<(Name, Query)> {
        let mut others = Vec::new();
        let mut with = |name, change: &dyn Fn(&mut Query)| {
            let mut other = query.clone();
            change(&mut other);
            others.push((name, other));
        };
        if query.limit_clause.is_some() {
            with("LIMIT dropped", &|other| other.limit_clause = None);
            with("OFFSET", &|other| {
                if let Some(LimitClause::LimitOffset { offset, .. }) = &mut other.limit_clause {
                    *offset = match offset {
                        Some(_) => None,
                        None => Some(sqlparser::ast::Offset {
                            value: number("1"),
                            rows: sqlparser::ast::OffsetRows::None,
                        }),
                    };
                }
            });
        }
        let keys = match &query.order_by {
            Some(order) => match &order.kind {
                OrderByKind::Expressions(keys) => keys.clone(),
                OrderByKind::All(_) => Vec::new(),
            },
            None => Vec::new(),
        };
        let set = |other: &mut Query, keys: Vec<sqlparser::ast::OrderByExpr>| {
            if let Some(order) = &mut other.order_by {
                order.kind = OrderByKind::Expressions(keys);
            }
        };
        for place in 0..keys.len() {
            let mut turned = keys.clone();
            let options = &mut turned[place].options;
            options.asc = Some(options.asc == Some(false));
            // The default of NULLs follows the direction; only the direction shall turn.
            if options.nulls_first.is_none() {
                options.nulls_first = Some(options.asc == Some(true));
            }
            with("direction", &|other| set(other, turned.clone()));
            let mut nulls = keys.clone();
            let options = &mut nulls[place].options;
            let first = options.nulls_first.unwrap_or(options.asc == Some(false));
            options.nulls_first = Some(!first);
            with("NULL order", &|other| set(other, nulls.clone()));
            if place > 0 {
                let mut swapped = keys.clone();
                swapped.swap(place, place - 1);
                with("sort keys swapped", &|other| set(other, swapped.clone()));
            }
        }
        others
    }
}

fn number(text: &str) -> Expr {
    Expr::value(Value::Number(text.to_owned(), false))
}

fn binary(left: &Expr, op: BinaryOperator, right: &Expr) -> Expr {
    let (left, right) = (Box::new(left.clone()), Box::new(right.clone()));
    Expr::BinaryOp { left, op, right }
}

fn constants(value: &Value) -> Vec<(Name, Expr)> {
    let other = match value {
        Value::Number(text, _) => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) => number(&whole.wrapping_add(1).to_string()),
            (_, Ok(float)) => number(&format!("{:?}", float + 0.5)),
            _ => return Vec::new(),
        },
        Value::SingleQuotedString(text) => {
            let digits = text.starts_with(|c: char| c.is_ascii_digit()) && text.len() > 1;
            if digits || [" day", " month", " hour"].iter().any(|unit| text.ends_with(unit)) {
                return Vec::new();
            }
            let other = if text.ends_with('b') { "a" } else { "b" };
            Expr::value(Value::SingleQuotedString(other.to_owned()))
        }
        Value::Boolean(value) => Expr::value(Value::Boolean(!value)),
        _ => return Vec::new(),
    };
    vec![("constant", other)]
}

fn operators(op: &BinaryOperator) -> Vec<(Name, BinaryOperator)> {
    use BinaryOperator::{And, Divide, Eq, Gt, GtEq, Lt, LtEq, Minus, Multiply, NotEq, Or, Plus};
    match op {
        Eq => vec![("comparison", NotEq), ("comparison", LtEq)],
        NotEq => vec![("comparison", Eq), ("comparison", Lt)],
        Lt => vec![("comparison", LtEq), ("comparison", Gt)],
        LtEq => vec![("comparison", Lt), ("comparison", Eq)],
        Gt => vec![("comparison", GtEq), ("comparison", Lt)],
        GtEq => vec![("comparison", Gt), ("comparison", Eq)],
        And => vec![("AND and OR", Or)],
        Or => vec![("AND and OR", And)],
        Plus => vec![("arithmetic", Minus)],
        Minus => vec![("arithmetic", Plus)],
        Multiply => vec![("arithmetic", Plus)],
        Divide => vec![("arithmetic", Multiply)],
        _ => Vec::new(),
    }
}

fn join_kinds(operator: &JoinOperator) -> Vec<(Name, JoinOperator)> {
    let constraint = |constraint: &JoinConstraint| constraint.clone();
    match operator {
        JoinOperator::Join(c) | JoinOperator::Inner(c) => vec![
            ("join kind", JoinOperator::Left(constraint(c))),
            ("join kind", JoinOperator::FullOuter(constraint(c))),
        ],
        JoinOperator::Left(c) | JoinOperator::LeftOuter(c) => vec![
            ("join kind", JoinOperator::Join(constraint(c))),
            ("join kind", JoinOperator::Right(constraint(c))),
            ("join kind", JoinOperator::FullOuter(constraint(c))),
        ],
        JoinOperator::Right(c) | JoinOperator::RightOuter(c) => vec![
            ("join kind", JoinOperator::Join(constraint(c))),
            ("join kind", JoinOperator::Left(constraint(c))),
        ],
        JoinOperator::FullOuter(c) => vec![
            ("join kind", JoinOperator::Left(constraint(c))),
            ("join kind", JoinOperator::Right(constraint(c))),
        ],
        JoinOperator::LeftSemi(c) => vec![("join kind", JoinOperator::LeftAnti(constraint(c)))],
        JoinOperator::LeftAnti(c) => vec![("join kind", JoinOperator::LeftSemi(constraint(c)))],
        _ => Vec::new(),
    }
}

fn calls(function: &Function) -> Vec<(Name, Expr)> {
    let mut others = Vec::new();
    let mut with = |name, change: &dyn Fn(&mut Function)| {
        let mut other = function.clone();
        change(&mut other);
        others.push((name, Expr::Function(other)));
    };
    let rename = |other: &mut Function, name: &str| {
        other.name = ObjectName::from(vec![Ident::new(name)]);
    };
    let other_name = match function.name.to_string().to_lowercase().as_str() {
        "min" => Some("max"),
        "max" => Some("min"),
        "sum" => Some("max"),
        "bool_and" => Some("bool_or"),
        "bool_or" => Some("bool_and"),
        "rank" => Some("dense_rank"),
        "dense_rank" => Some("rank"),
        "row_number" => Some("rank"),
        "lag" => Some("lead"),
        "lead" => Some("lag"),
        "first_value" => Some("last_value"),
        "last_value" => Some("first_value"),
        "upper" => Some("lower"),
        "lower" => Some("upper"),
        _ => None,
    };
    if let Some(name) = other_name {
        with("function", &|other| rename(other, name));
    }
    if let FunctionArguments::List(list) = &function.args {
        let aggregate =
            ["count", "sum", "avg"].contains(&function.name.to_string().to_lowercase().as_str());
        let star = list.args.iter().any(|arg| arg.to_string() == "*");
        if aggregate && !star && function.over.is_none() {
            let distinct = match list.duplicate_treatment {
                Some(DuplicateTreatment::Distinct) => None,
                _ => Some(DuplicateTreatment::Distinct),
            };
            with("aggregate DISTINCT", &|other| {
                other.args = FunctionArguments::List(FunctionArgumentList {
                    duplicate_treatment: distinct,
                    ..list.clone()
                });
            });
        }
        if ["nullif", "coalesce", "concat"]
            .contains(&function.name.to_string().to_lowercase().as_str())
            && list.args.len() > 1
        {
            with("arguments swapped", &|other| {
                if let FunctionArguments::List(list) = &mut other.args {
                    list.args.swap(0, 1);
                }
            });
        }
    }
    if function.filter.is_some() {
        with("FILTER dropped", &|other| other.filter = None);
    }
    if let Some(WindowType::WindowSpec(spec)) = &function.over {
        if !spec.partition_by.is_empty() {
            with("PARTITION BY dropped", &|other| {
                if let Some(WindowType::WindowSpec(spec)) = &mut other.over {
                    spec.partition_by.clear();
                }
            });
        }
        if spec.window_frame.is_some() {
            with("frame", &|other| {
                if let Some(WindowType::WindowSpec(spec)) = &mut other.over
                    && let Some(frame) = &mut spec.window_frame
                {
                    frame.start_bound = match frame.start_bound {
                        WindowFrameBound::CurrentRow => {
                            WindowFrameBound::Preceding(Some(Box::new(number("1"))))
                        }
                        _ => WindowFrameBound::CurrentRow,
                    };
                }
            });
        }
    }
    others
}
