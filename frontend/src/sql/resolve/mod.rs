//! Finds every wrong name of a rule, and goes on after each.
//!
//! DataFusion stops at its first error. The resolver walks the whole syntax tree with scopes
//! and the catalog, and what it cannot judge it passes over in silence: DataFusion's planner
//! comes next and has the last word. **Invariant: the resolver reports no error on a query
//! that DataFusion plans.** A table that is unknown, or a query with a fault, is taken to
//! have any column, so that one slip is reported once.

mod expr;
mod from;
mod functions;
mod joins;
mod names;
mod ordinals;
mod query;
mod scope;
mod shape;

use std::collections::BTreeMap;

use datafusion::execution::context::SessionState;
use planc_ir::{Catalog, Code, Diagnostic, Span};
use sqlparser::ast::Query;
use sqlparser::tokenizer::Span as SqlSpan;

use super::mend::Missing;
use super::place::Places;
use functions::Functions;
use scope::{Columns, Scope};

/// Reports on one rule end here: a file with more faults is no rule.
const MOST: usize = 100;

/// What the resolver makes of a query.
pub(crate) struct Resolution {
    /// Wrong names, and warnings that need scopes.
    pub(crate) found: Vec<Diagnostic>,
    /// Numbers of columns that do not fit; they count where DataFusion refuses the query.
    pub(crate) shape: Vec<Diagnostic>,
    /// The wrong names themselves.
    pub(crate) missing: Missing,
}

/// Resolves the names of a query.
pub(crate) fn resolve(
    query: &Query,
    catalog: &Catalog,
    state: &SessionState,
    places: &Places<'_>,
) -> Resolution {
    let mut resolver = Resolver {
        catalog,
        functions: Functions::new(state),
        places,
        ctes: Vec::new(),
        scopes: Vec::new(),
        depth: 0,
        found: Vec::new(),
        reported: BTreeMap::new(),
        shape: Vec::new(),
        missing: Missing::default(),
    };
    resolver.query(query);
    Resolution { found: resolver.found, shape: resolver.shape, missing: resolver.missing }
}

struct Resolver<'a, 't> {
    catalog: &'a Catalog,
    functions: Functions<'a>,
    places: &'a Places<'t>,
    /// The CTEs that are visible, the nearest last.
    ctes: Vec<(String, Columns)>,
    /// The scopes that an expression sees, the nearest last.
    scopes: Vec<Scope>,
    /// How many queries deep the walk is; 1 in the query that gives the rule's output.
    depth: usize,
    found: Vec<Diagnostic>,
    /// What was reported already, and where in `found` it stands.
    reported: BTreeMap<(Code, String), usize>,
    shape: Vec<Diagnostic>,
    missing: Missing,
}

impl Resolver<'_, '_> {
    /// Reports a fault at a place. The same name missed again in the same way is one fault
    /// with several places.
    fn report(&mut self, key: &str, span: SqlSpan, diagnostic: Diagnostic) {
        if diagnostic.is_error() {
            self.missing.places.push(span);
        }
        let place = self.places.span(span);
        let diagnostic = self.with_fix(place, diagnostic);
        self.report_at(key, place, diagnostic);
    }

    /// The only near name is written for the wrong one by `--fix`.
    fn with_fix(&self, name: Option<Span>, diagnostic: Diagnostic) -> Diagnostic {
        let help = diagnostic.help.as_deref().unwrap_or_default();
        let near = help.strip_prefix("did you mean `").and_then(|rest| rest.strip_suffix("`?"));
        match (name.filter(|_| self.places.is_original()), near) {
            (Some(name), Some(near)) if !near.contains('`') => {
                let written = near.split('.').map(names::quoted).collect::<Vec<_>>().join(".");
                diagnostic.fix(name, written)
            }
            _ => diagnostic,
        }
    }

    fn report_at(&mut self, key: &str, span: Option<Span>, diagnostic: Diagnostic) {
        let key = (diagnostic.code, key.to_owned());
        let earlier = self.reported.get(&key).and_then(|at| self.found.get_mut(*at));
        if let Some(earlier) = earlier
            && earlier.message == diagnostic.message
            && earlier.help == diagnostic.help
        {
            let (Some(mut other), Some(first)) = (span, earlier.span) else { return };
            if other < first {
                earlier.span = Some(other);
                other = first;
            }
            earlier.fixes.extend(
                diagnostic
                    .fixes
                    .iter()
                    .filter(|fix| !earlier.fixes.contains(fix))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
            let place = (other, "here as well".to_owned());
            if Some(other) != earlier.span && !earlier.related.contains(&place) {
                earlier.related.push(place);
            }
            return;
        }
        if self.found.len() < MOST {
            self.reported.insert(key, self.found.len());
            self.found.push(diagnostic.at(span));
        }
    }
}

#[cfg(test)]
mod tests {
    use planc_ir::Diagnostic;

    use super::super::testing::{check, planned, rendered};

    #[test]
    fn every_wrong_name_is_reported() {
        check(
            "select amout, o.idd, x.id from orders o join customer c on o.custmer_id = c.id where upperr(status) = 'x'",
            r"
                P0202 1:17-1:20 [idd] `o` has no column `idd`; did you mean `id`?
                P0203 1:22-1:23 [x] no table in scope is called `x`; in scope: `o` and `c`
                P0201 1:46-1:54 [customer] there is no table, rule or CTE `customer`; did you mean `customers`?
                P0202 1:62-1:72 [custmer_id] `o` has no column `custmer_id`; did you mean `customer_id`?
                P0204 1:86-1:100 [upperr(status)] there is no function `upperr`; did you mean `upper`?
            ",
        );
        check(
            "select amount from ordrs where nothing = 1 and also.nothing = 2",
            r"
                P0201 1:20-1:25 [ordrs] there is no table, rule or CTE `ordrs`; did you mean `orders`?
                P0203 1:48-1:52 [also] no table in scope is called `also`; in scope: `ordrs`
            ",
        );
        check(
            "select Amount, \"Amount\", \"amount\" from orders",
            r#"
                P0202 1:16-1:24 ["Amount"] no table in scope has a column `Amount`; the column is `amount`: a quoted name keeps its case, so write `amount`
                P0209 1:26-1:34 ["amount"] two columns of the output are called `amount`; give one another name: `… AS other`
            "#,
        );
        check(
            "select mixed, \"Mixed\", s.mixed from nested.shapes s",
            r#"
                P0202 1:8-1:13 [mixed] no table in scope has a column `mixed`; the column is `Mixed`: only double quotes keep its case, `"Mixed"`
                P0209 1:24-1:31 [s.mixed] two columns of the output are called `mixed`; give one another name: `… AS other`
                P0202 1:26-1:31 [mixed] `s` has no column `mixed`; the column is `Mixed`: only double quotes keep its case, `"Mixed"`
            "#,
        );
        check(
            "select id from orders, customers",
            r"
                P0205 1:8-1:10 [id] `id` is a column of `orders` and `customers`; write `orders.id` or `customers.id`
                P0405 1:24-1:33 [customers] no condition connects `customers` with the tables before it; join it with ON, or write CROSS JOIN if every pair is meant
            ",
        );
        check(
            "select o.id from orders o, customers o",
            r"
                P0206 1:38-1:39 [o] two tables of this FROM are called `o`; give each an alias of its own: `… AS a`
                P0405 1:38-1:39 [o] no condition connects `o` with the tables before it; join it with ON, or write CROSS JOIN if every pair is meant
            ",
        );
        check(
            "select * from orders o join customers c using (idd)",
            r"
                P0407 1:8-1:9 [*] the output is whatever columns the source has; list the columns
                P0202 1:48-1:51 [idd] the left side of the join has no column `idd`; did you mean `id`?
            ",
        );
        check(
            "select x.* from orders o",
            "P0203 1:8-1:9 [x] no table in scope is called `x`; in scope: `o`",
        );
        check(
            "select orders.id from orders o",
            "P0203 1:8-1:14 [orders] no table in scope is called `orders`; the table `orders` is not in this FROM under its own name; in scope: `o`",
        );
        check(
            "select amount as a from orders where a > 1",
            "P0202 1:38-1:39 [a] no table in scope has a column `a`; `a` is an alias of this SELECT, and this clause is evaluated before it: repeat the expression, or select from a subquery",
        );
        check(
            "select status from orders where status = \"open\"",
            r#"P0202 1:42-1:48 ["open"] no table in scope has a column `open`; a string stands in single quotes: `'open'`"#,
        );
        check(
            "select row_number() from orders",
            "P0204 1:8-1:20 [row_number()] there is no function `row_number` for single rows; it is a window function: `row_number(…) OVER (…)`",
        );
        check("select generate_series(1, 2), ifnull(amount, 0) from orders", "");
        check(
            "select * from genrate_series(1, 2)",
            "P0204 1:15-1:35 [genrate_series(1, 2)] there is no table function `genrate_series`; did you mean `generate_series`?",
        );
        check(
            "select * from shapes",
            "P0201 1:15-1:21 [shapes] there is no table, rule or CTE `shapes`; did you mean `nested.shapes`?",
        );
        check(
            "select orders from orders",
            "P0202 1:8-1:14 [orders] no table in scope has a column `orders`; `orders` is a table here: name one of its columns",
        );
        check(
            "with a as (select 1 as x), a as (select 2 as y) select x from a",
            r"
                P0206 1:28-1:29 [a] two CTEs are called `a`; rename one: an inner CTE cannot hide an outer one
                P0202 1:56-1:57 [x] no table in scope has a column `x`
            ",
        );
        check(
            "select upper(status) over () from orders",
            "P0404 1:8-1:21 [upper(status)] DataFusion ignores OVER of a scalar function; `upper` takes single rows: remove the clause",
        );
        check("values (id)", "P0202 1:9-1:11 [id] no table in scope has a column `id`");
    }

    #[test]
    fn one_slip_is_reported_once() {
        check(
            "with a as (select amout, id from orders), b as (select amount + 1 as c from a) select c from b where c > 1 order by c",
            "P0202 1:19-1:24 [amout] no table in scope has a column `amout`; did you mean `amount`?",
        );
        check(
            "select o.amout, o.amout + 1 from orders o where o.amout > 1",
            "P0202 1:10-1:15 [amout] `o` has no column `amout`; did you mean `amount`?",
        );
        check(
            "select a, b, c from nowhere n where n.x = 1 and exists (select 1 from orders where id = n.y)",
            "P0201 1:21-1:28 [nowhere] there is no table, rule or CTE `nowhere`",
        );
    }

    #[test]
    fn what_datafusion_plans_is_right() {
        let rejected: Vec<String> = [
            "select status as s, sum(amount) as total from orders group by s having total > 1 order by total, s",
            "select o.id from orders o where exists (select 1 from customers c where c.id = o.customer_id and amount > 1)",
            "select * from orders join customers using (id) order by id",
            "select id from orders natural join customers",
            "select s.at.x, at['y'], s.at from nested.shapes s where s.id is null or s.at.x > 1",
            "select shapes.at.x, nested.shapes.id from nested.shapes",
            "select t.n from unnest([1, 2]) as t(n)",
            "select value from generate_series(1, 3)",
            "select g.value from generate_series(1, 3) as g",
            "select * exclude (id) from orders",
            "select * except (id) from orders",
            "select * replace (amount * 2 as amount) from orders",
            "with recursive n as (select 1 as i union all select i + 1 from n where i < 3) select i from n",
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3) select n.i from n",
            "select a.b from (values (1, 2)) as a(b, c)",
            "select column1 from (values (1, 2))",
            "select x from (select id as x from orders union all select id from customers) order by x",
            "select id from orders union select id from customers order by id",
            "select id, row_number() over w as r from orders window w as (partition by status order by amount) qualify r = 1",
            "select distinct on (status) status as st, id from orders order by status, id desc",
            "select c.id, o.m from customers c, lateral (select max(amount) as m from orders o where o.customer_id = c.id) o",
            "select c.id, o.m from customers c left join lateral (select max(amount) as m from orders o where o.customer_id = c.id) o on true",
            "select \"sum(orders.amount)\" from (select sum(amount) from orders)",
            "select q.\"sum(orders.amount)\" from (select sum(amount) from orders) q",
            "select t.id from (select id from orders t)",
            "select orders.id from (select id from orders)",
            "select id, (select count(*) from customers) as n, current_date, count(*) over () from orders",
            "select o.id from orders o left semi join customers c on o.id = c.id where id > 1",
            "select id from orders left anti join customers on orders.id = customers.id",
            "select c1, c2 from (select id as c1, upper(status) as c2 from orders) as t",
            "select u from (select unnest(tags) as u from nested.shapes)",
            "select a.id from orders a, orders b, customers c where a.id = b.id",
            "from orders select id",
            "from orders",
            "select amount from orders order by customer_id, 1",
            "select status, count(*) from orders group by status having count(*) > 1 order by count(*)",
            "select case when id > $least then $least else amount end from orders where placed_on >= $since",
            "select * from (orders join customers using (id)) j where j.name = 'x'",
            "select unnest(at) from nested.shapes",
            "select id from orders |> where id > 1 |> select id as x |> order by x",
            "select o.id as id, c.id as id2 from orders o join customers c on c.id = o.id group by o.id, c.id order by id",
            "select named_struct('a', id) as s from orders",
            "select s.a from (select named_struct('a', id) as s from orders)",
            "select {a: id} as s from orders",
            "select approx_percentile_cont(amount, 0.5), first_value(id order by amount) from orders",
            "select \"t\".\"ID\" from (select id as \"ID\" from orders) as \"t\"",
        ]
        .into_iter()
        .map(|sql| (sql, planned(sql).diagnostics))
        .filter(|(_, diagnostics)| diagnostics.iter().any(Diagnostic::is_error))
        .map(|(sql, diagnostics)| format!("{sql}\n    {}", rendered(sql, &diagnostics)))
        .collect();
        assert!(rejected.is_empty(), "{}", rejected.join("\n"));
    }
}
