//! Reads: tables by name, and their columns by name, as the catalog has them.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{Column, TableReference};
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, SubqueryAlias, TableScanBuilder,
};
use planc_ir::{SchemaSource, Table, code, suggest};
use substrait::proto::expression::MaskExpression;
use substrait::proto::read_rel::{ReadType, VirtualTable};
use substrait::proto::{NamedStruct, ReadRel};

use super::{Lowering, cast, column, names_of};
use crate::substrait::fault::{Fault, Result, invalid, unsupported};
use crate::substrait::repair::Repair;

impl Lowering<'_> {
    pub(super) fn read(&mut self, read: &ReadRel) -> Result<LogicalPlan> {
        if read.advanced_extension.as_ref().is_some_and(|a| a.enhancement.is_some()) {
            return Err(unsupported("a read is enhanced by a message that planc does not know"));
        }
        let schema = read.base_schema.as_ref().ok_or_else(|| invalid("a read has no schema"))?;
        let mut plan = match &read.read_type {
            Some(ReadType::NamedTable(table)) => {
                if table.advanced_extension.as_ref().is_some_and(|a| a.enhancement.is_some()) {
                    return Err(unsupported("a table is enhanced by a message"));
                }
                self.table(&table.names, schema)?
            }
            Some(ReadType::VirtualTable(table)) => self.values(table, schema)?,
            Some(_) => {
                let message = "the plan reads files by itself";
                return Err(unsupported(message).help("let it read a source of the project"));
            }
            None => return Err(invalid("a read reads nothing")),
        };
        if let Some(filter) = &read.filter {
            self.repaired(Repair::ReadFilter);
            let condition = self.step("filter", |l| {
                let schema = plan.schema().as_ref().clone();
                l.condition(filter, &schema)
            })?;
            plan = LogicalPlanBuilder::from(plan).filter(condition)?.build()?;
        }
        if let Some(mask) = &read.projection {
            plan = masked(plan, mask)?;
        }
        self.emitted(plan, read.common.as_ref())
    }

    fn table(&mut self, names: &[String], schema: &NamedStruct) -> Result<LogicalPlan> {
        let written = names.join(".");
        let lower = written.to_ascii_lowercase();
        let name = if self.catalog.get(&written).is_some() { written.clone() } else { lower };
        let Some(table) = self.catalog.get(&name).cloned() else {
            let message = format!("there is no table `{written}`");
            let help = suggest::did_you_mean(&written, self.catalog.names());
            let fault = Fault::new(code::UNKNOWN_TABLE, message);
            return Err(match help {
                Some(help) => fault.help(help),
                None => fault,
            });
        };
        if name != written {
            self.repaired(Repair::NameCase);
        }
        let parts: Vec<&str> = name.splitn(3, '.').collect();
        let reference = match parts.as_slice() {
            [schema, table] => TableReference::partial(*schema, *table),
            [catalog, schema, table] => TableReference::full(*catalog, *schema, *table),
            _ => TableReference::bare(name.clone()),
        };
        let source = Arc::new(SchemaSource::of(Arc::clone(&table)));
        let scan = LogicalPlan::TableScan(TableScanBuilder::new(reference, source).build()?);
        let alias = format!("t{}", self.tables);
        self.tables += 1;
        let scan = SubqueryAlias::try_new(Arc::new(scan), TableReference::bare(alias.clone()))?;
        let exprs = self.table_columns(&written, &table, schema, &alias)?;
        Ok(LogicalPlanBuilder::from(LogicalPlan::SubqueryAlias(scan)).project(exprs)?.build()?)
    }

    /// The columns that the plan's schema names, from the table.
    fn table_columns(
        &mut self,
        written: &str,
        table: &Table,
        schema: &NamedStruct,
        alias: &str,
    ) -> Result<Vec<Expr>> {
        let types = schema.r#struct.as_ref().map_or(&[][..], |row| row.types.as_slice());
        let mut names = schema.names.iter();
        let mut exprs = Vec::with_capacity(types.len());
        for encoded in types {
            let name = names.next().ok_or_else(|| invalid("a schema has too few names"))?;
            let mut within = names.clone();
            let (wanted, required) = {
                let (data_type, nullable) = self.named_type(encoded, &mut within)?;
                (data_type, !nullable)
            };
            names = names.as_slice().get(names_of(encoded) - 1..).unwrap_or_default().iter();
            let field = match table.schema.field_with_name(name) {
                Ok(field) => field,
                Err(_) => {
                    let fields = table.schema.fields();
                    let mut alike =
                        fields.iter().filter(|field| field.name().eq_ignore_ascii_case(name));
                    match (alike.next(), alike.next()) {
                        (Some(field), None) => {
                            self.repaired(Repair::NameCase);
                            field
                        }
                        _ => {
                            let known = fields.iter().map(|field| field.name().as_str());
                            let message = format!("the table `{written}` has no column `{name}`");
                            let fault = Fault::new(code::PLAN_TABLE, message);
                            return Err(match suggest::did_you_mean(name, known) {
                                Some(help) => fault.help(help),
                                None => fault,
                            });
                        }
                    }
                }
            };
            let mut expr =
                Expr::Column(Column::new(Some(TableReference::bare(alias)), field.name()));
            match agreement(field.data_type(), &wanted) {
                Agreement::Same => {}
                Agreement::Catalogs => self.repaired(Repair::Nullability),
                Agreement::Wider => {
                    self.repaired(Repair::Nullability);
                    expr = cast(expr, wanted).alias(self.fresh());
                }
                Agreement::None => {
                    let found = field.data_type();
                    let message = format!(
                        "the plan was made for a column `{written}.{name}` of the type {wanted}, \
                         and it is of the type {found}"
                    );
                    return Err(Fault::new(code::PLAN_TABLE, message)
                        .help("make the plan anew from today's schema of the table"));
                }
            }
            if required && field.is_nullable() {
                self.repaired(Repair::Nullability);
            }
            exprs.push(expr);
        }
        Ok(exprs)
    }

    #[allow(deprecated, reason = "plans of older producers use them")]
    fn values(&mut self, table: &VirtualTable, schema: &NamedStruct) -> Result<LogicalPlan> {
        let types = schema.r#struct.as_ref().map_or(&[][..], |row| row.types.as_slice());
        let mut rows: Vec<Vec<Expr>> = Vec::new();
        for row in &table.values {
            let values = row.fields.iter().map(|value| self.literal(value));
            let values = values.map(|value| Ok(Expr::Literal(value?, None)));
            rows.push(values.collect::<Result<_>>()?);
        }
        let none = datafusion::common::DFSchema::empty();
        for row in &table.expressions {
            rows.push(self.expressions(&row.fields, &none)?);
        }
        if types.is_empty() {
            return match rows.as_slice() {
                [] => Ok(LogicalPlanBuilder::empty(false).build()?),
                [row] if row.is_empty() => Ok(LogicalPlanBuilder::empty(true).build()?),
                _ => Err(invalid("a virtual table has rows without columns")),
            };
        }
        let mut typed = Vec::with_capacity(types.len());
        for encoded in types {
            typed.push(self.data_type(encoded)?.0);
        }
        if rows.iter().any(|row| row.len() != typed.len()) {
            return Err(invalid("a row of a virtual table has another number of values"));
        }
        let empty = rows.is_empty();
        if empty {
            let null = |data_type: &DataType| {
                datafusion::common::ScalarValue::try_from(data_type)
                    .map(|value| Expr::Literal(value, None))
            };
            rows.push(typed.iter().map(null).collect::<std::result::Result<_, _>>()?);
        }
        for row in &mut rows {
            for (value, data_type) in row.iter_mut().zip(&typed) {
                *value = cast(value.clone(), data_type.clone());
            }
        }
        let mut builder = LogicalPlanBuilder::values(rows)?;
        if empty {
            builder = builder.filter(datafusion::prelude::lit(false))?;
        }
        let plan = builder.build()?;
        let schema = plan.schema().as_ref().clone();
        let mut exprs = Vec::with_capacity(typed.len());
        for at in 0..typed.len() {
            exprs.push(column(&schema, at)?.alias(self.fresh()));
        }
        Ok(LogicalPlanBuilder::from(plan).project(exprs)?.build()?)
    }
}

/// The columns that a mask keeps.
fn masked(plan: LogicalPlan, mask: &MaskExpression) -> Result<LogicalPlan> {
    let select = mask.select.as_ref().ok_or_else(|| invalid("a mask selects nothing"))?;
    let schema = plan.schema().as_ref().clone();
    let mut exprs = Vec::new();
    for item in &select.struct_items {
        if item.child.is_some() {
            return Err(unsupported("a mask within a struct"));
        }
        let at = usize::try_from(item.field).unwrap_or(usize::MAX);
        exprs.push(column(&schema, at)?);
    }
    Ok(LogicalPlanBuilder::from(plan).project(exprs)?.build()?)
}

/// How the type of a plan's column agrees with the catalog's.
pub(in crate::substrait) enum Agreement {
    Same,
    /// The catalog's type is the same but for what the plan's type cannot say.
    Catalogs,
    /// Every value of the catalog's type is one of the plan's.
    Wider,
    None,
}

pub(in crate::substrait) fn agreement(found: &DataType, wanted: &DataType) -> Agreement {
    use DataType as T;
    let widens = match (found, wanted) {
        _ if found == wanted => return Agreement::Same,
        (T::Timestamp(_, None), T::Timestamp(_, None))
        | (T::Timestamp(_, Some(_)), T::Timestamp(_, Some(_)))
        | (T::Time32(_) | T::Time64(_), T::Time64(TimeUnit::Microsecond))
        | (T::Binary, T::FixedSizeBinary(_))
        | (T::FixedSizeBinary(_), T::Binary) => return Agreement::Catalogs,
        (T::List(a), T::List(b)) => {
            return match agreement(a.data_type(), b.data_type()) {
                Agreement::Same | Agreement::Catalogs => Agreement::Catalogs,
                _ => Agreement::None,
            };
        }
        (T::Struct(a), T::Struct(b)) => {
            let alike = a.len() == b.len()
                && a.iter().zip(b).all(|(a, b)| {
                    a.name().eq_ignore_ascii_case(b.name())
                        && matches!(
                            agreement(a.data_type(), b.data_type()),
                            Agreement::Same | Agreement::Catalogs
                        )
                });
            return if alike { Agreement::Catalogs } else { Agreement::None };
        }
        (T::Map(a, _), T::Map(b, _)) => {
            return match (a.data_type(), b.data_type()) {
                (T::Struct(a), T::Struct(b)) if a.len() == b.len() => {
                    let alike = a.iter().zip(b).all(|(a, b)| {
                        matches!(
                            agreement(a.data_type(), b.data_type()),
                            Agreement::Same | Agreement::Catalogs
                        )
                    });
                    if alike { Agreement::Catalogs } else { Agreement::None }
                }
                _ => Agreement::None,
            };
        }
        (T::Int8, T::Int16 | T::Int32 | T::Int64)
        | (T::Int16, T::Int32 | T::Int64)
        | (T::Int32, T::Int64)
        | (T::UInt8, T::Int16 | T::Int32 | T::Int64)
        | (T::UInt16, T::Int32 | T::Int64)
        | (T::UInt32, T::Int64)
        | (T::Float32, T::Float64) => true,
        (T::Decimal128(p, s), T::Decimal128(p2, s2)) => {
            s <= s2 && i16::from(*p) - i16::from(*s) <= i16::from(*p2) - i16::from(*s2)
        }
        _ => false,
    };
    if widens { Agreement::Wider } else { Agreement::None }
}
