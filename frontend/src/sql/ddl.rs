//! Schemas written as `CREATE TABLE` statements.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::common::DataFusionError;
use datafusion::sql::planner::SqlToRel;
use planc_ir::catalog::{Constraints, Reference, table_name};
use planc_ir::{Catalog, Diagnostic, Settings, Table, code, planning_state};
use sqlparser::ast::{
    ColumnDef, ColumnOption, CreateTable, Expr, ForeignKeyConstraint, IndexColumn, Spanned,
    Statement, TableConstraint,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Span as SqlSpan, Token, Tokenizer};

use super::keys::Keys;
use super::lookups::{normalized, table_reference};
use super::parameters::ParameterTypes;
use super::place::Places;
use super::provider::Provider;
use super::refusal::words;
use super::{guard, parse};

/// Reads the tables of a file of `CREATE TABLE` statements, in the file's order.
///
/// Names are normalised as in rules, parts joined by dots. Types are what DataFusion reads
/// them as, brought to logical types; a timestamp with time zone is one of UTC. `NOT NULL`,
/// `PRIMARY KEY`, `UNIQUE` and `REFERENCES` are kept, other options are passed over. A reference
/// that names no columns means the primary key of its table; where that stands in another file,
/// `to` is empty.
///
/// # Errors
/// P0101 for a syntax error (the first one ends the reading), P0801 for a statement of
/// another kind, a type that DataFusion does not have, or a name that is given twice.
pub fn ddl_schema(text: &str) -> Result<Vec<(String, Table)>, Vec<Diagnostic>> {
    guard::protected(|| read(text)).unwrap_or_else(|fault| Err(vec![fault]))
}

fn read(text: &str) -> Result<Vec<(String, Table)>, Vec<Diagnostic>> {
    let places = Places::new(text, None);
    let statements = statements(&places).map_err(|fault| vec![fault])?;
    let state = planning_state(&Settings::default());
    let catalog = Catalog::default();
    let types = Arc::new(ParameterTypes { params: BTreeMap::new() });
    let provider = Provider { catalog: &catalog, state: &state, types, keys: Keys::default() };
    let planner = SqlToRel::new(&provider);
    let mut tables: Vec<(String, Table)> = Vec::new();
    let mut faults = Vec::new();
    for statement in statements {
        let Statement::CreateTable(create) = statement else {
            let message = "a schema file holds CREATE TABLE statements only";
            faults.push(fault(message, statement.span(), &places));
            continue;
        };
        let Some(reference) = table_reference(&create.name) else {
            let message = "a table's name has at most three parts";
            faults.push(fault(message, create.name.span(), &places));
            continue;
        };
        let name = table_name(&reference);
        if create.columns.is_empty() {
            let message = format!("the statement gives no columns for `{name}`");
            faults.push(fault(message, create.name.span(), &places));
        } else if tables.iter().any(|(known, _)| *known == name) {
            let message = format!("`{name}` is created twice");
            faults.push(fault(message, create.name.span(), &places));
        } else {
            match table(&create, &places, |column| {
                Ok(planner.build_schema(vec![column.clone()])?.field(0).clone())
            }) {
                Ok(table) => tables.push((name, table)),
                Err(found) => faults.extend(found),
            }
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    complete_references(&mut tables);
    Ok(tables)
}

/// Gives references without columns the primary key of their table, where it is in the file.
fn complete_references(tables: &mut [(String, Table)]) {
    let keys: BTreeMap<String, Vec<String>> = tables
        .iter()
        .filter_map(|(name, table)| Some((name.clone(), table.constraints.keys.first()?.clone())))
        .collect();
    let open = tables.iter_mut().flat_map(|(_, table)| &mut table.constraints.references);
    for reference in open.filter(|reference| reference.to.is_empty()) {
        if let Some(key) = keys.get(&reference.table)
            && key.len() == reference.columns.len()
        {
            reference.to = key.clone();
        }
    }
}

fn statements(places: &Places<'_>) -> Result<Vec<Statement>, Diagnostic> {
    let tokens = Tokenizer::new(&GenericDialect {}, places.sql())
        .tokenize_with_location()
        .map_err(|error| parse::unreadable(places, &error.message, error.location))?;
    let mut parser = Parser::new(&GenericDialect {})
        .with_recursion_limit(parse::MAX_DEPTH)
        .with_tokens_with_locations(tokens);
    let mut statements = Vec::new();
    loop {
        while parser.consume_token(&Token::SemiColon) {}
        let next = parser.peek_token();
        if next.token == Token::EOF {
            return Ok(statements);
        }
        match parser.parse_statement() {
            Ok(statement) => statements.push(statement),
            Err(error) => {
                let near = parser.peek_token();
                return Err(parse::syntax(places, error, &near));
            }
        }
    }
}

fn table(
    create: &CreateTable,
    places: &Places<'_>,
    field: impl Fn(&ColumnDef) -> Result<Field, DataFusionError>,
) -> Result<Table, Vec<Diagnostic>> {
    let mut constraints = Constraints::default();
    let mut fields = Vec::new();
    let mut faults = Vec::new();
    for column in &create.columns {
        match field(column) {
            Ok(field) => fields.push(field),
            Err(error) => {
                let message = format!("the type of `{}`: {}", column.name.value, words(&error));
                faults.push(fault(message, column.name.span, places));
            }
        }
        let own = || vec![normalized(&column.name)];
        for option in &column.options {
            match &option.option {
                ColumnOption::PrimaryKey(_) => constraints.keys.push(own()),
                ColumnOption::Unique(_) => constraints.unique.push(own()),
                ColumnOption::ForeignKey(foreign) => {
                    constraints.references.extend(reference(own(), foreign));
                }
                _ => {}
            }
        }
    }
    for constraint in &create.constraints {
        match constraint {
            TableConstraint::PrimaryKey(key) => constraints.keys.extend(columns(&key.columns)),
            TableConstraint::Unique(unique) => constraints.unique.extend(columns(&unique.columns)),
            TableConstraint::ForeignKey(foreign) => {
                let own = foreign.columns.iter().map(normalized).collect();
                constraints.references.extend(reference(own, foreign));
            }
            _ => {}
        }
    }
    if constraints.references.iter().any(|r| !r.to.is_empty() && r.to.len() != r.columns.len()) {
        let message = "a foreign key refers to another number of columns than it has";
        faults.push(fault(message, create.name.span(), places));
    }
    let referring = constraints.references.iter().map(|reference| &reference.columns);
    let sets = constraints.keys.iter().chain(&constraints.unique).chain(referring);
    for name in sets.flatten() {
        if !fields.iter().any(|field| field.name() == name) && faults.is_empty() {
            let message = format!("a constraint names the column `{name}`, which is not there");
            faults.push(fault(message, create.name.span(), places));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let in_key = |field: &Field| constraints.keys.iter().flatten().any(|key| key == field.name());
    let fields: Vec<Field> = fields
        .into_iter()
        .map(|field| if in_key(&field) { field.with_nullable(false) } else { field })
        .collect();
    Ok(Table { constraints, ..Table::new(&Schema::new(fields)) })
}

/// The columns of a constraint; `None` where it is over expressions.
fn columns(indexed: &[IndexColumn]) -> Option<Vec<String>> {
    let name = |column: &IndexColumn| match &column.column.expr {
        Expr::Identifier(ident) => Some(normalized(ident)),
        _ => None,
    };
    indexed.iter().map(name).collect()
}

/// A foreign key; `None` where the table's name has too many parts.
fn reference(columns: Vec<String>, foreign: &ForeignKeyConstraint) -> Option<Reference> {
    let table = table_name(&table_reference(&foreign.foreign_table)?);
    Some(Reference {
        columns,
        table,
        to: foreign.referred_columns.iter().map(normalized).collect(),
    })
}

fn fault(message: impl Into<String>, span: SqlSpan, places: &Places<'_>) -> Diagnostic {
    Diagnostic::new(code::CONFIG, message).at(places.closed(span))
}

#[cfg(test)]
mod tests {
    use super::super::testing::rendered;
    use super::*;

    #[test]
    fn types_and_constraints_are_read() {
        let tables = ddl_schema(
            "create table Shop.Orders (id bigint primary key, \"At\" timestamp with time zone,
                 amount decimal(12, 2) not null, note varchar(10), tags text[]);
             -- and another
             create table if not exists lines (a int, b int, c int unique, primary key (a, b));",
        )
        .unwrap();
        let shown: Vec<String> = tables
            .iter()
            .map(|(name, table)| {
                let fields: Vec<String> = table
                    .schema
                    .fields()
                    .iter()
                    .map(|field| {
                        let null = if field.is_nullable() { "" } else { " not null" };
                        format!("{} {}{null}", field.name(), field.data_type())
                    })
                    .collect();
                format!("{name}: {} {:?}", fields.join(", "), table.constraints)
            })
            .collect();
        assert_eq!(
            shown,
            [
                "shop.orders: id Int64 not null, At Timestamp(ns, \"UTC\"), \
                 amount Decimal128(12, 2) not null, note Utf8, tags List(Utf8) \
                 Constraints { keys: [[\"id\"]], unique: [], not_null: [], references: [] }",
                "lines: a Int32 not null, b Int32 not null, c Int32 \
                 Constraints { keys: [[\"a\", \"b\"]], unique: [[\"c\"]], not_null: [], \
                 references: [] }",
            ]
        );
    }

    #[test]
    fn foreign_keys_are_read() {
        let tables = ddl_schema(
            "create table dept (id int primary key, \"Site\" int);
             create table emp (id int primary key, dept_id int references dept,
                 boss int references emp (id), site int,
                 foreign key (dept_id, site) references Dept (id, \"Site\"),
                 foreign key (site) references elsewhere);",
        )
        .unwrap();
        let shown: Vec<String> = tables[1]
            .1
            .constraints
            .references
            .iter()
            .map(|r| format!("{} -> {}({})", r.columns.join(","), r.table, r.to.join(",")))
            .collect();
        assert_eq!(
            shown,
            [
                "dept_id -> dept(id)",
                "boss -> emp(id)",
                "dept_id,site -> dept(id,Site)",
                "site -> elsewhere()"
            ]
        );
        let text = "create table t (a int, foreign key (b) references u (x))";
        let faults = ddl_schema(text).unwrap_err();
        assert!(faults[0].message.contains("names the column `b`"), "{faults:?}");
        let text = "create table t (a int, foreign key (a) references u (x, y))";
        let faults = ddl_schema(text).unwrap_err();
        assert!(faults[0].message.contains("another number of columns"), "{faults:?}");
    }

    #[test]
    fn faults_are_placed() {
        let text = "create table t (a wibble, b int); select 1; create table u (a int);\n\
                    create table u (b int); create table v (a int, primary key (b))";
        let faults = ddl_schema(text).unwrap_err();
        assert_eq!(
            rendered(text, &faults),
            "P0801 1:17-1:18 [a] the type of `a`: Unsupported SQL type wibble\n\
             P0801 1:35-1:43 [select 1] a schema file holds CREATE TABLE statements only\n\
             P0801 2:14-2:15 [u] `u` is created twice\n\
             P0801 2:38-2:39 [v] a constraint names the column `b`, which is not there"
        );
        let text = "create table t (a int";
        assert_eq!(ddl_schema(text).unwrap_err()[0].code, code::SYNTAX);
    }
}
