//! Relations.

use std::sync::Arc;

use arrow::datatypes::Field;
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, DFSchema, NullHandling, ScalarValue};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    Distinct, DistinctOn, Expr, Limit, LogicalPlan, Projection, RecursiveQuery, TableScan,
    TableType, Unnest, Values, Window,
};
use substrait::proto::fetch_rel::{CountMode, OffsetMode};
use substrait::proto::read_rel::{NamedTable, ReadType, VirtualTable};
use substrait::proto::rel::RelType;
use substrait::proto::rel_common::{Direct, Emit, EmitKind};
use substrait::proto::set_rel::SetOp;
use substrait::proto::r#type::Struct;
use substrait::proto::{
    Expression, ExtensionMultiRel, ExtensionSingleRel, FetchRel, FilterRel, NamedStruct,
    ProjectRel, ReadRel, Rel, RelCommon, SetRel, SortRel, expression,
};

use super::types::{names_in_depth, nullability};
use super::{Encoder, Result, broken, expr, refuse};
use crate::catalog::table_name;
use crate::key::{Scope, filter_columns, is_identity, widened_schema};
use crate::substrait::extension;
use crate::table_function::{CalledTable, called};

impl<'a> Encoder<'a> {
    pub(super) fn relation(&mut self, plan: &'a LogicalPlan) -> Result<Rel> {
        stacker::maybe_grow(128 << 10, 1 << 20, || self.node(plan))
    }

    pub(super) fn boxed_relation(&mut self, plan: &'a LogicalPlan) -> Result<Option<Box<Rel>>> {
        Ok(Some(Box::new(self.relation(plan)?)))
    }

    fn node(&mut self, plan: &'a LogicalPlan) -> Result<Rel> {
        match plan {
            LogicalPlan::SubqueryAlias(alias) => self.relation(&alias.input),
            LogicalPlan::Projection(projection) => self.projection(projection),
            LogicalPlan::Filter(filter) => {
                let input = self.boxed_relation(&filter.input)?;
                let scope = Scope::of(filter.input.schema());
                let condition = self.expression(&filter.predicate, &scope)?;
                Ok(filtered(input, condition))
            }
            LogicalPlan::Window(window) => self.window(window),
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate),
            LogicalPlan::Distinct(Distinct::All(input)) => self.distinct(input),
            LogicalPlan::Distinct(Distinct::On(distinct)) => self.distinct_on(distinct),
            LogicalPlan::Sort(sort) => {
                let input = self.boxed_relation(&sort.input)?;
                let scope = Scope::of(sort.input.schema());
                let sorts = self.sorts(&sort.expr, &scope)?;
                let sorted = rel(RelType::Sort(Box::new(SortRel {
                    common: direct(),
                    input,
                    sorts,
                    advanced_extension: None,
                })));
                Ok(match sort.fetch {
                    Some(fetch) => limited(sorted, fetch),
                    None => sorted,
                })
            }
            LogicalPlan::Limit(limit) => self.limit(limit),
            LogicalPlan::Join(join) => self.join(join),
            LogicalPlan::Union(union) => {
                let inputs = union.inputs.iter().map(|input| self.relation(input));
                Ok(rel(RelType::Set(SetRel {
                    common: direct(),
                    inputs: inputs.collect::<Result<_>>()?,
                    op: SetOp::UnionAll as i32,
                    advanced_extension: None,
                })))
            }
            LogicalPlan::TableScan(scan) => self.scan(scan),
            LogicalPlan::EmptyRelation(empty) => {
                let width = empty.schema.fields().len();
                if empty.produce_one_row && width > 0 {
                    return Err(refuse("an empty relation with one row of several columns"));
                }
                let row = expression::nested::Struct { fields: Vec::new() };
                let rows = if empty.produce_one_row { vec![row] } else { Vec::new() };
                self.table_of(&empty.schema, rows)
            }
            LogicalPlan::Values(Values { schema, values }) => {
                let scope = Scope::none();
                let row = |row: &'a Vec<Expr>| {
                    let fields = self.expressions(row, &scope)?;
                    Ok(expression::nested::Struct { fields })
                };
                let rows = values.iter().map(row).collect::<Result<_>>()?;
                self.table_of(schema, rows)
            }
            LogicalPlan::Subquery(subquery) => {
                let input = self.boxed_relation(&subquery.subquery)?;
                let detail = self.detail(&extension::Lateral {}).detail;
                let single = ExtensionSingleRel { common: direct(), input, detail };
                Ok(rel(RelType::ExtensionSingle(Box::new(single))))
            }
            LogicalPlan::Unnest(unnest) => self.unnest(unnest),
            LogicalPlan::RecursiveQuery(query) => self.recursive(query),
            LogicalPlan::Repartition(_)
            | LogicalPlan::Statement(_)
            | LogicalPlan::Explain(_)
            | LogicalPlan::Analyze(_)
            | LogicalPlan::Extension(_)
            | LogicalPlan::Dml(_)
            | LogicalPlan::Ddl(_)
            | LogicalPlan::Copy(_)
            | LogicalPlan::DescribeTable(_) => {
                Err(refuse(format_args!("the relation {}", plan.display())))
            }
        }
    }

    fn projection(&mut self, projection: &'a Projection) -> Result<Rel> {
        let Projection { expr, input, .. } = projection;
        let below = self.relation(input)?;
        if is_identity(expr, input.schema()) {
            return Ok(below);
        }
        let scope = Scope::of(input.schema());
        let expressions = self.expressions(expr, &scope)?;
        Ok(projected(below, input.schema().fields().len(), expressions))
    }

    /// Input columns, then one column a window function: a `ProjectRel` that emits all.
    fn window(&mut self, window: &'a Window) -> Result<Rel> {
        let input = self.boxed_relation(&window.input)?;
        let scope = Scope::of(window.input.schema());
        Ok(rel(RelType::Project(Box::new(ProjectRel {
            common: direct(),
            input,
            expressions: self.expressions(&window.window_expr, &scope)?,
            advanced_extension: None,
        }))))
    }

    fn limit(&mut self, limit: &'a Limit) -> Result<Rel> {
        let Limit { skip, fetch, input } = limit;
        let scope = Scope::none();
        let given = |bound: &'a Option<Box<Expr>>| {
            bound.as_deref().filter(|expr| !matches!(expr, Expr::Literal(v, _) if v.is_null()))
        };
        let zero = |expr: &&Expr| matches!(expr, Expr::Literal(ScalarValue::Int64(Some(0)), _));
        let skip = given(skip).filter(|expr| !zero(expr));
        let offset = skip.map(|expr| self.expression(expr, &scope)).transpose()?;
        let count = given(fetch).map(|expr| self.expression(expr, &scope)).transpose()?;
        Ok(rel(RelType::Fetch(Box::new(FetchRel {
            common: direct(),
            input: self.boxed_relation(input)?,
            advanced_extension: None,
            offset_mode: offset.map(|expr| OffsetMode::OffsetExpr(Box::new(expr))),
            count_mode: count.map(|expr| CountMode::CountExpr(Box::new(expr))),
        }))))
    }

    fn distinct_on(&mut self, distinct: &'a DistinctOn) -> Result<Rel> {
        let DistinctOn { on_expr, select_expr, sort_expr, input, schema: _ } = distinct;
        let below = self.boxed_relation(input)?;
        let scope = Scope::of(input.schema());
        let detail = extension::DistinctOn {
            on: self.expressions(on_expr, &scope)?,
            select: self.expressions(select_expr, &scope)?,
            sorts: self.sorts(sort_expr.as_deref().unwrap_or_default(), &scope)?,
        };
        let detail = self.detail(&detail).detail;
        let single = ExtensionSingleRel { common: direct(), input: below, detail };
        Ok(rel(RelType::ExtensionSingle(Box::new(single))))
    }

    fn unnest(&mut self, unnest: &'a Unnest) -> Result<Rel> {
        let schema = unnest.input.schema();
        let ordinal =
            |column: &Column| schema.index_of_column(column).map(|at| at as u32).map_err(broken);
        let columns = unnest.exec_columns.iter().map(ordinal).collect::<Result<_>>()?;
        let recursion = |recursion: &datafusion::common::RecursionUnnestOption| {
            Ok(extension::Recursion {
                column: ordinal(&recursion.input_column)?,
                depth: u32::try_from(recursion.depth).map_err(refuse)?,
            })
        };
        let detail = extension::Unnest {
            columns,
            recursions: unnest.options.recursions.iter().map(recursion).collect::<Result<_>>()?,
            null_handling: match unnest.options.null_handling {
                NullHandling::Drop => 0,
                NullHandling::Preserve => 1,
                NullHandling::PreserveAndExpandEmpty => 2,
            },
        };
        let input = self.boxed_relation(&unnest.input)?;
        let detail = self.detail(&detail).detail;
        let single = ExtensionSingleRel { common: direct(), input, detail };
        Ok(rel(RelType::ExtensionSingle(Box::new(single))))
    }

    fn recursive(&mut self, query: &'a RecursiveQuery) -> Result<Rel> {
        let RecursiveQuery { name, static_term, recursive_term, is_distinct, schema: _ } = query;
        let first = self.relation(static_term)?;
        self.recursions.push(name);
        let again = self.relation(recursive_term);
        self.recursions.pop();
        let detail = self.detail(&extension::RecursiveQuery { distinct: *is_distinct }).detail;
        let multi = ExtensionMultiRel { common: direct(), inputs: vec![first, again?], detail };
        Ok(rel(RelType::ExtensionMulti(multi)))
    }

    /// The rows of the round before, of all columns; a projection takes the ones used.
    fn work_table(&mut self, scan: &TableScan, steps: usize) -> Result<Rel> {
        let schema = scan.source.schema();
        let detail = extension::WorkTable { steps: steps as u32, row: Some(self.row(&schema)?) };
        let leaf = rel(RelType::ExtensionLeaf(substrait::proto::ExtensionLeafRel {
            common: direct(),
            ..self.detail(&detail)
        }));
        kept(scan, leaf)
    }

    /// The rows of a call.
    fn table_function(
        &mut self,
        scan: &TableScan,
        provider: &Arc<dyn TableProvider>,
    ) -> Result<Rel> {
        let call = provider.downcast_ref::<CalledTable>();
        let call = call.ok_or_else(|| refuse("a table function without its arguments"))?;
        if !scan.filters.is_empty() || scan.fetch.is_some() {
            return Err(refuse("a filter within the scan of a table function"));
        }
        let scope = Scope::none();
        let arguments = self.detached(|encoder| encoder.expressions(&call.args, &scope))?;
        let function_reference = self.own_function(&call.name);
        let row = Some(self.row(&scan.source.schema())?);
        let detail = extension::TableFunction { function_reference, arguments, row };
        let leaf = rel(RelType::ExtensionLeaf(substrait::proto::ExtensionLeafRel {
            common: direct(),
            ..self.detail(&detail)
        }));
        self.called.calls.push(Arc::clone(provider));
        kept(scan, leaf)
    }

    fn row(&mut self, schema: &arrow::datatypes::Schema) -> Result<Struct> {
        let types = schema
            .fields()
            .iter()
            .map(|field| self.data_type(field.data_type(), field.is_nullable()))
            .collect::<Result<_>>()?;
        Ok(Struct { types, type_variation_reference: 0, nullability: nullability(false) })
    }

    /// A scan is a `ReadRel` of the columns used; its filters and fetch stand above it.
    fn scan(&mut self, scan: &'a TableScan) -> Result<Rel> {
        let name = table_name(&scan.table_name);
        let around = self.recursions.iter().rev().position(|cte| **cte == name);
        if scan.source.table_type() == TableType::Temporary {
            let steps = around.ok_or_else(|| refuse(format_args!("the work table {name}")))?;
            if !scan.filters.is_empty() || scan.fetch.is_some() {
                return Err(refuse("a filter within the scan of a work table"));
            }
            return self.work_table(scan, steps);
        }
        if let Some(provider) = called(scan) {
            return self.table_function(scan, &provider);
        }
        if name.ends_with("()") {
            // The plan does not say with which arguments it was called.
            return Err(refuse(format_args!("the table function {name}")));
        }
        let extra = filter_columns(scan).map_err(broken)?;
        let widened = widened_schema(scan, &extra).map_err(broken)?;
        let base_schema = Some(self.named_struct(&widened)?);
        let names = name.split('.').map(str::to_owned).collect();
        let mut relation = rel(RelType::Read(Box::new(ReadRel {
            common: direct(),
            base_schema,
            read_type: Some(ReadType::NamedTable(NamedTable { names, advanced_extension: None })),
            ..ReadRel::default()
        })));
        if let Some(predicate) = conjunction(scan.filters.iter().cloned()) {
            // The filters see the columns of this scan alone, so an encoder of their own,
            // with nothing around, takes over the declarations.
            let condition =
                self.detached(|encoder| encoder.expression(&predicate, &Scope::of(&widened)))?;
            relation = filtered(Some(Box::new(relation)), condition);
        }
        let width = scan.projected_schema.fields().len();
        if !extra.is_empty() {
            let columns = (0..width).map(expr::column).collect::<Result<_>>()?;
            relation = projected(relation, width + extra.len(), columns);
        }
        Ok(match scan.fetch {
            Some(fetch) => limited(relation, fetch),
            None => relation,
        })
    }

    fn table_of(
        &mut self,
        schema: &DFSchema,
        expressions: Vec<expression::nested::Struct>,
    ) -> Result<Rel> {
        // The names of columns have no meaning here; those within types have.
        let fields = schema.fields().iter().enumerate();
        let fields = fields.map(|(at, field)| {
            let plain =
                Field::new(format!("c{at}"), field.data_type().clone(), field.is_nullable());
            (None, Arc::new(plain))
        });
        let unnamed = DFSchema::new_with_metadata(fields.collect(), Default::default());
        let base_schema = Some(self.named_struct(&unnamed.map_err(broken)?)?);
        let table = VirtualTable { expressions, ..VirtualTable::default() };
        Ok(rel(RelType::Read(Box::new(ReadRel {
            common: direct(),
            base_schema,
            read_type: Some(ReadType::VirtualTable(table)),
            ..ReadRel::default()
        }))))
    }

    fn named_struct(&mut self, schema: &DFSchema) -> Result<NamedStruct> {
        let mut names = Vec::new();
        let mut types = Vec::new();
        for field in schema.fields() {
            names_in_depth(field, &mut names);
            types.push(self.named_type(field)?);
        }
        let row = Struct { types, type_variation_reference: 0, nullability: nullability(false) };
        Ok(NamedStruct { names, r#struct: Some(row) })
    }
}

/// A relation in its message.
pub(super) fn rel(rel_type: RelType) -> Rel {
    Rel { rel_type: Some(rel_type) }
}

/// All columns, in order.
pub(super) fn direct() -> Option<RelCommon> {
    let emit_kind = Some(EmitKind::Direct(Direct {}));
    Some(RelCommon { emit_kind, ..RelCommon::default() })
}

/// A `ProjectRel` that emits its expressions only, and none of the `width` input columns.
pub(super) fn projected(input: Rel, width: usize, expressions: Vec<Expression>) -> Rel {
    let columns = width..width + expressions.len();
    let output_mapping = columns.map(|at| at as i32).collect();
    let emit_kind = Some(EmitKind::Emit(Emit { output_mapping }));
    rel(RelType::Project(Box::new(ProjectRel {
        common: Some(RelCommon { emit_kind, ..RelCommon::default() }),
        input: Some(Box::new(input)),
        expressions,
        advanced_extension: None,
    })))
}

/// The columns that a scan takes of a leaf that gives all of them.
fn kept(scan: &TableScan, leaf: Rel) -> Result<Rel> {
    let width = scan.source.schema().fields().len();
    let kept = scan.projection.as_deref().filter(|kept| !kept.iter().copied().eq(0..width));
    let Some(kept) = kept else { return Ok(leaf) };
    let columns = kept.iter().map(|at| expr::column(*at)).collect::<Result<_>>()?;
    Ok(projected(leaf, width, columns))
}

fn filtered(input: Option<Box<Rel>>, condition: Expression) -> Rel {
    rel(RelType::Filter(Box::new(FilterRel {
        common: direct(),
        input,
        condition: Some(Box::new(condition)),
        advanced_extension: None,
    })))
}

fn limited(input: Rel, fetch: usize) -> Rel {
    let count = expression::Literal {
        literal_type: Some(expression::literal::LiteralType::I64(
            i64::try_from(fetch).unwrap_or(i64::MAX),
        )),
        ..expression::Literal::default()
    };
    let count = Expression { rex_type: Some(expression::RexType::Literal(count)) };
    rel(RelType::Fetch(Box::new(FetchRel {
        common: direct(),
        input: Some(Box::new(input)),
        advanced_extension: None,
        offset_mode: None,
        count_mode: Some(CountMode::CountExpr(Box::new(count))),
    })))
}
