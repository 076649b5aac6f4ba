//! Projections of DuckDB: they have no emit, and DuckDB means their expressions only, where the
//! specification has the input's columns before these.
//!
//! This is seen in the plan: no projection of it emits anything, and the root has as many names
//! as the last projection has expressions.

use substrait::proto::Rel;
use substrait::proto::join_rel::JoinType;
use substrait::proto::rel::RelType;

use super::Repair;
use crate::substrait::decode::Source;
use crate::substrait::walk;

pub(super) fn repair(source: &mut Source) -> Vec<Repair> {
    let names = source.root.names.len();
    let Some(root) = source.root.input.as_mut() else { return Vec::new() };
    if emits(root) || last(root) != Some(names) {
        return Vec::new();
    }
    let mut repaired = root.clone();
    if width(&mut repaired).is_none() {
        return Vec::new();
    }
    *root = repaired;
    vec![Repair::ProjectOnly]
}

/// Whether a projection says what it emits.
fn emits(rel: &mut Rel) -> bool {
    let here = match &rel.rel_type {
        Some(RelType::Project(project)) => walk::mapping(project.common.as_ref()).is_some(),
        _ => false,
    };
    here || walk::inputs(rel).into_iter().any(emits)
}

/// How many expressions the last projection has.
fn last(rel: &mut Rel) -> Option<usize> {
    match &rel.rel_type {
        Some(RelType::Project(project)) => Some(project.expressions.len()),
        Some(RelType::Fetch(_) | RelType::Sort(_) | RelType::Filter(_)) => {
            walk::inputs(rel).into_iter().next().and_then(last)
        }
        _ => None,
    }
}

/// Lets every projection emit its expressions, and gives the number of columns; none where that
/// is not known.
fn width(rel: &mut Rel) -> Option<usize> {
    let inputs: Vec<usize> =
        walk::inputs(rel).into_iter().map(width).collect::<Option<Vec<_>>>()?;
    let first = inputs.first().copied();
    match rel.rel_type.as_ref()? {
        RelType::Read(read) => {
            let mask = read.projection.as_ref().and_then(|mask| mask.select.as_ref());
            let row = read.base_schema.as_ref().and_then(|schema| schema.r#struct.as_ref());
            Some(mask.map_or(row?.types.len(), |mask| mask.struct_items.len()))
        }
        RelType::Project(project) => {
            let (before, own) = (first?, project.expressions.len());
            walk::set_emit(rel, before..before + own);
            Some(own)
        }
        RelType::Filter(_) | RelType::Fetch(_) | RelType::Sort(_) | RelType::Set(_) => first,
        RelType::Aggregate(aggregate) => {
            let single = aggregate.groupings.len() <= 1;
            single.then(|| walk::groupings(aggregate).0.len() + aggregate.measures.len())
        }
        RelType::Join(join) => match JoinType::try_from(join.r#type).ok()? {
            JoinType::LeftSemi | JoinType::LeftAnti => first,
            JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Outer => {
                Some(inputs.iter().sum())
            }
            _ => None,
        },
        RelType::Cross(_) => Some(inputs.iter().sum()),
        _ => None,
    }
}
