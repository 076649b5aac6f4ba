//! Joins of ibis-substrait.
//!
//! Ibis chains joins, and says which columns the chain has in the end. The plan has only the
//! joins. Relations directly above number the columns of all tables through, those of the
//! right sides of semi joins too; relations further up number the columns that Ibis has. So
//! here every chain gets the columns that Ibis gives it, where these can be known: by a
//! projection directly above, or by the names that Ibis's rule gives them.

use std::collections::BTreeSet;

use planc_ir::code;
use substrait::proto::expression::RexType;
use substrait::proto::expression::field_reference::ReferenceType;
use substrait::proto::expression::reference_segment;
use substrait::proto::expression::subquery::SubqueryType;
use substrait::proto::function_argument::ArgType;
use substrait::proto::join_rel::JoinType;
use substrait::proto::rel::RelType;
use substrait::proto::{Expression, Rel};

use super::Repair;
use crate::substrait::Fact;
use crate::substrait::decode::Source;
use crate::substrait::fault::{Fault, Path, Result, invalid};
use crate::substrait::walk;

/// The most columns of a table in a join: names are compared with each other.
const WIDEST: usize = 4_000;

pub(super) fn repair(source: &mut Source, facts: &[Fact], path: &mut Path) -> Result<Vec<Repair>> {
    let Some(mut root) = source.root.input.take() else { return Ok(Vec::new()) };
    let names = std::mem::take(&mut source.root.names);
    let mut joins = Joins { source, facts, path, made: BTreeSet::new(), depth: 0 };
    let result = joins.root(&mut root, &names);
    let made = joins.made.into_iter().collect();
    source.root.input = Some(root);
    source.root.names = names;
    result.map(|()| made)
}

/// What is known of a relation.
struct Known {
    /// How many columns it has.
    width: usize,
    /// The chain of joins that it ends, or that is below filters, sorts and limits.
    chain: Option<Chain>,
}

/// A chain of joins.
#[derive(Clone)]
struct Chain {
    /// For each column as the producer counts them, the column of the plan.
    counted: Vec<Option<usize>>,
    /// Whether nothing stands between the chain and the relation that asks.
    direct: bool,
}

struct Joins<'a> {
    source: &'a Source,
    facts: &'a [Fact],
    path: &'a mut Path,
    made: BTreeSet<Repair>,
    depth: usize,
}

impl Joins<'_> {
    fn root(&mut self, rel: &mut Rel, names: &[String]) -> Result<()> {
        self.path.enter("root");
        let known = self.relation(rel)?;
        if known.chain.is_some() {
            // The names say nothing: a selection may give one column the name of another.
            return Err(lost_columns("the output of a join"));
        } else if names.len() < known.width {
            return Err(invalid(format_args!(
                "the root has {} names for {} columns",
                names.len(),
                known.width
            )));
        }
        self.path.leave();
        Ok(())
    }

    fn relation(&mut self, rel: &mut Rel) -> Result<Known> {
        if self.depth > 200 {
            return Err(invalid("it is nested too deeply"));
        }
        self.depth += 1;
        self.path.enter(walk::name(rel));
        let known = self.inside(rel)?;
        self.path.leave();
        self.depth -= 1;
        Ok(known)
    }

    fn inside(&mut self, rel: &mut Rel) -> Result<Known> {
        self.subqueries(rel)?;
        match rel.rel_type.as_ref() {
            Some(RelType::Read(read)) => {
                let schema = read.base_schema.as_ref();
                let row = schema.and_then(|schema| schema.r#struct.as_ref());
                let width = row.map_or(0, |row| row.types.len());
                if width > WIDEST {
                    return Err(invalid(format_args!("a table has more than {WIDEST} columns")));
                }
                Ok(Known { width, chain: None })
            }
            Some(RelType::Join(_)) => self.join(rel),
            Some(RelType::Filter(_) | RelType::Sort(_) | RelType::Fetch(_)) => {
                let mut below = self.input(rel)?;
                if let Some(chain) = below.chain.take() {
                    if chain.direct {
                        self.recount(rel, &chain)?;
                        below.chain = Some(Chain { direct: false, ..chain });
                    } else if walk::expressions(rel).is_empty() {
                        below.chain = Some(chain);
                    } else {
                        return Err(lost_columns("what is computed from a join"));
                    }
                }
                Ok(below)
            }
            Some(RelType::Project(project)) => {
                let count = project.expressions.len();
                let mapping = walk::mapping(project.common.as_ref()).map(<[i32]>::to_vec);
                let mut below = self.input(rel)?;
                let start = mapping.as_ref().and_then(|mapping| mapping.first()).copied();
                if let Some(chain) = below.chain.take() {
                    if chain.direct {
                        self.recount(rel, &chain)?;
                    } else {
                        return Err(lost_columns("what is computed from a join"));
                    }
                }
                let start = start.unwrap_or(0);
                let counted = mapping.is_none_or(|mapping| {
                    mapping.len() == count
                        && mapping.iter().zip(start..).all(|(found, wanted)| *found == wanted)
                });
                if !counted {
                    return Err(invalid("a projection emits other columns than its own"));
                }
                let width = below.width;
                if usize::try_from(start).ok() != Some(width) {
                    self.made.insert(Repair::ProjectEmit);
                }
                walk::set_emit(rel, width..width + count);
                Ok(Known { width: count, chain: None })
            }
            Some(RelType::Aggregate(aggregate)) => {
                #[allow(deprecated, reason = "this producer uses them")]
                let keys: usize =
                    aggregate.groupings.iter().map(|g| g.grouping_expressions.len()).sum();
                let width = keys + aggregate.measures.len();
                let mut below = self.input(rel)?;
                if let Some(chain) = below.chain.take() {
                    if chain.direct {
                        self.recount(rel, &chain)?;
                    } else {
                        return Err(lost_columns("what is computed from a join"));
                    }
                }
                Ok(Known { width, chain: None })
            }
            Some(RelType::Set(_)) => {
                let mut first = None;
                for input in walk::inputs(rel) {
                    let known = self.settled(input)?;
                    first.get_or_insert(known);
                }
                let first = first.ok_or_else(|| invalid("a set operation has no inputs"))?;
                Ok(Known { chain: None, ..first })
            }
            _ => Err(invalid("ibis-substrait writes no such relation")),
        }
    }

    fn input(&mut self, rel: &mut Rel) -> Result<Known> {
        let mut inputs = walk::inputs(rel);
        let input = inputs.first_mut().ok_or_else(|| invalid("a relation lacks its input"))?;
        self.relation(input)
    }

    /// Relations in subqueries are plans of their own.
    fn subqueries(&mut self, rel: &mut Rel) -> Result<()> {
        let mut open: Vec<&mut Expression> = walk::expressions(rel);
        while let Some(expr) = open.pop() {
            let exists = matches!(
                &expr.rex_type,
                Some(RexType::Subquery(subquery))
                    if matches!(subquery.subquery_type, Some(SubqueryType::SetPredicate(_)))
            );
            let known_free = self.facts.contains(&Fact::Uncorrelated);
            if exists && !known_free {
                return Err(lost_correlation());
            }
            let (operands, relations) = walk::parts(expr);
            for relation in relations {
                self.path.enter("subquery");
                self.settled(relation)?;
                if !known_free {
                    self.correlated(relation)?;
                }
                self.path.leave();
            }
            open.extend(operands);
        }
        Ok(())
    }

    /// In a subquery that does not say what it refers to around it, a condition on two columns
    /// may compare a column of the subquery with one around it.
    fn correlated(&self, rel: &mut Rel) -> Result<()> {
        if matches!(rel.rel_type, Some(RelType::Filter(_))) {
            for condition in walk::expressions(rel) {
                self.of_one_column(condition)?;
            }
        }
        walk::inputs(rel).into_iter().try_for_each(|input| self.correlated(input))
    }

    fn of_one_column(&self, condition: &Expression) -> Result<()> {
        // An OR or NOT of conditions is one condition: it may be that of an EXISTS around it.
        if let Some(RexType::ScalarFunction(call)) = &condition.rex_type
            && self.is_called(call.function_reference, "and")
        {
            return call.arguments.iter().try_for_each(|argument| match &argument.arg_type {
                Some(ArgType::Value(value)) => self.of_one_column(value),
                _ => Ok(()),
            });
        }
        let mut fields = Vec::new();
        collect(condition, &mut fields);
        if fields.len() > 1 { Err(lost_correlation()) } else { Ok(()) }
    }

    /// A relation of which everything above counts the columns that Ibis has.
    fn settled(&mut self, rel: &mut Rel) -> Result<Known> {
        let known = self.relation(rel)?;
        match &known.chain {
            None => Ok(known),
            // Nothing in the plan says which columns were chosen.
            Some(_) => Err(lost_columns("what is computed from a join")),
        }
    }

    /// Points the references of a relation directly above a chain at the columns of the plan.
    fn recount(&mut self, rel: &mut Rel, chain: &Chain) -> Result<()> {
        for expr in walk::expressions(rel) {
            self.recount_expression(expr, &chain.counted)?;
        }
        Ok(())
    }

    fn recount_expression(
        &mut self,
        expr: &mut Expression,
        counted: &[Option<usize>],
    ) -> Result<()> {
        if let Some(field) = field_mut(expr) {
            let at = usize::try_from(*field).ok().and_then(|at| counted.get(at)).copied();
            let Some(at) = at else {
                return Err(invalid(format_args!(
                    "it refers to column {field} of {}",
                    counted.len()
                )));
            };
            let at = at.ok_or_else(|| {
                lost_columns("a column of the right side of a semi join, which it does not have")
            })?;
            let at = i32::try_from(at).unwrap_or(i32::MAX);
            if at != *field {
                self.made.insert(Repair::SemiJoinEmit);
                *field = at;
            }
        }
        for operand in walk::parts(expr).0 {
            self.recount_expression(operand, counted)?;
        }
        Ok(())
    }

    fn join(&mut self, rel: &mut Rel) -> Result<Known> {
        let Some(RelType::Join(join)) = rel.rel_type.as_mut() else {
            return Err(invalid("a join is none"));
        };
        let lacks = || invalid("a join lacks an input");
        let left = join.left.as_deref_mut().ok_or_else(lacks)?;
        let chained = matches!(left.rel_type, Some(RelType::Join(_)));
        let left = if chained { self.relation(left)? } else { self.settled(left)? };
        let right = self.settled(join.right.as_deref_mut().ok_or_else(lacks)?)?;
        let kind = JoinType::try_from(join.r#type).unwrap_or(JoinType::Unspecified);
        let mut chain = match left.chain {
            Some(chain) => chain,
            None => Chain { counted: (0..left.width).map(Some).collect(), direct: true },
        };
        let base = chain.counted.len();
        let width = left.width;
        let sides = (0..right.width).map(|at| Some(width + at));
        let mut visible = chain.counted.clone();
        visible.extend(sides.clone());
        let condition = join.expression.as_deref_mut();
        let condition = condition.ok_or_else(|| invalid("a join has no condition"))?;
        if has_subquery(condition) {
            return Err(lost_offset());
        }
        let conjuncts = self.conjuncts(condition);
        one_sided(&conjuncts, base)?;
        let semi = matches!(kind, JoinType::LeftSemi | JoinType::LeftAnti);
        self.recount_expression(condition, &visible)?;
        if semi {
            chain.counted.extend((0..right.width).map(|_| None));
        } else {
            chain.counted = visible;
        }
        let width = if semi { width } else { width + right.width };
        Ok(Known { width, chain: Some(Chain { direct: true, ..chain }) })
    }

    fn conjuncts<'e>(&self, condition: &'e Expression) -> Vec<&'e Expression> {
        let Some(RexType::ScalarFunction(call)) = &condition.rex_type else {
            return vec![condition];
        };
        if !self.is_called(call.function_reference, "and") {
            return vec![condition];
        }
        let values = call.arguments.iter().filter_map(|argument| match &argument.arg_type {
            Some(ArgType::Value(value)) => Some(value),
            _ => None,
        });
        values.flat_map(|value| self.conjuncts(value)).collect()
    }

    fn is_called(&self, anchor: u32, name: &str) -> bool {
        self.source.functions.get(&anchor).is_some_and(|declared| declared.name == name)
    }
}

/// A condition that never looks at the right side has lost the columns that it looked at, and
/// one that compares two columns of one side probably has.
fn one_sided(conjuncts: &[&Expression], base: usize) -> Result<()> {
    let mut right = false;
    let mut any = false;
    for conjunct in conjuncts {
        let mut fields = Vec::new();
        collect(conjunct, &mut fields);
        any |= !fields.is_empty();
        right |= fields.iter().any(|at| *at >= base);
        let sides = fields.iter().map(|at| *at >= base).collect::<BTreeSet<bool>>();
        if fields.len() > 1 && sides.len() == 1 {
            return Err(lost_offset());
        }
    }
    if any && !right {
        return Err(lost_offset());
    }
    Ok(())
}

/// Whether a subquery stands in an expression.
fn has_subquery(expr: &mut Expression) -> bool {
    if matches!(expr.rex_type, Some(RexType::Subquery(_))) {
        return true;
    }
    walk::parts(expr).0.into_iter().any(has_subquery)
}

/// All columns that an expression refers to.
fn collect(expr: &Expression, fields: &mut Vec<usize>) {
    let mut copy = expr.clone();
    let mut open = vec![&mut copy];
    while let Some(expr) = open.pop() {
        fields.extend(field(expr));
        open.extend(walk::parts(expr).0);
    }
}

fn field(expr: &Expression) -> Option<usize> {
    let Some(RexType::Selection(reference)) = &expr.rex_type else { return None };
    let Some(ReferenceType::DirectReference(segment)) = &reference.reference_type else {
        return None;
    };
    match &segment.reference_type {
        Some(reference_segment::ReferenceType::StructField(field)) => {
            usize::try_from(field.field).ok()
        }
        _ => None,
    }
}

fn field_mut(expr: &mut Expression) -> Option<&mut i32> {
    let Some(RexType::Selection(reference)) = &mut expr.rex_type else { return None };
    let Some(ReferenceType::DirectReference(segment)) = &mut reference.reference_type else {
        return None;
    };
    match &mut segment.reference_type {
        Some(reference_segment::ReferenceType::StructField(field)) => Some(&mut field.field),
        _ => None,
    }
}

fn lost_columns(what: &str) -> Fault {
    let message = format!("ibis-substrait does not write which columns a join has: {what}");
    Fault::new(code::LOST_COLUMNS, message).help(
        "make the bundle with `planc-ibis`, which says them, or end the join with a \
         `.mutate()` or `.select()` that computes something",
    )
}

fn lost_offset() -> Fault {
    let message = "the condition of a join compares columns of one of its sides only: \
                   ibis-substrait loses the columns of a `.view()`";
    Fault::new(code::LOST_OFFSET, message)
        .help("join the table itself, as `t.join(t, …)`, or use the SQL that Ibis gives")
}

fn lost_correlation() -> Fault {
    let message = "ibis-substrait does not write what a subquery refers to around it";
    Fault::new(code::LOST_CORRELATION, message)
        .help("say it as a join, or use the SQL that Ibis gives: `lane = \"sql\"`")
}
