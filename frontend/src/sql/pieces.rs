//! Pieces of a query that are no expressions and can be taken out: clauses, joins, items.

use std::ops::ControlFlow;

use sqlparser::ast::{
    GroupByExpr, LimitClause, Query, Select, SelectItem, SetExpr, Spanned, VisitMut, VisitorMut,
};
use sqlparser::tokenizer::Span as SqlSpan;

/// The kinds of pieces, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `FETCH FIRST …`
    Fetch,
    /// `LIMIT … OFFSET …`
    Limit,
    /// `ORDER BY …`
    OrderBy,
    /// `QUALIFY …`
    Qualify,
    /// `HAVING …`
    Having,
    /// `GROUP BY …`
    GroupBy,
    /// `DISTINCT` or `DISTINCT ON (…)`
    Distinct,
    /// One item of a SELECT list, the last one first.
    Item,
    /// One row of VALUES, the last one first.
    Row,
    /// One join, the last one first.
    Join,
    /// The right side of a set operation.
    RightSide,
}

/// All kinds.
pub(crate) const KINDS: [Kind; 11] = [
    Kind::Fetch,
    Kind::Limit,
    Kind::OrderBy,
    Kind::Qualify,
    Kind::Having,
    Kind::GroupBy,
    Kind::Distinct,
    Kind::Item,
    Kind::Row,
    Kind::Join,
    Kind::RightSide,
];

/// The query without its `nth` piece of a kind, and where that stood; `None` behind the last.
pub(crate) fn without(query: &Query, kind: Kind, nth: usize) -> Option<(Query, SqlSpan)> {
    let mut query = query.clone();
    match VisitMut::visit(&mut query, &mut Remove { kind, countdown: nth }) {
        ControlFlow::Break(span) => Some((query, span)),
        ControlFlow::Continue(()) => None,
    }
}

struct Remove {
    kind: Kind,
    countdown: usize,
}

impl VisitorMut for Remove {
    type Break = SqlSpan;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<SqlSpan> {
        match self.take(query) {
            Some(span) => ControlFlow::Break(span),
            None => ControlFlow::Continue(()),
        }
    }
}

impl Remove {
    fn take(&mut self, query: &mut Query) -> Option<SqlSpan> {
        match self.kind {
            Kind::Limit => {
                let clause = self.counted(&mut query.limit_clause)?;
                Some(limit_span(&clause))
            }
            Kind::Fetch => Some(self.counted(&mut query.fetch)?.span()),
            Kind::OrderBy => Some(self.counted(&mut query.order_by)?.span()),
            _ => self.take_from_body(&mut query.body),
        }
    }

    fn take_from_body(&mut self, body: &mut SetExpr) -> Option<SqlSpan> {
        match body {
            SetExpr::Select(select) => self.take_from_select(select),
            SetExpr::Values(values) if self.kind == Kind::Row && values.rows.len() > 1 => {
                let row = self.counted_last(&mut values.rows)?;
                Some(row.span())
            }
            SetExpr::SetOperation { left, right, .. } => {
                if self.kind == Kind::RightSide && self.counts() {
                    let span = right.span();
                    let left = std::mem::replace(left.as_mut(), SetExpr::Table(no_table()));
                    *body = left;
                    return Some(span);
                }
                self.take_from_body(left).or_else(|| self.take_from_body(right))
            }
            _ => None,
        }
    }

    fn take_from_select(&mut self, select: &mut Select) -> Option<SqlSpan> {
        match self.kind {
            Kind::Qualify => Some(self.counted(&mut select.qualify)?.span()),
            Kind::Having => Some(self.counted(&mut select.having)?.span()),
            Kind::Distinct => {
                self.counted(&mut select.distinct)?;
                Some(select.select_token.0.span)
            }
            Kind::GroupBy => match &select.group_by {
                GroupByExpr::Expressions(exprs, _) if exprs.is_empty() => None,
                _ if self.counts() => {
                    let span = select.group_by.span();
                    select.group_by = GroupByExpr::Expressions(Vec::new(), Vec::new());
                    Some(span)
                }
                _ => None,
            },
            Kind::Item if select.projection.len() > 1 => {
                let item = self.counted_last(&mut select.projection)?;
                Some(match &item {
                    SelectItem::ExprWithAlias { alias, .. } => alias.span,
                    item => item.span(),
                })
            }
            Kind::Join => {
                let joins = select.from.iter_mut().rev().map(|item| &mut item.joins);
                for joins in joins {
                    if let Some(join) = self.counted_last(joins) {
                        return Some(join.relation.span());
                    }
                }
                None
            }
            _ => None,
        }
    }

    fn counts(&mut self) -> bool {
        let now = self.countdown == 0;
        self.countdown = self.countdown.saturating_sub(1);
        now
    }

    fn counted<T>(&mut self, piece: &mut Option<T>) -> Option<T> {
        if piece.is_some() && self.counts() { piece.take() } else { None }
    }

    /// Takes one of several; counts from the last.
    fn counted_last<T>(&mut self, pieces: &mut Vec<T>) -> Option<T> {
        match pieces.len().checked_sub(self.countdown + 1) {
            Some(at) => Some(pieces.remove(at)),
            None => {
                self.countdown -= pieces.len();
                None
            }
        }
    }
}

fn limit_span(limit: &LimitClause) -> SqlSpan {
    match limit {
        LimitClause::LimitOffset { limit, offset, .. } => {
            let offset = offset.as_ref().map(|offset| offset.value.span());
            limit.as_ref().map_or_else(SqlSpan::empty, Spanned::span).union_opt(&offset)
        }
        LimitClause::OffsetCommaLimit { offset, limit } => offset.span().union(&limit.span()),
    }
}

fn no_table() -> Box<sqlparser::ast::Table> {
    Box::new(sqlparser::ast::Table { table_name: None, schema_name: None })
}
