//! Kinds of joins and of comparisons with subqueries: what each is called in Substrait and in
//! DataFusion.

use datafusion::common::JoinType;
use datafusion::logical_expr::Operator;
use datafusion::logical_expr::expr::SetQuantifier;
use substrait::proto::expression::subquery::set_comparison::{ComparisonOp, ReductionOp};
use substrait::proto::join_rel::JoinType as Type;

const JOINS: [(Type, JoinType); 10] = [
    (Type::Inner, JoinType::Inner),
    (Type::Left, JoinType::Left),
    (Type::Right, JoinType::Right),
    (Type::Outer, JoinType::Full),
    (Type::LeftSemi, JoinType::LeftSemi),
    (Type::RightSemi, JoinType::RightSemi),
    (Type::LeftAnti, JoinType::LeftAnti),
    (Type::RightAnti, JoinType::RightAnti),
    (Type::LeftMark, JoinType::LeftMark),
    (Type::RightMark, JoinType::RightMark),
];

const QUANTIFIERS: [(ReductionOp, SetQuantifier); 2] =
    [(ReductionOp::Any, SetQuantifier::Any), (ReductionOp::All, SetQuantifier::All)];

const COMPARISONS: [(ComparisonOp, Operator); 6] = [
    (ComparisonOp::Eq, Operator::Eq),
    (ComparisonOp::Ne, Operator::NotEq),
    (ComparisonOp::Lt, Operator::Lt),
    (ComparisonOp::Gt, Operator::Gt),
    (ComparisonOp::Le, Operator::LtEq),
    (ComparisonOp::Ge, Operator::GtEq),
];

/// DataFusion's join of a `JoinRel.type`; none for single joins, and for what is no type.
///
/// The mark of Substrait's mark joins is null where nothing matches and something may; that of
/// DataFusion's is not. Artifacts mean DataFusion's.
pub fn join_type(encoded: i32) -> Option<JoinType> {
    JOINS.iter().find(|(kind, _)| *kind as i32 == encoded).map(|(_, found)| *found)
}

/// True for the joins that allow one match, which DataFusion has not.
pub fn is_single_join(encoded: i32) -> bool {
    [Type::LeftSingle, Type::RightSingle].iter().any(|kind| *kind as i32 == encoded)
}

/// The `JoinRel.type` of a join.
pub(super) fn standard_join(join_type: JoinType) -> Type {
    let found = JOINS.iter().find(|(_, known)| *known == join_type);
    found.map_or(Type::Unspecified, |(kind, _)| *kind)
}

/// ANY or ALL.
pub fn quantifier(encoded: i32) -> Option<SetQuantifier> {
    let found = QUANTIFIERS.iter().find(|(kind, _)| *kind as i32 == encoded);
    found.map(|(_, quantifier)| *quantifier)
}

/// The operator of a comparison with a subquery.
pub fn comparison(encoded: i32) -> Option<Operator> {
    COMPARISONS.iter().find(|(kind, _)| *kind as i32 == encoded).map(|(_, operator)| *operator)
}

/// How an operator is called in a comparison with a subquery.
pub(super) fn standard_comparison(operator: Operator) -> Option<ComparisonOp> {
    COMPARISONS.iter().find(|(_, known)| *known == operator).map(|(kind, _)| *kind)
}
