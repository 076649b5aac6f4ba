//! What must hold after every pass.

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchema, Result, plan_err};
use datafusion::logical_expr::{InvariantLevel, LogicalPlan};

/// Fails where `after` is no well-formed plan or has other output names, order or types
/// than `before`. Nullability is no part of this: a rewrite may prove more of it, and those of
/// DataFusion forget some (the count of a correlated subquery).
///
/// `may_coerce` is for the passes that give a plan its full meaning: until then the type of a
/// CASE or a UNION is that of its first branch, and coercion widens it.
pub(crate) fn verify(before: &DFSchema, after: &LogicalPlan, may_coerce: bool) -> Result<()> {
    after.apply_with_subqueries(|node| {
        node.check_invariants(InvariantLevel::Always)?;
        Ok(TreeNodeRecursion::Continue)
    })?;
    let schema = after.schema();
    if before.fields().len() != schema.fields().len() {
        return plan_err!("{} columns became {}", before.fields().len(), schema.fields().len());
    }
    for (old, new) in before.fields().iter().zip(schema.fields()) {
        if old.name() != new.name() {
            return plan_err!("the column `{}` became `{}`", old.name(), new.name());
        }
        if !may_coerce && !same_type(old.data_type(), new.data_type()) {
            let (old_type, new_type) = (old.data_type(), new.data_type());
            return plan_err!("the column `{}` of {old_type} became {new_type}", old.name());
        }
    }
    Ok(())
}

/// Equal but for the nullability of nested fields.
fn same_type(old: &DataType, new: &DataType) -> bool {
    fn nullable(field: &FieldRef) -> FieldRef {
        let data_type = loose(field.data_type());
        Field::new(field.name(), data_type, true).into()
    }
    fn loose(data_type: &DataType) -> DataType {
        match data_type {
            DataType::List(item) => DataType::List(nullable(item)),
            DataType::LargeList(item) => DataType::LargeList(nullable(item)),
            DataType::FixedSizeList(item, size) => DataType::FixedSizeList(nullable(item), *size),
            DataType::Struct(fields) => DataType::Struct(fields.iter().map(nullable).collect()),
            DataType::Map(entries, sorted) => DataType::Map(nullable(entries), *sorted),
            other => other.clone(),
        }
    }
    old == new || loose(old) == loose(new)
}
