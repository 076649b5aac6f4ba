//! The ordered list of passes. To add one: a module in `rewrite/`, a line here, a golden file.

use crate::Pass;
use crate::rewrite::*;

/// Passes that run once, first: they give the plan its full meaning.
pub const ANALYZE: &[Pass] = &[
    Pass {
        name: "resolve_grouping",
        reason: "GROUPING() becomes arithmetic over the grouping id, so later passes know no special call",
        apply: resolve_grouping::apply,
    },
    Pass {
        name: "coerce_types",
        reason: "every implicit conversion becomes a cast, so that no consumer coerces in its own way",
        apply: coerce_types::apply,
    },
    Pass {
        name: "fold_constants",
        reason: "some types depend on constants that coercion has just wrapped in casts",
        apply: fold_constants::apply,
    },
];

/// Passes that run in this order, again and again, until the plan stands still.
pub const NORMALIZE: &[Pass] = &[
    Pass {
        name: "rename",
        reason: "aliases are spelling; fresh unique names let the passes below merge relations without capture",
        apply: rename::apply,
    },
    Pass {
        name: "distinct_to_aggregate",
        reason: "DISTINCT and GROUP BY over all columns ask the same question",
        apply: distinct_to_aggregate::apply,
    },
    Pass {
        name: "fold_constants",
        reason: "constant expressions are computed and boolean identities applied; now() stays a call",
        apply: fold_constants::apply,
    },
    Pass {
        name: "decorrelate_predicates",
        reason: "EXISTS, IN and comparisons with ANY or ALL become semi and anti joins, which Substrait can say",
        apply: decorrelate_predicates::apply,
    },
    Pass {
        name: "decorrelate_scalars",
        reason: "a correlated scalar subquery becomes an aggregate below a left join",
        apply: decorrelate_scalars::apply,
    },
    Pass {
        name: "decorrelate_lateral",
        reason: "a lateral join becomes a plain one, behind the scalar subqueries that it may hold",
        apply: decorrelate_lateral::apply,
    },
    Pass {
        name: "fold_empty",
        reason: "what cannot have rows is the empty relation, and what is left of its readers",
        apply: fold_empty::apply,
    },
    Pass {
        name: "merge_limits",
        reason: "limits of limits are one; behind fold_empty, which takes LIMIT 0",
        apply: merge_limits::apply,
    },
    Pass {
        name: "drop_sorts",
        reason: "an order that nobody sees, and keys that decide nothing, are no part of the question",
        apply: drop_sorts::apply,
    },
    Pass {
        name: "filter_groups",
        reason: "conditions on group and partition keys hold for the rows, and meet the others there",
        apply: filter_groups::apply,
    },
    Pass {
        name: "merge_unions",
        reason: "unions nest in many ways and commute; what is computed on them is computed on their inputs",
        apply: merge_unions::apply,
    },
    Pass {
        name: "merge_aggregates",
        reason: "groups of groups are groups",
        apply: merge_aggregates::apply,
    },
    Pass {
        name: "unique_groups",
        reason: "groups of one row each are no groups",
        apply: unique_groups::apply,
    },
    Pass {
        name: "simplify_calls",
        reason: "calls that mean the same are written alike, so that order_groups finds the equal ones",
        apply: simplify_calls::apply,
    },
    Pass {
        name: "order_groups",
        reason: "keys and calls have no order of their own; behind all passes that change them",
        apply: order_groups::apply,
    },
    Pass {
        name: "prune_columns",
        reason: "columns that nothing reads are no part of the question, and neither are idle projections",
        apply: prune_columns::apply,
    },
];
