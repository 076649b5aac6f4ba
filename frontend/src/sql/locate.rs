//! Finds the piece of a rule that DataFusion refuses, by asking it.
//!
//! Many of DataFusion's errors have no place, and it stops at its first. So: put NULL in the
//! place of one expression after the other, and see for which of them the error goes away.
//! Then go down: as long as a part of the expression alone brings the same error in the
//! whole's place, the part is at fault. With NULL in the faulty piece's place the next error
//! shows. All of this happens only to rules that are refused.

use std::ops::ControlFlow;

use datafusion::common::DataFusionError;
use planc_ir::{Code, Diagnostic, Span, code};
use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    CaseWhen, Expr, ObjectName, Query, Spanned, TableFactor, Value, ValueWithSpan, Visit, VisitMut,
    Visitor, VisitorMut,
};
use sqlparser::tokenizer::Span as SqlSpan;

use super::judge::Judge;
use super::partners;
use super::pieces::{KINDS, without};
use super::place::Places;
use super::{refusal, structure};

/// More faults than these are not looked for in one rule.
const MOST_FAULTS: usize = 20;

/// How often DataFusion is asked at most for one rule.
const MOST_QUESTIONS: usize = 96;

/// How many expressions DataFusion plans at most for the answers, all together: a question about
/// a large rule takes long, so there are fewer of them.
const MOST_WORK: usize = 30_000;

/// How often DataFusion is asked at least, however large the rule.
const LEAST_QUESTIONS: usize = 16;

/// Rules with more expressions than these (long lists of values) are not searched.
const MOST_EXPRESSIONS: usize = 5_000;

/// The diagnostics of a query that DataFusion refuses with `error`; at least one.
pub(crate) fn faults(
    judge: &Judge<'_>,
    query: &Query,
    error: DataFusionError,
    places: &Places<'_>,
) -> Vec<Diagnostic> {
    let size = nodes(query).len().max(1);
    let questions = (MOST_WORK / size).clamp(LEAST_QUESTIONS, MOST_QUESTIONS);
    let mut search = Search { judge, places, query: query.clone(), questions, fillers: 0 };
    let mut found = Vec::new();
    let mut error = error;
    for round in 0..MOST_FAULTS {
        let Some(cause) = error.iter().next().map(refusal::words) else { break };
        let mut diagnostics = refusal::diagnostics(&error, places);
        // What the search itself put out of joint is no fault of the rule. Names were all
        // resolved before, so an unknown one can only be a column that became NULL.
        let own = |d: &Diagnostic| {
            matches!(
                d.code,
                code::UNKNOWN_COLUMN | code::UNKNOWN_QUALIFIER | code::AMBIGUOUS_COLUMN
            )
        };
        let null = cause.contains("NULL") || cause.contains("Null");
        if round > 0 && (null || diagnostics.iter().any(own)) {
            break;
        }
        let Some(removed) = search.remove(&cause) else {
            if round == 0 {
                found.append(&mut diagnostics);
            }
            break;
        };
        // Beside what became NULL, other types are at fault than those of the rule.
        if round > 0 && removed.beside_filler {
            continue_with(judge, &search, &mut error);
            if error.iter().next().map(refusal::words).as_deref() == Some(&cause) {
                break;
            }
            continue;
        }
        diagnostics.truncate(1);
        if let Some(diagnostic) = diagnostics.first_mut() {
            diagnostic.span = better(diagnostic, &removed);
        }
        if round > 0 {
            diagnostics.retain(|diagnostic| diagnostic.span.is_some());
        }
        found.append(&mut diagnostics);
        match judge.plan(&search.query) {
            Ok(_) => break,
            Err(next) => error = next,
        }
    }
    found
}

fn continue_with(judge: &Judge<'_>, search: &Search<'_, '_, '_>, error: &mut DataFusionError) {
    if let Err(next) = judge.plan(&search.query) {
        *error = next;
    }
}

/// What the search took out of the query.
struct Removed {
    /// Where it stood.
    place: Option<Span>,
    /// It was searched for among expressions, and its place is exact.
    exact: bool,
    beside_filler: bool,
}

/// The better of DataFusion's place and the one that the search found. For types DataFusion
/// knows the columns in an expression, and the expression is what is wrong.
fn better(diagnostic: &Diagnostic, removed: &Removed) -> Option<Span> {
    const SEARCHED: [Code; 6] = [
        code::UNKNOWN_TYPE,
        code::BAD_LITERAL,
        code::TYPE_MISMATCH,
        code::SUBQUERY_COLUMNS,
        code::MISPLACED_AGGREGATE,
        code::FUNCTION_ARGUMENTS,
    ];
    match diagnostic.span {
        Some(_) if !SEARCHED.contains(&diagnostic.code) || !removed.exact => diagnostic.span,
        known => removed.place.or(known),
    }
}

struct Search<'s, 'j, 't> {
    judge: &'s Judge<'j>,
    places: &'s Places<'t>,
    /// The query, with NULL for every fault that was found.
    query: Query,
    /// How often DataFusion may still be asked.
    questions: usize,
    fillers: i64,
}

impl Search<'_, '_, '_> {
    /// Takes the cause of an error out of the query and tells where it stood.
    fn remove(&mut self, cause: &str) -> Option<Removed> {
        let nodes = nodes(&self.query);
        if nodes.len() <= MOST_EXPRESSIONS
            && let Some(at) = self.faulty_root(&nodes, cause)
        {
            let at = self.around_subquery(&nodes, at, cause);
            let node = match () {
                () if of_a_condition(cause) => the_condition(&nodes, at),
                () if of_a_subquery(cause) => self.with_subquery(&nodes, at, cause),
                () => self.descend(&nodes, at, cause),
            };
            let place = nodes.get(node).and_then(|node| self.place(&node.expr, cause));
            let beside_filler = beside_filler(&nodes, node);
            let filler = self.filler();
            self.query = replaced(&self.query, node, &filler);
            return Some(Removed { place, exact: true, beside_filler });
        }
        if let Some(place) = self.table_call(cause) {
            return Some(Removed { place: Some(place), exact: false, beside_filler: true });
        }
        let place = self.remove_clause(cause)?;
        Some(Removed { place, exact: false, beside_filler: false })
    }

    /// What a scalar subquery is an operand of, where its value is of the wrong type and nothing in
    /// it is.
    fn around_subquery(&mut self, nodes: &[Node], at: usize, cause: &str) -> usize {
        let above = |at: usize| nodes.get(at).and_then(|node| node.above);
        let root = nodes.get(at).is_some_and(|node| node.root && !node.condition);
        let subquery =
            above(at).filter(|_| root && refusal::by_words(cause) == code::TYPE_MISMATCH);
        let Some((subquery, outer)) = subquery.and_then(|sub| Some((sub, above(sub)?))) else {
            return at;
        };
        let Some(Node { expr: value @ Expr::Subquery(_), .. }) = nodes.get(subquery) else {
            return at;
        };
        let alone = replaced(&self.query, outer, value);
        if self.fails_as(&alone, cause) { at } else { outer }
    }

    /// Where a piece is shown for this cause.
    fn place(&self, expr: &Expr, cause: &str) -> Option<Span> {
        let code = refusal::by_words(cause);
        let whole = self.places.expression(expr);
        match (expr, code) {
            (Expr::Cast { .. }, code::UNKNOWN_TYPE) => self.places.type_of(expr).or(whole),
            (Expr::Interval(_), code::BAD_LITERAL) if cause.contains("_precision") => {
                self.places.type_of(expr).or(whole)
            }
            (Expr::Subquery(query), _) if cause.contains("calar subquery") => {
                self.places.closed(query.span()).or(whole)
            }
            (Expr::Function(call), code::TYPE_MISMATCH) if cause.contains("to Boolean") => {
                let condition = call.filter.as_deref();
                condition.and_then(|condition| self.places.expression(condition)).or(whole)
            }
            // The call is wrong, and not the window around it.
            (Expr::Function(call), code::FUNCTION_ARGUMENTS) if call.over.is_some() => {
                self.places.call(call.name.span()).or(whole)
            }
            (_, code::TYPE_MISMATCH | code::BAD_LITERAL) => {
                let outer = partners::of(&self.query, expr, cause, self.places);
                outer.or(whole)
            }
            _ => whole,
        }
    }

    /// The test of a subquery, or the subquery itself, without which the error goes away.
    fn with_subquery(&mut self, nodes: &[Node], at: usize, cause: &str) -> usize {
        let scalar = cause.contains("calar subquery");
        let tests = |at: &usize| {
            nodes.get(*at).is_some_and(|node| match node.expr {
                Expr::Subquery(_) => scalar,
                Expr::InSubquery { .. } | Expr::AnyOp { .. } | Expr::AllOp { .. } => !scalar,
                _ => false,
            })
        };
        let suspects: Vec<usize> = (0..nodes.len()).rev().filter(tests).collect();
        let found = suspects.into_iter().find(|test| {
            let filler = self.filler();
            !self.fails_as(&replaced(&self.query, *test, &filler), cause)
        });
        found.unwrap_or(at)
    }

    /// The innermost whole expression of a clause without which the error goes away.
    fn faulty_root(&mut self, nodes: &[Node], cause: &str) -> Option<usize> {
        // Of two that clash, the later one is at fault.
        let mut roots: Vec<usize> =
            (0..nodes.len()).rev().filter(|at| nodes.get(*at).is_some_and(|n| n.root)).collect();
        let words: Vec<String> = named_in(cause).collect();
        roots.sort_by_cached_key(|at| {
            let text = nodes.get(*at).map(|node| node.expr.to_string().to_lowercase());
            !text.is_some_and(|text| words.iter().any(|word| text.contains(word)))
        });
        let mut innermost = None;
        loop {
            let inner = roots.iter().copied().find(|root| {
                let inside =
                    innermost.is_none_or(|outer| *root != outer && within(nodes, *root, outer));
                let filler = self.filler();
                inside && !self.fails_as(&replaced(&self.query, *root, &filler), cause)
            });
            match inner {
                Some(root) => innermost = Some(root),
                None => return innermost,
            }
        }
    }

    /// The smallest part of an expression that fails in the same way in its place.
    fn descend(&mut self, nodes: &[Node], from: usize, cause: &str) -> usize {
        let mut at = from;
        loop {
            let parts: Vec<usize> = (0..nodes.len())
                .filter(|part| nodes.get(*part).is_some_and(|n| n.above == Some(at) && !n.root))
                .collect();
            let faulty = parts.into_iter().find(|part| {
                let Some(node) = nodes.get(*part) else { return false };
                !matches!(node.expr, Expr::Identifier(_) | Expr::Value(_))
                    && self.fails_as(&replaced(&self.query, from, &node.expr), cause)
            });
            match faulty {
                Some(part) => at = part,
                None => return self.culprit(nodes, at, cause),
            }
        }
    }

    /// Of an expression that is at fault for what it holds (a window function in a condition,
    /// an aggregate in an aggregate, a cast), the innermost piece of that kind.
    fn culprit(&mut self, nodes: &[Node], whole: usize, cause: &str) -> usize {
        let code = refusal::by_words(cause);
        if code == code::IMPOSSIBLE_CAST
            && let Some(cast) = self.cast(nodes, whole, cause)
        {
            return cast;
        }
        let fits = |node: &Node| match &node.expr {
            Expr::TypedString(_) => code == code::IMPOSSIBLE_CAST,
            Expr::Function(call) if call.over.is_some() => code == code::MISPLACED_WINDOW,
            Expr::Function(_) => code == code::MISPLACED_AGGREGATE,
            _ => false,
        };
        let held = (whole..nodes.len()).rev().filter(|at| within(nodes, *at, whole));
        let suspects: Vec<usize> = held.filter(|at| nodes.get(*at).is_some_and(&fits)).collect();
        let found = suspects.into_iter().find(|at| {
            let filler = self.filler();
            !self.fails_as(&replaced(&self.query, *at, &filler), cause)
        });
        found.unwrap_or(whole)
    }

    /// The call of a table function that does not take its arguments.
    fn table_call(&self, cause: &str) -> Option<Span> {
        struct Calls(Vec<ObjectName>);
        impl Visitor for Calls {
            type Break = ();

            fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
                match factor {
                    TableFactor::Table { name, args: Some(_), .. }
                    | TableFactor::Function { name, .. } => self.0.push(name.clone()),
                    _ => {}
                }
                ControlFlow::Continue(())
            }
        }
        let mut calls = Calls(Vec::new());
        let _ = self.query.visit(&mut calls);
        let named = |name: &&ObjectName| cause.contains(&name.to_string().to_lowercase());
        calls.0.iter().find(named).and_then(|name| self.places.call(name.span()))
    }

    /// The outermost cast in an expression whose operand alone would not fail.
    fn cast(&mut self, nodes: &[Node], whole: usize, cause: &str) -> Option<usize> {
        (whole..nodes.len()).filter(|at| within(nodes, *at, whole)).find(|at| {
            let Some(Expr::Cast { expr: operand, .. }) = nodes.get(*at).map(|node| &node.expr)
            else {
                return false;
            };
            !self.fails_as(&replaced(&self.query, *at, operand), cause)
        })
    }

    /// Where no expression is at fault: a clause without which the error goes away.
    fn remove_clause(&mut self, cause: &str) -> Option<Option<Span>> {
        for kind in KINDS {
            let mut nth = 0;
            while let Some((query, span)) = without(&self.query, kind, nth) {
                if !self.fails_as(&query, cause) {
                    self.query = query;
                    return Some(self.places.closed(span));
                }
                nth += 1;
            }
        }
        None
    }

    fn fails_as(&mut self, query: &Query, cause: &str) -> bool {
        match self.questions.checked_sub(1) {
            Some(left) => self.questions = left,
            None => return true,
        }
        match self.judge.plan(query) {
            Ok(_) => false,
            Err(error) => error.iter().any(|error| {
                refusal::signature(&refusal::words(error)) == refusal::signature(cause)
            }),
        }
    }

    /// An expression that is NULL, and that no other expression has the same text as: two
    /// output columns of one text would be another fault.
    fn filler(&mut self) -> Expr {
        self.fillers += 1;
        let number = || {
            let value = Value::Number(self.fillers.to_string(), false);
            Expr::Value(ValueWithSpan { value, span: SqlSpan::empty() })
        };
        Expr::Case {
            case_token: AttachedToken::empty(),
            end_token: AttachedToken::empty(),
            operand: None,
            conditions: vec![CaseWhen {
                condition: Expr::IsNull(Box::new(number())),
                result: Expr::Value(ValueWithSpan { value: Value::Null, span: SqlSpan::empty() }),
            }],
            else_result: None,
        }
    }
}

/// True for a condition that is no truth value: the whole of it is.
fn of_a_condition(cause: &str) -> bool {
    cause.contains("non-boolean predicate") || cause.contains("condition must be boolean")
}

/// The condition that an expression stands in, or is.
fn the_condition(nodes: &[Node], at: usize) -> usize {
    let above = |at: &usize| nodes.get(*at).and_then(|node| node.above);
    let is_one = |at: &usize| nodes.get(*at).is_some_and(|node| node.condition);
    std::iter::successors(Some(at), above).find(is_one).unwrap_or(at)
}

/// True for an error about a subquery and what it is compared with.
fn of_a_subquery(cause: &str) -> bool {
    ["InSubquery", "SetComparison", "calar subquery"].iter().any(|words| cause.contains(words))
}

/// True where NULL stands directly beside a piece, and not in it.
fn beside_filler(nodes: &[Node], at: usize) -> bool {
    let holds = |at: usize| nodes.get(at).is_some_and(|node| is_filler(&node.expr));
    let above = nodes.get(at).and_then(|node| node.above);
    let inside = (at..nodes.len()).any(|inner| within(nodes, inner, at) && holds(inner));
    let beside = (0..nodes.len()).any(|other| {
        above.is_some() && nodes.get(other).and_then(|n| n.above) == above && holds(other)
    });
    inside || beside
}

fn is_filler(expr: &Expr) -> bool {
    matches!(expr, Expr::Case { operand: None, conditions, else_result: None, case_token, .. }
        if conditions.len() == 1 && case_token.0.span == SqlSpan::empty())
}

/// The words of a message that may name something in the query.
fn named_in(cause: &str) -> impl Iterator<Item = String> + '_ {
    cause
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| word.len() > 2)
        .map(str::to_lowercase)
}

/// An expression of a query, in the order in which walks meet them.
struct Node {
    expr: Expr,
    /// The expression that it is a part of.
    above: Option<usize>,
    /// It stands in a clause itself, not in another expression of the same query.
    root: bool,
    /// It is the condition of a WHERE, HAVING, QUALIFY or ON.
    condition: bool,
}

fn within(nodes: &[Node], inner: usize, outer: usize) -> bool {
    let above = |at: &usize| nodes.get(*at).and_then(|node| node.above);
    std::iter::successors(Some(inner), above).any(|at| at == outer)
}

fn nodes(query: &Query) -> Vec<Node> {
    struct Walk {
        nodes: Vec<Node>,
        open: Vec<usize>,
        starts: Vec<usize>,
        conditions: Vec<*const Expr>,
    }
    impl Visitor for Walk {
        type Break = ();

        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            self.starts.push(self.open.len());
            structure::all_conditions(&query.body, &mut |on| self.conditions.push(on));
            ControlFlow::Continue(())
        }

        fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            self.starts.pop();
            ControlFlow::Continue(())
        }

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            if self.nodes.len() > MOST_EXPRESSIONS {
                return ControlFlow::Break(());
            }
            let root = self.starts.last().is_some_and(|start| *start == self.open.len());
            let above = self.open.last().copied();
            self.open.push(self.nodes.len());
            let condition = root && self.conditions.contains(&std::ptr::from_ref(expr));
            self.nodes.push(Node { expr: expr.clone(), above, root, condition });
            ControlFlow::Continue(())
        }

        fn post_visit_expr(&mut self, _: &Expr) -> ControlFlow<()> {
            self.open.pop();
            ControlFlow::Continue(())
        }
    }
    let (nodes, open, starts, conditions) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut walk = Walk { nodes, open, starts, conditions };
    let _ = query.visit(&mut walk);
    walk.nodes
}

/// The query with another expression in the place of the `nth`.
fn replaced(query: &Query, nth: usize, by: &Expr) -> Query {
    struct Replace<'a> {
        countdown: usize,
        by: &'a Expr,
    }
    impl VisitorMut for Replace<'_> {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            if self.countdown == 0 {
                *expr = self.by.clone();
                return ControlFlow::Break(());
            }
            self.countdown -= 1;
            ControlFlow::Continue(())
        }
    }
    let mut query = query.clone();
    let _ = VisitMut::visit(&mut query, &mut Replace { countdown: nth, by });
    query
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn faults_are_placed_on_the_smallest_piece() {
        check(
            "select status + 1, placed_on * 2, amount from orders",
            r"
                P0301 1:8-1:18 [status + 1] Cannot coerce arithmetic expression Utf8 + Int64 to valid types
                P0301 1:20-1:33 [placed_on * 2] Cannot get result type for temporal operation Date32 * Int64: Invalid argument error: Invalid date arithmetic operation: Date32 * Interval(MonthDayNano)
            ",
        );
        check(
            "select -status from orders",
            "P0301 1:8-1:15 [-status] Unary operator '-' only supports signed numeric, interval and timestamp types; perhaps you need to cast orders.status",
        );
        check(
            "select upper(id, 2), round(), abs('x', 'y') from orders",
            r"
                P0302 1:8-1:20 [upper(id, 2)] Function 'upper' expects 1 arguments but received 2; it takes `upper(String)`
                P0302 1:22-1:29 [round()] 'round' does not support zero arguments; it takes `round(Decimal, Int32)`, `round(Decimal)`, `round(Integer, Int32)`, `round(Integer)`, `round(Float32, Int32)`, `round(Float32)`, …
                P0302 1:31-1:44 [abs('x', 'y')] Function 'abs' expects 1 arguments but received 2; it takes `abs(Numeric(1))`
            ",
        );
        check(
            "select id from orders where sum(amount) > 3 and id > 1",
            "P0305 1:29-1:40 [sum(amount)] an aggregate function cannot stand in WHERE; a condition on groups stands in HAVING",
        );
        check(
            "select id from orders where row_number() over (order by id) = 1",
            "P0306 1:29-1:60 [row_number() over (order by id)] a window function cannot stand in WHERE; put the condition into QUALIFY, or select from a subquery",
        );
        check(
            "select sum(max(amount)) from orders",
            "P0305 1:8-1:24 [sum(max(amount))] an aggregate function cannot take another one's result; compute the inner one in a subquery",
        );
        check(
            "select id, sum(amount) from orders group by status",
            "P0304 1:8-1:10 [id] `id` is neither grouped nor aggregated; add `id` to GROUP BY, or aggregate it: `max(id)`",
        );
        check(
            "select id from orders where amount",
            "P0301 1:29-1:35 [amount] Cannot create filter with non-boolean predicate 'orders.amount' returning Float64",
        );
        check(
            "select id from orders where status and id > 1",
            "P0301 1:29-1:46 [status and id > 1] Cannot infer common argument type for logical boolean operation Utf8 AND Boolean",
        );
        check(
            "select id from orders limit 'x'",
            r"
                P0401 1:23-1:32 [limit 'x'] which rows are kept is not determined; add an ORDER BY whose columns are unique together
                P0312 1:29-1:32 ['x'] Expected LIMIT to be an integer or null, but got Utf8
            ",
        );
        check(
            "select id from orders limit id",
            r"
                P0401 1:23-1:31 [limit id] which rows are kept is not determined; add an ORDER BY whose columns are unique together
                P0312 1:29-1:31 [id] LIMIT and OFFSET take a number, and this depends on rows; write a number or a parameter, or filter by `row_number()`
            ",
        );
        check(
            "select id from orders order by 3",
            "P0210 1:32-1:33 [3] Order by column out of bounds, specified: 3, max: 1",
        );
        check(
            "select id from orders group by 4",
            "P0210 1:32-1:33 [4] Cannot find column with position 4 in SELECT clause. Valid columns: 1 to 1",
        );
        check(
            "select id from orders union select id, name from customers",
            "P0307 1:36-1:44 [id, name] this side has 2 columns, the first one 1; select the same number of columns on all sides",
        );
        check(
            "select placed_on from orders union all select true",
            "P0301 1:8-1:17 [placed_on] Incompatible inputs for Union: Previous inputs were of type Date32, but got incompatible type Boolean on column 'Boolean(true)'",
        );
        check(
            "select cast(placed_on as boolean) from orders",
            "P0303 1:8-1:34 [cast(placed_on as boolean)] Unsupported CAST from Date32 to Boolean",
        );
        check(
            "select placed_on::boolean from orders where (cast(true as date)) > placed_on",
            r"
                P0303 1:8-1:26 [placed_on::boolean] Unsupported CAST from Date32 to Boolean
                P0303 1:46-1:64 [cast(true as date)] Unsupported CAST from Boolean to Date32
            ",
        );
        check(
            "select id from orders where id in (select id, name from customers)",
            "P0308 1:29-1:67 [id in (select id, name from customers)] the subquery stands for one value and selects 2 columns; select the one column that is meant",
        );
        check(
            "select (select id, name from customers) from orders",
            "P0308 1:9-1:39 [select id, name from customers] the subquery stands for one value and selects 2 columns; select the one column that is meant",
        );
        check(
            "select distinct id from orders order by amount",
            "P0309 1:41-1:47 [amount] For SELECT DISTINCT, ORDER BY expressions orders.amount must appear in select list",
        );
        check(
            "select id as a, amount as a from orders",
            r#"P0209 1:27-1:28 [a] Projections require unique expression names but the expression "orders.id AS a" at position 0 and "orders.amount AS a" at position 1 have the same name; consider aliasing ("AS") one of them"#,
        );
        check(
            "select case when id then 1 end from orders",
            "P0408 1:8-1:31 [case when id then 1 end] a value of type Int64 is taken for a condition; compare it with something",
        );
        check(
            "select id between placed_on and true from orders",
            "P0301 1:8-1:37 [id between placed_on and true] Failed to coerce types Int64 and Boolean in BETWEEN expression",
        );
        check(
            "select id like 5 from orders",
            "P0301 1:8-1:17 [id like 5] There isn't a common type to coerce Int64 and Int64 in LIKE expression",
        );
        check(
            "select id from orders having id > 1",
            r"
                P0304 1:8-1:10 [id] `id` is neither grouped nor aggregated; an aggregate makes one row of all: add `GROUP BY id`, or aggregate it
                P0304 1:30-1:32 [id] `id` is neither grouped nor aggregated; an aggregate makes one row of all: add `GROUP BY id`, or aggregate it
            ",
        );
        check(
            "select id from orders qualify id > 1",
            "P0400 1:31-1:37 [id > 1] QUALIFY clause requires window functions in the SELECT list or QUALIFY clause",
        );
        check(
            "with a as (select status + placed_on as x from orders) select upper(1, 2) from a where x in (select 1 + true from customers)",
            r"
                P0301 1:19-1:37 [status + placed_on] Cannot coerce arithmetic expression Utf8 + Date32 to valid types
                P0302 1:63-1:74 [upper(1, 2)] Function 'upper' expects 1 arguments but received 2; it takes `upper(String)`
                P0301 1:101-1:109 [1 + true] Cannot coerce arithmetic expression Int64 + Boolean to valid types
            ",
        );
        check(
            "select t.a from (values (1, 2), (3)) as t(a, b)",
            "P0311 1:18-1:36 [values (1, 2), (3)] the rows of VALUES differ in length: 2 columns in the first, 1 in another; give all rows the same number of values",
        );
        check(
            "select id from orders fetch first 3 rows only",
            r"
                P0401 1:23-1:36 [fetch first 3] which rows are kept is not determined; add an ORDER BY whose columns are unique together
                P0410 1:35-1:36 [3] FETCH clause is not supported yet
            ",
        );
        check(
            "select $nope + $lest from orders",
            r#"
                P0806 1:8-1:13 [$nope] the parameter `$nope` is not declared; declare it in planc.toml: `[params]` and `nope = "int64"`
                P0806 1:16-1:21 [$lest] the parameter `$lest` is not declared; did you mean `$least`?
            "#,
        );
        check(
            "select nth_value(amount) over w from orders",
            r"
                
                P0212 1:31-1:32 [w] there is no window `w` in this SELECT; define it: `WINDOW w AS (…)`
            ",
        );
        check(
            "select id from orders o full join lateral (select 1) x on true",
            "P0410 1:43-1:55 [(select 1) x] LATERAL syntax is not supported for FULL OUTER and RIGHT [OUTER | ANTI | SEMI] joins",
        );
        check("select a.b.c.d.e from orders a", "P0202 1:10-1:11 [b] `a` has no column `b`");
        check(
            "select date_trunc('month', status), date_part('day', placed_on) from orders",
            "P0408 1:8-1:35 [date_trunc('month', status)] `date_trunc` is given a value of type Utf8 and takes one of type Timestamp(ns); cast it yourself, so that it is plain what is meant",
        );
        check(
            "select interval 'x' from orders",
            r#"P0313 1:8-1:20 [interval 'x'] Parser error: Invalid input syntax for type interval: "x""#,
        );
        check(
            "select * from generate_series('a', 2)",
            "P0302 1:31-1:34 ['a'] Argument #1 must be an INTEGER, TIMESTAMP, DATE or NULL, got Utf8",
        );
        check("table orders", "P0101 1:1-1:6 [table] expected an SQL statement, found `table`");
        check(
            "select count(*) filter (where amount) from orders",
            "P0408 1:8-1:38 [count(*) filter (where amount)] a value of type Float64 is taken for a condition; compare it with something",
        );
        check(
            "select array[1, 2][true] from orders",
            "P0302 1:8-1:25 [array[1, 2][true]] Failed to coerce arguments to satisfy a call to 'array_element' function: coercion from List(Int64), Boolean to the signature ArraySignature(array, index) failed; it takes `array_element(array, index)`",
        );
    }
}
