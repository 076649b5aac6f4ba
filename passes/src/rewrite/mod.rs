//! The canonical rewrites, one module each. Their order and reasons stand in
//! [`pipeline`](crate::pipeline).

pub(crate) mod coerce_types;
pub(crate) mod decorrelate_lateral;
pub(crate) mod decorrelate_predicates;
pub(crate) mod decorrelate_scalars;
pub(crate) mod distinct_to_aggregate;
pub(crate) mod fold_constants;
pub(crate) mod normalize_conditions;
pub(crate) mod order_arithmetic;
pub(crate) mod orient_comparisons;
pub(crate) mod propagate_constants;
pub(crate) mod prune_columns;
pub(crate) mod rename;
pub(crate) mod resolve_grouping;
pub(crate) mod simplify_case;
pub(crate) mod simplify_casts;
pub(crate) mod simplify_strings;
