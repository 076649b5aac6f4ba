//! Whether a plan keeps the rules of Substrait: every field reference, emit, anchor, number of
//! inputs and of names. What passes here can be lowered without asking again whether a column
//! is there.

use substrait::proto::expression::RexType;
use substrait::proto::expression::field_reference::{ReferenceType, RootType};
use substrait::proto::expression::reference_segment;
use substrait::proto::join_rel::JoinType;
use substrait::proto::read_rel::ReadType;
use substrait::proto::rel::RelType;
use substrait::proto::{Expression, NamedStruct, Rel, Type, r#type};

use super::decode::Source;
use super::fault::{Path, Result, invalid, unsupported};
use super::walk;

/// How deeply relations and expressions may be nested in each other.
const MAX_DEPTH: usize = 400;
/// The sum of the widths of all relations: a bound for the memory that a plan takes.
const MAX_COST: usize = 1 << 20;
/// How many keys the groupings of one relation may have: they are compared with each other.
const MAX_KEYS: usize = 1_000;

/// Checks a plan. The path says where a fault is.
pub(super) fn validate(source: &mut Source, path: &mut Path) -> Result<()> {
    let mut root = source.root.input.take();
    let mut checker = Checker { source, path, around: Vec::new(), depth: 0, cost: 0 };
    checker.path.enter("root");
    let result = match root.as_mut() {
        None => Err(invalid("it has no relation")),
        Some(rel) => checker.relation(rel).map(|_| ()),
    };
    source.root.input = root;
    result?;
    path.leave();
    Ok(())
}

struct Checker<'a> {
    source: &'a Source,
    path: &'a mut Path,
    /// The widths around the subquery, the innermost last.
    around: Vec<usize>,
    depth: usize,
    cost: usize,
}

impl Checker<'_> {
    fn nested<T>(
        &mut self,
        step: impl Into<String>,
        inner: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        if self.depth >= MAX_DEPTH {
            return Err(invalid(format_args!("it is nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        self.path.enter(step);
        let value = inner(self)?;
        self.path.leave();
        self.depth -= 1;
        Ok(value)
    }

    /// The number of columns that a relation emits.
    fn relation(&mut self, rel: &mut Rel) -> Result<usize> {
        let name = walk::name(rel);
        self.nested(name, |checker| checker.inside(rel))
    }

    fn inside(&mut self, rel: &mut Rel) -> Result<usize> {
        let inputs = walk::inputs(rel);
        let several = inputs.len() > 1;
        let mut widths = Vec::with_capacity(inputs.len());
        for (at, input) in inputs.into_iter().enumerate() {
            let name = walk::name(input);
            let step = if several { format!("{name}[{at}]") } else { name.to_owned() };
            widths.push(self.nested(step, |checker| checker.inside(input))?);
        }
        let inner = self.inner_width(rel, &widths)?;
        let visible = match rel.rel_type {
            // What is computed here is computed before the columns are chosen.
            Some(RelType::Read(ref read)) => read.base_schema.as_ref().map_or(Ok(0), columns)?,
            _ => widths.iter().sum(),
        };
        let kind = walk::name(rel);
        for (at, expr) in walk::expressions(rel).into_iter().enumerate() {
            let step = match kind {
                "filter" | "join" | "read" => "condition".to_owned(),
                _ => format!("expressions[{at}]"),
            };
            self.nested(step, |checker| checker.expression(expr, visible))?;
        }
        let width = self.emitted(rel, inner)?;
        self.cost = self.cost.saturating_add(width + inner);
        if self.cost > MAX_COST {
            return Err(invalid("it is too large a plan"));
        }
        Ok(width)
    }

    /// The number of columns before the emit.
    fn inner_width(&self, rel: &Rel, widths: &[usize]) -> Result<usize> {
        let one = || match widths {
            [width] => Ok(*width),
            _ => Err(invalid("a relation lacks its input")),
        };
        Ok(match rel.rel_type.as_ref() {
            None => return Err(invalid("a relation says nothing")),
            Some(RelType::Read(read)) => {
                let schema = read.base_schema.as_ref();
                let schema = schema.ok_or_else(|| invalid("a read has no schema"))?;
                if read.read_type.is_none() {
                    return Err(invalid("a read reads nothing"));
                }
                if let Some(ReadType::NamedTable(table)) = &read.read_type
                    && table.names.is_empty()
                {
                    return Err(invalid("a table has no name"));
                }
                let all = columns(schema)?;
                match read.projection.as_ref().and_then(|mask| mask.select.as_ref()) {
                    Some(mask) => mask.struct_items.len(),
                    None => all,
                }
            }
            Some(RelType::Filter(filter)) => {
                if filter.condition.is_none() {
                    return Err(invalid("a filter has no condition"));
                }
                one()?
            }
            Some(RelType::Fetch(_) | RelType::Sort(_)) => one()?,
            Some(RelType::Project(project)) => one()? + project.expressions.len(),
            Some(RelType::Aggregate(aggregate)) => {
                one()?;
                #[allow(deprecated, reason = "plans of older producers use them")]
                let old: usize =
                    aggregate.groupings.iter().map(|g| g.grouping_expressions.len()).sum();
                if old > MAX_KEYS {
                    return Err(invalid(format_args!("it groups by more than {MAX_KEYS} keys")));
                }
                let keys = aggregate.grouping_expressions.len();
                let listed = aggregate.groupings.iter().flat_map(|g| &g.expression_references);
                if listed.clone().any(|at| usize::try_from(*at).is_ok_and(|at| at >= keys)) {
                    return Err(invalid("a grouping refers to no grouping expression"));
                }
                if old > 0 && keys > 0 {
                    return Err(invalid("its grouping expressions are given in two ways"));
                }
                let sets = usize::from(aggregate.groupings.len() > 1);
                walk::groupings(aggregate).0.len() + aggregate.measures.len() + sets
            }
            Some(RelType::Join(join)) => {
                let [left, right] = widths else {
                    return Err(invalid("a join lacks an input"));
                };
                match JoinType::try_from(join.r#type) {
                    Ok(
                        JoinType::Inner
                        | JoinType::Outer
                        | JoinType::Left
                        | JoinType::Right
                        | JoinType::LeftSingle
                        | JoinType::RightSingle,
                    ) => left + right,
                    Ok(JoinType::LeftSemi | JoinType::LeftAnti) => *left,
                    Ok(JoinType::RightSemi | JoinType::RightAnti) => *right,
                    Ok(JoinType::LeftMark) => left + 1,
                    Ok(JoinType::RightMark) => right + 1,
                    _ => return Err(invalid("a join has no type")),
                }
            }
            Some(RelType::Cross(_)) => match widths {
                [left, right] => left + right,
                _ => return Err(invalid("a cross join lacks an input")),
            },
            Some(RelType::Set(_)) => match widths {
                [first, rest @ ..] if !rest.is_empty() => {
                    if rest.iter().any(|width| width != first) {
                        return Err(invalid(
                            "the inputs of a set operation have different numbers of columns",
                        ));
                    }
                    *first
                }
                _ => return Err(invalid("a set operation has fewer than two inputs")),
            },
            Some(_) => {
                let kind = walk::name(rel);
                return Err(unsupported(format_args!("planc does not read {kind} relations")));
            }
        })
    }

    fn emitted(&self, rel: &mut Rel, inner: usize) -> Result<usize> {
        let common = walk::emit(rel).and_then(|common| common.as_ref());
        let Some(mapping) = walk::mapping(common) else { return Ok(inner) };
        for at in mapping {
            if usize::try_from(*at).map_or(true, |at| at >= inner) {
                let message = format!("it emits column {at} of {inner}");
                return Err(invalid(message));
            }
        }
        Ok(mapping.len())
    }

    fn expression(&mut self, expr: &mut Expression, width: usize) -> Result<()> {
        match &expr.rex_type {
            None => return Err(invalid("an expression says nothing")),
            Some(RexType::Selection(reference)) => {
                let columns = match &reference.root_type {
                    None | Some(RootType::RootReference(_)) => Some(width),
                    Some(RootType::OuterReference(outer)) => {
                        let steps = usize::try_from(outer.steps_out).unwrap_or(usize::MAX);
                        let at = self.around.len().checked_sub(steps);
                        let around = at.filter(|_| steps > 0).and_then(|at| self.around.get(at));
                        let none = || {
                            invalid(format_args!("there is no query {steps} steps out of this one"))
                        };
                        Some(*around.ok_or_else(none)?)
                    }
                    _ => None,
                };
                if let Some(ReferenceType::DirectReference(segment)) = &reference.reference_type
                    && let Some(reference_segment::ReferenceType::StructField(field)) =
                        &segment.reference_type
                    && let Some(width) = columns
                    && usize::try_from(field.field).map_or(true, |at| at >= width)
                {
                    let at = field.field;
                    return Err(invalid(format_args!("it refers to column {at} of {width}")));
                }
            }
            Some(RexType::ScalarFunction(call)) => self.anchor(call.function_reference)?,
            Some(RexType::WindowFunction(call)) => self.anchor(call.function_reference)?,
            _ => {}
        }
        let (operands, relations) = walk::parts(expr);
        for operand in operands {
            if self.depth >= MAX_DEPTH {
                return Err(invalid(format_args!("it is nested more than {MAX_DEPTH} deep")));
            }
            self.depth += 1;
            self.expression(operand, width)?;
            self.depth -= 1;
        }
        for relation in relations {
            self.around.push(width);
            self.nested("subquery", |checker| checker.relation(relation))?;
            self.around.pop();
        }
        Ok(())
    }

    fn anchor(&self, reference: u32) -> Result<()> {
        match self.source.functions.contains_key(&reference) {
            true => Ok(()),
            false => Err(invalid(format_args!("no function has the anchor {reference}"))),
        }
    }
}

/// The number of columns of a schema, whose names must be as many as its types ask for.
fn columns(schema: &NamedStruct) -> Result<usize> {
    let row = schema.r#struct.as_ref().ok_or_else(|| invalid("a schema has no types"))?;
    // A schema without names is one of a relation that has no columns at all.
    let wanted: usize = row.types.iter().map(names).sum();
    if schema.names.len() != wanted {
        return Err(invalid(format_args!(
            "a schema has {} names and needs {wanted}",
            schema.names.len()
        )));
    }
    Ok(row.types.len())
}

/// How many names a field of this type takes: its own, and those of structs within.
pub(super) fn names(field: &Type) -> usize {
    1 + within(field)
}

fn within(field: &Type) -> usize {
    match &field.kind {
        Some(r#type::Kind::Struct(row)) => row.types.iter().map(names).sum(),
        Some(r#type::Kind::List(list)) => list.r#type.as_deref().map_or(0, within),
        Some(r#type::Kind::Map(map)) => {
            map.key.as_deref().map_or(0, within) + map.value.as_deref().map_or(0, within)
        }
        _ => 0,
    }
}
