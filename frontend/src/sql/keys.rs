//! Columns that a declared key determines may stand beside a GROUP BY of the key.
//!
//! DataFusion allows that for tables which tell it their keys, and then groups by all of the
//! table's columns. So a query that is refused for its groups is planned again over tables that
//! tell them. Of the columns that this adds to the groups only those stay that the query reads:
//! the others are determined by the key too, and an artifact lists the columns that are used.
//! Behind that the plan says what it groups by, and no table in it tells a key any more.
//!
//! The key's columns are never NULL in the table. Behind an outer join they are NULL only where
//! all columns of the table are, so that they determine the others there as well.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, Constraint, Constraints, Result};
use datafusion::logical_expr::{
    Aggregate, Expr, LogicalPlan, Projection, TableScan, TableScanBuilder, TableSource, TableType,
};
use planc_ir::catalog::table_name;
use planc_ir::{Catalog, SchemaSource, Table};

/// The declared keys that tables tell, by table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys(BTreeMap<String, Vec<Key>>);

#[derive(Debug, Clone)]
struct Key {
    columns: Vec<usize>,
    /// What a plan relies on that relies on it.
    declared: Vec<String>,
}

impl Keys {
    /// The keys of these tables: what is declared a key, and what is unique without NULLs.
    pub(crate) fn declared(catalog: &Catalog, tables: &[String]) -> Keys {
        let tables = tables.iter().filter_map(|name| Some((name, catalog.get(name)?)));
        let keys = tables.map(|(name, table)| (name.clone(), keys_of(name, table)));
        Keys(keys.filter(|(_, keys)| !keys.is_empty()).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True where columns of these names hold a key of a table.
    pub(crate) fn determine(&self, table: &str, schema: &SchemaRef, names: &[String]) -> bool {
        let held =
            |at: &usize| schema.fields().get(*at).is_some_and(|field| names.contains(field.name()));
        self.0.get(table).is_some_and(|keys| keys.iter().any(|key| key.columns.iter().all(held)))
    }

    /// A source of a table that tells its keys; `None` where it has none.
    pub(crate) fn source(&self, name: &str, table: &Table) -> Option<Arc<dyn TableSource>> {
        let keys = self.0.get(name)?;
        let keys = keys.iter().map(|key| Constraint::PrimaryKey(key.columns.clone()));
        let constraints = Constraints::new_unverified(keys.collect());
        Some(Arc::new(KeyedSource { schema: Arc::clone(&table.schema), constraints }))
    }

    /// As few of these keys as a plan needs.
    pub(crate) fn needed(mut self, plans: impl Fn(&Keys) -> bool) -> Keys {
        let tables: Vec<(String, usize)> =
            self.0.iter().map(|(name, keys)| (name.clone(), keys.len())).collect();
        for (name, number) in tables {
            for nth in (0..number).rev() {
                let mut fewer = self.clone();
                if let Some(keys) = fewer.0.get_mut(&name) {
                    keys.remove(nth);
                }
                if plans(&fewer) {
                    self = fewer;
                }
            }
        }
        self
    }

    /// The constraints behind them, as [`planc_ir::Plan::relied_on`] names them.
    pub(crate) fn relied_on(&self) -> BTreeSet<String> {
        self.0.values().flatten().flat_map(|key| key.declared.iter().cloned()).collect()
    }
}

fn keys_of(name: &str, table: &Table) -> Vec<Key> {
    let constraints = &table.constraints;
    let places = |columns: &Vec<String>| -> Option<Vec<usize>> {
        columns.iter().map(|column| table.schema.index_of(column).ok()).collect()
    };
    let keys =
        constraints.keys.iter().filter(|columns| !columns.is_empty()).filter_map(|columns| {
            let declared = vec![format!("{name}: key ({})", columns.join(", "))];
            Some(Key { columns: places(columns)?, declared })
        });
    let unique = constraints.unique.iter().filter(|columns| !columns.is_empty());
    let unique = unique.filter_map(|columns| {
        let mut declared = vec![format!("{name}: unique ({})", columns.join(", "))];
        for column in columns {
            let field = table.schema.field_with_name(column).ok()?;
            if !field.is_nullable() {
                continue;
            }
            if !constraints.not_null.contains(column) {
                return None;
            }
            declared.push(format!("{name}: not_null ({column})"));
        }
        Some(Key { columns: places(columns)?, declared })
    });
    keys.chain(unique).collect()
}

/// A table that tells its keys.
#[derive(Debug)]
struct KeyedSource {
    schema: SchemaRef,
    constraints: Constraints,
}

impl TableSource for KeyedSource {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn constraints(&self) -> Option<&Constraints> {
        Some(&self.constraints)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }
}

/// A plan over tables that told their keys, as it would be with all of its group keys written out.
///
/// # Errors
/// DataFusion's, where its own plan does not hold together.
pub(crate) fn written_out(plan: LogicalPlan, catalog: &Catalog) -> Result<LogicalPlan> {
    let narrowed = plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Projection(projection) => narrowed(projection),
        other => Ok(Transformed::no(other)),
    })?;
    let plain = narrowed.data.transform_up_with_subqueries(|node| match node {
        LogicalPlan::TableScan(scan) => match catalog.get(&table_name(&scan.table_name)) {
            Some(table) if scan.source.downcast_ref::<KeyedSource>().is_some() => {
                let source = Arc::new(SchemaSource::of(Arc::clone(table)));
                let TableScan { table_name, projection, filters, fetch, .. } = scan;
                let scan = TableScanBuilder::new(table_name, source)
                    .with_projection(projection)
                    .with_filters(filters)
                    .with_fetch(fetch)
                    .build()?;
                Ok(Transformed::yes(LogicalPlan::TableScan(scan)))
            }
            _ => Ok(Transformed::no(LogicalPlan::TableScan(scan))),
        },
        other => other.recompute_schema().map(Transformed::yes),
    })?;
    Ok(plain.data)
}

/// The groups below a projection without the columns that a key determines and nothing reads.
fn narrowed(projection: Projection) -> Result<Transformed<LogicalPlan>> {
    let whole = LogicalPlan::Projection(projection);
    let mut above = Vec::new();
    let mut node = &whole;
    let aggregate = loop {
        match node {
            LogicalPlan::Aggregate(aggregate) => break aggregate,
            LogicalPlan::Projection(_) if !above.is_empty() => return Ok(Transformed::no(whole)),
            LogicalPlan::Projection(_)
            | LogicalPlan::Filter(_)
            | LogicalPlan::Window(_)
            | LogicalPlan::Sort(_) => {}
            _ => return Ok(Transformed::no(whole)),
        }
        above.push(node);
        node = match node.inputs().as_slice() {
            [input] => input,
            _ => return Ok(Transformed::no(whole)),
        };
    };
    let exprs: Vec<Expr> = above.iter().flat_map(|node| node.expressions()).collect();
    let Some(read) = columns(&exprs)? else { return Ok(Transformed::no(whole)) };
    let Some(groups) = fewer_groups(aggregate, &read)? else { return Ok(Transformed::no(whole)) };
    let (input, calls) = (Arc::clone(&aggregate.input), aggregate.aggr_expr.clone());
    let mut plan = LogicalPlan::Aggregate(Aggregate::try_new(input, groups, calls)?);
    for node in above.into_iter().rev() {
        plan = node.with_new_exprs(node.expressions(), vec![plan])?;
    }
    Ok(Transformed::yes(plan))
}

/// The columns that expressions name; `None` where a subquery may name more.
fn columns(exprs: &[Expr]) -> Result<Option<HashSet<Column>>> {
    let mut read = HashSet::new();
    let mut plain = true;
    for expr in exprs {
        expr.apply(|part| {
            plain &= !matches!(
                part,
                Expr::ScalarSubquery(_)
                    | Expr::Exists(_)
                    | Expr::InSubquery(_)
                    | Expr::SetComparison(_)
            );
            if let Expr::Column(column) = part {
                read.insert(column.clone());
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
    }
    Ok(plain.then_some(read))
}

fn fewer_groups(aggregate: &Aggregate, read: &HashSet<Column>) -> Result<Option<Vec<Expr>>> {
    let schema = aggregate.input.schema();
    let at = |group: &Expr| match group {
        Expr::Column(column) => schema.maybe_index_of_column(column),
        _ => None,
    };
    let grouped: Vec<usize> = aggregate.group_expr.iter().filter_map(at).collect();
    let (mut keys, mut determined) = (HashSet::new(), HashSet::new());
    // A group of an inner query may have NULL for a key beside the NULLs of an outer join.
    let of_tables = !aggregate
        .input
        .exists(|node| Ok(matches!(node, LogicalPlan::Aggregate(_) | LogicalPlan::Distinct(_))))?;
    for dependence in schema.functional_dependencies().iter() {
        let sources = &dependence.source_indices;
        if sources.iter().all(|source| grouped.contains(source))
            && (of_tables || !dependence.nullable)
        {
            keys.extend(sources.iter().copied());
            determined.extend(dependence.target_indices.iter().copied());
        }
    }
    let stays = |group: &&Expr| match (group, at(group)) {
        (Expr::Column(column), Some(at)) => {
            keys.contains(&at) || !determined.contains(&at) || read.contains(column)
        }
        _ => true,
    };
    let groups: Vec<Expr> = aggregate.group_expr.iter().filter(stays).cloned().collect();
    Ok((groups.len() < aggregate.group_expr.len()).then_some(groups))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use planc_ir::Catalog;

    use super::super::ddl::ddl_schema;
    use super::super::testing::{STATE, rendered};
    use super::super::{Planned, SqlRule, parse, plan};

    fn planned(sql: &str) -> Planned {
        let tables = "
            create table orders (id int primary key, customer int, status varchar, amount int);
            create table lines (id int, line int, qty int, note varchar, primary key (id, line));
            create table labels (code varchar unique, loose varchar, text varchar);
            create table codes (code varchar not null unique, text varchar);";
        let mut catalog = Catalog::default();
        for (name, table) in ddl_schema(tables).unwrap() {
            catalog.insert(name, table);
        }
        let rule = SqlRule { text: sql, dialect: "datafusion", params: &BTreeMap::new() };
        plan(&parse(&rule).unwrap(), &catalog, &STATE)
    }

    fn check(sql: &str, groups: &str, relied_on: &[&str]) {
        let found = planned(sql);
        let plan = found.plan.unwrap_or_else(|| panic!("{}", rendered(sql, &found.diagnostics)));
        let shown = plan.logical.display_indent().to_string();
        assert!(shown.contains(groups), "{sql}\n{shown}");
        assert_eq!(
            plan.relied_on.iter().map(String::as_str).collect::<Vec<_>>(),
            relied_on,
            "{sql}"
        );
    }

    fn refused(sql: &str, expected: &str) {
        assert_eq!(rendered(sql, &planned(sql).diagnostics), expected, "{sql}");
    }

    #[test]
    fn the_columns_of_a_key_stand_beside_it() {
        let key = ["orders: key (id)"];
        check(
            "select id, status, count(*) as n from orders group by id",
            "groupBy=[[orders.id, orders.status]]",
            &key,
        );
        check(
            "select id from orders group by id having amount > 3 order by status",
            "groupBy=[[orders.id, orders.status, orders.amount]]",
            &key,
        );
        check(
            "select o.id, o.status, sum(l.qty) as q from orders o left join lines l on o.id = l.id \
             group by o.id",
            "groupBy=[[o.id, o.status]]",
            &key,
        );
        check(
            "select note, max(qty) as q from lines group by line, id",
            "groupBy=[[lines.line, lines.id, lines.note]]",
            &["lines: key (id, line)"],
        );
        check(
            "select text from codes group by code",
            "groupBy=[[codes.code, codes.text]]",
            &["codes: unique (code)"],
        );
        check("select id, count(*) as n from orders group by id", "groupBy=[[orders.id]]", &[]);
    }

    #[test]
    fn other_columns_do_not() {
        refused(
            "select id, note from lines group by id",
            "P0304 1:12-1:16 [note] `note` is neither grouped nor aggregated; add `note` to GROUP BY, or aggregate it: `max(note)`",
        );
        refused(
            "select text from labels group by code",
            "P0304 1:8-1:12 [text] `text` is neither grouped nor aggregated; add `text` to GROUP BY, or aggregate it: `max(text)`",
        );
        refused(
            "select o.id, o.status, l.note from orders o join lines l on o.id = l.id group by o.id",
            "P0304 1:24-1:30 [l.note] `l.note` is neither grouped nor aggregated; add `l.note` to GROUP BY, or aggregate it: `max(l.note)`",
        );
        refused(
            "select id, status, upper(amount, 1) as u from orders group by id",
            "P0302 1:20-1:36 [upper(amount, 1)] Function 'upper' expects 1 arguments but received 2; it takes `upper(String)`",
        );
    }
}
