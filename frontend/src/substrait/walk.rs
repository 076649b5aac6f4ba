//! What lies directly in a relation and in an expression.

use substrait::proto::aggregate_function::AggregationInvocation;
use substrait::proto::expression::RexType;
use substrait::proto::expression::field_reference::RootType;
use substrait::proto::expression::subquery::SubqueryType;
use substrait::proto::function_argument::ArgType;
use substrait::proto::rel::RelType;
use substrait::proto::rel_common::{Direct, Emit, EmitKind};
use substrait::proto::{AggregateRel, Expression, FunctionArgument, Rel, RelCommon, SortField};

/// A relation's name in paths.
pub(super) fn name(rel: &Rel) -> &'static str {
    match &rel.rel_type {
        None => "nothing",
        Some(RelType::Read(_)) => "read",
        Some(RelType::Filter(_)) => "filter",
        Some(RelType::Fetch(_)) => "fetch",
        Some(RelType::Aggregate(_)) => "aggregate",
        Some(RelType::Sort(_)) => "sort",
        Some(RelType::Join(_)) => "join",
        Some(RelType::Project(_)) => "project",
        Some(RelType::Set(_)) => "set",
        Some(RelType::Cross(_)) => "cross",
        Some(RelType::HashJoin(_)) => "hash_join",
        Some(RelType::MergeJoin(_)) => "merge_join",
        Some(RelType::NestedLoopJoin(_)) => "nested_loop_join",
        Some(RelType::Window(_)) => "window",
        Some(RelType::Exchange(_)) => "exchange",
        Some(RelType::Expand(_)) => "expand",
        Some(RelType::Reference(_)) => "reference",
        Some(RelType::ExtensionSingle(_)) => "extension_single",
        Some(RelType::ExtensionMulti(_)) => "extension_multi",
        Some(RelType::ExtensionLeaf(_)) => "extension_leaf",
        Some(RelType::Write(_)) => "write",
        Some(RelType::Ddl(_)) => "ddl",
        Some(RelType::Update(_)) => "update",
    }
}

/// What every relation has: how it emits its columns. None for kinds that have no rows.
pub(super) fn emit(rel: &mut Rel) -> Option<&mut Option<RelCommon>> {
    Some(match rel.rel_type.as_mut()? {
        RelType::Read(r) => &mut r.common,
        RelType::Filter(r) => &mut r.common,
        RelType::Fetch(r) => &mut r.common,
        RelType::Aggregate(r) => &mut r.common,
        RelType::Sort(r) => &mut r.common,
        RelType::Join(r) => &mut r.common,
        RelType::Project(r) => &mut r.common,
        RelType::Set(r) => &mut r.common,
        RelType::Cross(r) => &mut r.common,
        _ => return None,
    })
}

/// The output mapping of a relation, where it has one.
pub(super) fn mapping(common: Option<&RelCommon>) -> Option<&[i32]> {
    match common?.emit_kind.as_ref()? {
        EmitKind::Emit(emit) => Some(&emit.output_mapping),
        EmitKind::Direct(Direct {}) => None,
    }
}

/// Lets a relation emit these of its columns.
pub(super) fn set_emit(rel: &mut Rel, columns: impl IntoIterator<Item = usize>) {
    if let Some(common) = emit(rel) {
        let output_mapping =
            columns.into_iter().map(|at| i32::try_from(at).unwrap_or(i32::MAX)).collect();
        common.get_or_insert_default().emit_kind = Some(EmitKind::Emit(Emit { output_mapping }));
    }
}

/// The inputs of a relation, in order.
pub(super) fn inputs(rel: &mut Rel) -> Vec<&mut Rel> {
    match rel.rel_type.as_mut() {
        Some(RelType::Filter(r)) => r.input.as_deref_mut().into_iter().collect(),
        Some(RelType::Fetch(r)) => r.input.as_deref_mut().into_iter().collect(),
        Some(RelType::Aggregate(r)) => r.input.as_deref_mut().into_iter().collect(),
        Some(RelType::Sort(r)) => r.input.as_deref_mut().into_iter().collect(),
        Some(RelType::Project(r)) => r.input.as_deref_mut().into_iter().collect(),
        Some(RelType::Join(r)) => {
            r.left.as_deref_mut().into_iter().chain(r.right.as_deref_mut()).collect()
        }
        Some(RelType::Cross(r)) => {
            r.left.as_deref_mut().into_iter().chain(r.right.as_deref_mut()).collect()
        }
        Some(RelType::Set(r)) => r.inputs.iter_mut().collect(),
        _ => Vec::new(),
    }
}

/// The expressions of a relation, whose field references point to its input.
#[allow(deprecated, reason = "plans of older producers use them")]
pub(super) fn expressions(rel: &mut Rel) -> Vec<&mut Expression> {
    let mut found = Vec::new();
    match rel.rel_type.as_mut() {
        Some(RelType::Read(r)) => {
            found.extend(r.filter.as_deref_mut());
            found.extend(r.best_effort_filter.as_deref_mut());
        }
        Some(RelType::Filter(r)) => found.extend(r.condition.as_deref_mut()),
        Some(RelType::Project(r)) => found.extend(r.expressions.iter_mut()),
        Some(RelType::Sort(r)) => found.extend(r.sorts.iter_mut().filter_map(|s| s.expr.as_mut())),
        Some(RelType::Join(r)) => {
            found.extend(r.expression.as_deref_mut());
            found.extend(r.post_join_filter.as_deref_mut());
        }
        Some(RelType::Aggregate(r)) => {
            let old = r.groupings.iter_mut().flat_map(|g| g.grouping_expressions.iter_mut());
            found.extend(old);
            found.extend(r.grouping_expressions.iter_mut());
            for measure in &mut r.measures {
                found.extend(measure.filter.as_mut());
                if let Some(call) = measure.measure.as_mut() {
                    found.extend(call.arguments.iter_mut().filter_map(value));
                    found.extend(call.args.iter_mut());
                    found.extend(sorted_by(&mut call.sorts));
                }
            }
        }
        _ => {}
    }
    found
}

fn value(argument: &mut FunctionArgument) -> Option<&mut Expression> {
    match argument.arg_type.as_mut() {
        Some(ArgType::Value(value)) => Some(value),
        _ => None,
    }
}

fn sorted_by(sorts: &mut [SortField]) -> impl Iterator<Item = &mut Expression> {
    sorts.iter_mut().filter_map(|sort| sort.expr.as_mut())
}

/// The expressions directly in an expression, and the relations of its subqueries.
#[allow(deprecated, reason = "plans of older producers use them")]
pub(super) fn parts(expr: &mut Expression) -> (Vec<&mut Expression>, Vec<&mut Rel>) {
    let mut found: Vec<&mut Expression> = Vec::new();
    let mut rels: Vec<&mut Rel> = Vec::new();
    match expr.rex_type.as_mut() {
        Some(RexType::Selection(reference)) => {
            if let Some(RootType::Expression(inner)) = reference.root_type.as_mut() {
                found.push(inner);
            }
        }
        Some(RexType::ScalarFunction(call)) => {
            found.extend(call.arguments.iter_mut().filter_map(value));
            found.extend(call.args.iter_mut());
        }
        Some(RexType::WindowFunction(call)) => {
            found.extend(call.arguments.iter_mut().filter_map(value));
            found.extend(call.args.iter_mut());
            found.extend(call.partitions.iter_mut());
            found.extend(sorted_by(&mut call.sorts));
        }
        Some(RexType::IfThen(case)) => {
            for clause in &mut case.ifs {
                found.extend(clause.r#if.as_mut());
                found.extend(clause.then.as_mut());
            }
            found.extend(case.r#else.as_deref_mut());
        }
        Some(RexType::SwitchExpression(switch)) => {
            found.extend(switch.r#match.as_deref_mut());
            found.extend(switch.ifs.iter_mut().filter_map(|branch| branch.then.as_mut()));
            found.extend(switch.r#else.as_deref_mut());
        }
        Some(RexType::SingularOrList(list)) => {
            found.extend(list.value.as_deref_mut());
            found.extend(list.options.iter_mut());
        }
        Some(RexType::MultiOrList(list)) => {
            found.extend(list.value.iter_mut());
            found.extend(list.options.iter_mut().flat_map(|record| record.fields.iter_mut()));
        }
        Some(RexType::Cast(cast)) => found.extend(cast.input.as_deref_mut()),
        Some(RexType::Subquery(subquery)) => match subquery.subquery_type.as_mut() {
            Some(SubqueryType::Scalar(scalar)) => rels.extend(scalar.input.as_deref_mut()),
            Some(SubqueryType::InPredicate(predicate)) => {
                found.extend(predicate.needles.iter_mut());
                rels.extend(predicate.haystack.as_deref_mut());
            }
            Some(SubqueryType::SetPredicate(predicate)) => {
                rels.extend(predicate.tuples.as_deref_mut());
            }
            Some(SubqueryType::SetComparison(comparison)) => {
                found.extend(comparison.left.as_deref_mut());
                rels.extend(comparison.right.as_deref_mut());
            }
            None => {}
        },
        _ => {}
    }
    (found, rels)
}

/// The grouping expressions of an aggregation, and which of them each grouping has. Where several
/// groupings write the same expression, it is one.
#[allow(deprecated, reason = "plans of older producers use them")]
pub(super) fn groupings(aggregate: &AggregateRel) -> (Vec<&Expression>, Vec<Vec<usize>>) {
    let mut all: Vec<&Expression> = aggregate.grouping_expressions.iter().collect();
    let several = aggregate.groupings.len() > 1;
    let mut sets = Vec::with_capacity(aggregate.groupings.len());
    for grouping in &aggregate.groupings {
        let references = grouping.expression_references.iter();
        let mut set: Vec<usize> = references.filter_map(|at| usize::try_from(*at).ok()).collect();
        for expr in &grouping.grouping_expressions {
            let known = all.iter().position(|known| several && *known == expr);
            set.push(known.unwrap_or(all.len()));
            if known.is_none() {
                all.push(expr);
            }
        }
        sets.push(set);
    }
    (all, sets)
}

/// True for an aggregate over distinct values.
pub(super) fn is_distinct(invocation: i32) -> bool {
    invocation == AggregationInvocation::Distinct as i32
}
