//! The canonical rewrites, one module each. Their order and reasons stand in
//! [`pipeline`](crate::pipeline).

pub(crate) mod coerce_types;
pub(crate) mod decorrelate_lateral;
pub(crate) mod decorrelate_predicates;
pub(crate) mod decorrelate_scalars;
pub(crate) mod distinct_to_aggregate;
pub(crate) mod drop_left_joins;
pub(crate) mod drop_semi_joins;
pub(crate) mod drop_sorts;
pub(crate) mod filter_groups;
pub(crate) mod fold_constants;
pub(crate) mod fold_empty;
pub(crate) mod inner_to_semi;
pub(crate) mod left_to_anti;
pub(crate) mod mark_to_semi;
pub(crate) mod merge_aggregates;
pub(crate) mod merge_limits;
pub(crate) mod merge_self_joins;
pub(crate) mod merge_unions;
pub(crate) mod normalize_conditions;
pub(crate) mod order_arithmetic;
pub(crate) mod order_groups;
pub(crate) mod order_inputs;
pub(crate) mod orient_comparisons;
pub(crate) mod outer_to_inner;
pub(crate) mod propagate_constants;
pub(crate) mod prune_columns;
pub(crate) mod query_blocks;
pub(crate) mod rename;
pub(crate) mod resolve_grouping;
pub(crate) mod simplify_calls;
pub(crate) mod simplify_case;
pub(crate) mod simplify_casts;
pub(crate) mod simplify_strings;
pub(crate) mod unify_columns;
pub(crate) mod unique_groups;
