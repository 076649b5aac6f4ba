//! P0404: what DataFusion 55 reads and then forgets. The rows are not those that the text
//! asks for.

use datafusion::execution::context::SessionState;
use planc_ir::{Diagnostic, Span, code};
use sqlparser::ast::{
    Cte, DuplicateTreatment, Expr, Function, FunctionArguments, GroupByExpr, LimitClause,
    NamedWindowExpr, OrderBy, OrderByKind, Query, Select, SetExpr, SetOperator, SetQuantifier,
    Spanned, TableFactor, UnaryOperator, Value, WindowSpec, WindowType, With,
};
use sqlparser::keywords::Keyword;

use super::super::lookups::normalized;
use super::super::place::Places;
use super::super::walk::{self, Piece};

pub(super) fn lint(query: &Query, state: &SessionState, places: &Places<'_>) -> Vec<Diagnostic> {
    let mut clauses = Clauses { state, places, found: Vec::new() };
    walk::pieces(query, &mut |piece| match piece {
        Piece::Query(query) => clauses.query(query),
        Piece::Factor(factor) => clauses.table(factor),
        Piece::Expr(Expr::Function(call)) => clauses.call(call),
        Piece::Expr(Expr::Trim { trim_characters: Some(characters), .. }) => {
            clauses.characters(characters);
        }
        Piece::Expr(_) | Piece::End => {}
    });
    clauses.found
}

struct Clauses<'a, 't> {
    state: &'a SessionState,
    places: &'a Places<'t>,
    found: Vec<Diagnostic>,
}

impl Clauses<'_, '_> {
    fn ignored(&mut self, what: &str, span: Option<Span>, help: &str) {
        self.found.push(
            Diagnostic::new(code::IGNORED_CLAUSE, format!("DataFusion ignores {what}"))
                .at(span)
                .help(help),
        );
    }

    fn query(&mut self, query: &Query) {
        if let Some(lock) = query.locks.first() {
            let span = lock.of.as_ref().and_then(|of| self.places.closed(of.span()));
            self.ignored("FOR UPDATE and FOR SHARE", span, "remove the clause");
        }
        if query.settings.is_some() || query.format_clause.is_some() || query.for_clause.is_some() {
            self.ignored("SETTINGS, FORMAT and FOR clauses", None, "remove the clause");
        }
        if let Some(with) = &query.with {
            self.recursive_ctes(with);
        }
        self.counts(&query.body);
        self.bounds(query);
        self.order_by(query.order_by.as_ref());
        walk::selects(&query.body, &mut |select| self.select(select));
    }

    /// A constant other than an ordinal is the same for all rows.
    fn order_by(&mut self, order_by: Option<&OrderBy>) {
        let Some(OrderByKind::Expressions(exprs)) = order_by.map(|by| &by.kind) else { return };
        for by in exprs {
            let constant = match &by.expr {
                Expr::Value(value) => !matches!(value.value, Value::Number(..)),
                Expr::UnaryOp { op: UnaryOperator::Minus, expr } => {
                    matches!(expr.as_ref(), Expr::Value(_))
                }
                _ => false,
            };
            if constant {
                let span = self.places.expression(&by.expr);
                let help = "name a column; a text in double quotes is a name";
                self.ignored("a constant in ORDER BY: it orders nothing", span, help);
            }
        }
    }

    /// Rows are kept as often as they are on the left, or not at all.
    fn counts(&mut self, body: &SetExpr) {
        let SetExpr::SetOperation { op, set_quantifier, left, right } = body else { return };
        self.counts(left);
        self.counts(right);
        let counted = match (op, set_quantifier) {
            (SetOperator::Intersect, SetQuantifier::All | SetQuantifier::AllByName) => "INTERSECT",
            (SetOperator::Except, SetQuantifier::All | SetQuantifier::AllByName) => "EXCEPT",
            _ => return,
        };
        let words = [Keyword::ALL, Keyword::INTERSECT, Keyword::EXCEPT];
        let span = self.places.with_keyword(right.span(), &words);
        let help = "number the equal rows with `row_number() OVER (PARTITION BY …)` on both \
                    sides, and let the numbers be columns of both";
        self.ignored(&format!("how often a row is on the right of {counted} ALL"), span, help);
    }

    /// `LIMIT NULL` and `OFFSET NULL` keep all rows.
    fn bounds(&mut self, query: &Query) {
        let Some(LimitClause::LimitOffset { limit, offset, .. }) = &query.limit_clause else {
            return;
        };
        let offset = offset.as_ref().map(|offset| &offset.value);
        for (bound, word, keyword) in
            [(limit.as_ref(), "LIMIT", Keyword::LIMIT), (offset, "OFFSET", Keyword::OFFSET)]
        {
            if let Some(Expr::Value(value)) = bound
                && value.value == Value::Null
            {
                let span = self.places.with_keyword(value.span, &[keyword]);
                let help = "remove the clause, or write the number that is meant";
                self.ignored(&format!("{word} NULL: all rows are kept"), span, help);
            }
        }
    }

    /// DataFusion plans `OVER (w ORDER BY …)` without the window `w`.
    fn extended_window(&mut self, spec: &WindowSpec) {
        if let Some(name) = &spec.window_name {
            let span = self.places.span(name.span);
            let help = "write out PARTITION BY and ORDER BY of that window here";
            self.ignored(&format!("the window `{}` that is extended here", name.value), span, help);
        }
    }

    /// Of a recursive CTE's query only the two sides of its UNION are planned.
    fn recursive_ctes(&mut self, with: &With) {
        let ctes = with.cte_tables.iter().filter(|_| with.recursive);
        if let Some(first) = with.cte_tables.first().filter(|_| with.recursive)
            && !with.cte_tables.iter().any(is_union)
        {
            let span = self.places.span(first.alias.name.span);
            let help = "write UNION or UNION ALL between the first rows and those of the recursion";
            self.ignored("RECURSIVE: without UNION no CTE reads itself", span, help);
        }
        for cte in ctes.filter(|cte| is_union(cte)) {
            let query = &cte.query;
            let help = "put it into the query that reads the CTE";
            if let Some(limit) = &query.limit_clause {
                let span = self.places.closed(limit.span());
                self.ignored("LIMIT in a recursive CTE", span, help);
            }
            if let Some(order_by) = &query.order_by {
                let span = self.places.closed(order_by.span());
                self.ignored("ORDER BY in a recursive CTE", span, help);
            }
        }
    }

    /// Only the first text behind what is trimmed is read.
    fn characters(&mut self, characters: &[Expr]) {
        if let Some(second) = characters.get(1) {
            let span = self.places.expression(second);
            let help = "one text lists all characters that are cut off";
            self.ignored("all but the first text of characters to trim", span, help);
        }
    }

    fn select(&mut self, select: &Select) {
        let token = select.select_token.0.span;
        if select.projection.is_empty() && !select.from.is_empty() {
            let help = "list the columns, or write SELECT 1 to count rows";
            let span = self.places.span(token);
            self.ignored("that nothing is selected: the rows have no columns", span, help);
        }
        if let Some(comma) = self.places.comma_before_from(select) {
            self.ignored("the comma before FROM", Some(comma), "remove it");
        }
        if let Some(condition) = &select.prewhere {
            let span = self.places.expression(condition);
            self.ignored("PREWHERE", span, "write WHERE");
        }
        if let Some(clause) = select.connect_by.first() {
            let span = self.places.closed(clause.span());
            self.ignored("CONNECT BY and START WITH", span, "write a recursive CTE");
        }
        if select.value_table_mode.is_some() {
            let span = self.places.span(select.select_token.0.span);
            self.ignored("AS STRUCT and AS VALUE", span, "remove it");
        }
        if let Some(exclude) = &select.exclude {
            let span = self.places.closed(exclude.span());
            self.ignored("EXCLUDE behind the SELECT list", span, "write `* EXCLUDE (…)`");
        }
        for definition in &select.named_window {
            if let NamedWindowExpr::WindowSpec(spec) = &definition.1 {
                self.extended_window(spec);
            }
        }
        let modifiers = match &select.group_by {
            GroupByExpr::All(modifiers) | GroupByExpr::Expressions(_, modifiers) => modifiers,
        };
        if let Some(modifier) = modifiers.first() {
            let span = self.places.closed(select.group_by.span());
            let help = "write `GROUP BY ROLLUP (…)`, `CUBE (…)` or `GROUPING SETS (…)`";
            self.ignored(&format!("GROUP BY … {modifier}"), span, help);
        }
    }

    fn table(&mut self, factor: &TableFactor) {
        match factor {
            TableFactor::Table { name, version, sample, with_ordinality, partitions, .. } => {
                let span = self.places.closed(name.span());
                if sample.is_some() {
                    let help = "filter by a hash of the key, for example";
                    self.ignored("TABLESAMPLE: all rows are read", span, help);
                }
                if version.is_some() {
                    let help = "set the version of the source in planc.toml";
                    self.ignored("the table's version: the source's own is read", span, help);
                }
                if !partitions.is_empty() {
                    let help = "filter by the partition's column";
                    self.ignored("PARTITION (…): all partitions are read", span, help);
                }
                if *with_ordinality {
                    self.ignored("WITH ORDINALITY", span, "use `row_number() OVER ()`");
                }
            }
            TableFactor::Derived { subquery, sample: Some(_), .. } => {
                let span = self.places.closed(subquery.span());
                self.ignored("TABLESAMPLE: all rows are read", span, "filter instead");
            }
            _ => {}
        }
    }

    /// A scalar function is planned from its arguments alone.
    fn call(&mut self, call: &Function) {
        let [part] = call.name.0.as_slice() else { return };
        let Some(name) = part.as_ident().map(normalized) else { return };
        if let Some(WindowType::WindowSpec(spec)) = &call.over {
            self.extended_window(spec);
            if spec.window_frame.is_some() && WHOLE_PARTITION.contains(&name.as_str()) {
                let span = self.places.call(call.name.span());
                let help = format!("`{name}` sees the whole partition: remove the frame");
                self.ignored(&format!("the frame of `{name}`"), span, &help);
            }
        }
        if let FunctionArguments::List(list) = &call.args
            && name == "count"
            && list.args.is_empty()
        {
            let span = self.places.call(call.name.span());
            self.ignored("that `count()` counts nothing: it counts rows", span, "write `count(*)`");
        }
        let scalar = self.state.scalar_functions().contains_key(&name);
        if !scalar || self.state.aggregate_functions().contains_key(&name) {
            return;
        }
        let distinct = match &call.args {
            FunctionArguments::List(list) => {
                list.duplicate_treatment == Some(DuplicateTreatment::Distinct)
            }
            _ => false,
        };
        let ignored = [
            (call.over.is_some(), "OVER"),
            (call.filter.is_some(), "FILTER"),
            (distinct, "DISTINCT"),
            (!call.within_group.is_empty(), "WITHIN GROUP"),
        ];
        for (_, clause) in ignored.iter().filter(|(there, _)| *there) {
            let span = self.places.call(call.name.span());
            let help = format!("`{name}` takes single rows: remove the clause");
            self.ignored(&format!("{clause} of a scalar function"), span, &help);
        }
    }
}

fn is_union(cte: &Cte) -> bool {
    matches!(cte.query.body.as_ref(), SetExpr::SetOperation { op: SetOperator::Union, .. })
}

/// Window functions that do not look at their frame.
const WHOLE_PARTITION: [&str; 8] =
    ["row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead"];

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;

    #[test]
    fn fires_and_is_quiet() {
        check(
            "select id from orders tablesample (10 percent)",
            "P0404 1:16-1:22 [orders] DataFusion ignores TABLESAMPLE: all rows are read; filter by a hash of the key, for example",
        );
        check(
            "select upper(status) over () as u, abs(distinct id) as a from orders",
            r"
                P0404 1:8-1:21 [upper(status)] DataFusion ignores OVER of a scalar function; `upper` takes single rows: remove the clause
                P0404 1:36-1:52 [abs(distinct id)] DataFusion ignores DISTINCT of a scalar function; `abs` takes single rows: remove the clause
            ",
        );
        check(
            "select status from orders prewhere id > 1",
            "P0404 1:36-1:42 [id > 1] DataFusion ignores PREWHERE; write WHERE",
        );
        check(
            "select status, count(*) from orders group by status with rollup",
            "P0404 1:46-1:52 [status] DataFusion ignores GROUP BY … WITH ROLLUP; write `GROUP BY ROLLUP (…)`, `CUBE (…)` or `GROUPING SETS (…)`",
        );
        check(
            "select id from orders for update",
            "P0404 - DataFusion ignores FOR UPDATE and FOR SHARE; remove the clause",
        );
        check(
            "with recursive n as (select 1 as i union all select i + 1 from n limit 3) select i from n",
            r"
                P0401 1:66-1:73 [limit 3] which rows are kept is not determined; add an ORDER BY whose columns are unique together
                P0404 1:72-1:73 [3] DataFusion ignores LIMIT in a recursive CTE; put it into the query that reads the CTE
            ",
        );
        check(
            "select id from orders start with id = 1 connect by id = prior customer_id",
            "P0404 1:23-1:40 [start with id = 1] DataFusion ignores CONNECT BY and START WITH; write a recursive CTE",
        );
        check(
            "select id from orders except all select 1 from orders",
            "P0404 1:23-1:54 [except all select 1 from orders] DataFusion ignores how often a row is on the right of EXCEPT ALL; number the equal rows with `row_number() OVER (PARTITION BY …)` on both sides, and let the numbers be columns of both",
        );
        check("select status, count(distinct id) from orders group by rollup (status)", "");
        check("select id from orders intersect select id from orders", "");
    }
}
