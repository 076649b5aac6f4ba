//! The ordered lists of passes. To add one: a module in `rewrite/`, a line here, a golden file.

use crate::rewrite::*;
use crate::{BlockPass, Pass};

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
    Pass {
        name: "coerce_types",
        reason: "folding can change a type, and with it what must be converted",
        apply: coerce_types::apply,
    },
];

/// Passes that run in this order, again and again, until the plan stands still.
pub const NORMALIZE: &[Pass] = &[
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
        name: "simplify_casts",
        reason: "casts that change nothing hide that two expressions are one",
        apply: simplify_casts::apply,
    },
    Pass {
        name: "order_arithmetic",
        reason: "a + b is b + a; integers wrap, so their sums have one form",
        apply: order_arithmetic::apply,
    },
    Pass {
        name: "simplify_strings",
        reason: "functions that do one thing have one name, and none does its work twice",
        apply: simplify_strings::apply,
    },
    Pass {
        name: "simplify_case",
        reason: "NULLIF, COALESCE and both kinds of CASE are one kind, without branches that do nothing",
        apply: simplify_case::apply,
    },
    Pass {
        name: "compare_structs",
        reason: "pairs are equal where their parts are, and parts meet other conditions",
        apply: compare_structs::apply,
    },
    Pass {
        name: "orient_comparisons",
        reason: "5 < a is a > 5; what follows knows comparisons with the literal on the right",
        apply: orient_comparisons::apply,
    },
    Pass {
        name: "date_ranges",
        reason: "a truncated time that is compared with a literal lies in a range; needs the literal on the right",
        apply: date_ranges::apply,
    },
    Pass {
        name: "propagate_constants",
        reason: "a column that a condition ties to one value is that value, there and above",
        apply: propagate_constants::apply,
    },
    Pass {
        name: "normalize_conditions",
        reason: "AND, OR, NOT, IN, BETWEEN and tests for NULL in one form, behind all that changes operands",
        apply: normalize_conditions::apply,
    },
    Pass {
        name: "rename",
        reason: "aliases are spelling; behind it names are unique in the whole plan, so that no pass below can capture one",
        apply: rename::apply,
    },
    Pass {
        name: "prune_columns",
        reason: "columns that nothing reads are no part of the question",
        apply: prune_columns::apply,
    },
    Pass {
        name: "query_blocks",
        reason: "projections, filters and joins nest in many ways and are taken apart: BLOCKS runs on the parts",
        apply: query_blocks::apply,
    },
    Pass {
        name: "fold_values",
        reason: "rows that stand in the query are computed; what stays of them may be nothing",
        apply: fold_values::apply,
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
        name: "filter_grouping_sets",
        reason: "a condition on GROUPING() picks sets; one set that is left is a plain grouping",
        apply: filter_grouping_sets::apply,
    },
    Pass {
        name: "order_grouping_sets",
        reason: "grouping sets have no order; one set alone is a plain grouping for the passes that follow",
        apply: order_grouping_sets::apply,
    },
    Pass {
        name: "merge_aggregates",
        reason: "groups of groups are groups",
        apply: merge_aggregates::apply,
    },
    Pass {
        name: "unfold_groups",
        reason: "groups below a join that are added up above it are groups of the joined rows",
        apply: unfold_groups::apply,
    },
    Pass {
        name: "unique_groups",
        reason: "groups of one row each are no groups",
        apply: unique_groups::apply,
    },
    Pass {
        name: "sink_groups",
        reason: "groups of a left join along a key are joined groups, as scalar subqueries are",
        apply: sink_groups::apply,
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
        name: "order_windows",
        reason: "windows that do not read each other commute, and partition keys have no order",
        apply: order_windows::apply,
    },
    Pass {
        name: "prune_columns",
        reason: "columns that nothing reads are no part of the question",
        apply: prune_columns::apply,
    },
    Pass {
        name: "group_windows",
        reason: "a window over whole partitions of a table is a join with its groups; behind prune_columns, which takes those that nobody reads",
        apply: group_windows::apply,
    },
    Pass {
        name: "rename",
        reason: "what was put in another order is numbered anew",
        apply: rename::apply,
    },
];

/// Passes over the parts of a query block, in this order within the pass `query_blocks`.
pub const BLOCKS: &[BlockPass] = &[
    BlockPass {
        name: "mark_to_semi",
        reason: "a mark that only filters is a semi or anti join, one that is not read is nothing",
        apply: mark_to_semi::apply,
    },
    BlockPass {
        name: "outer_to_inner",
        reason: "an outer join whose NULL rows a filter throws away is an inner one, and joins the inputs",
        apply: outer_to_inner::apply,
    },
    BlockPass {
        name: "left_to_anti",
        reason: "a left join that is filtered to the rows without a match is an anti join",
        apply: left_to_anti::apply,
    },
    BlockPass {
        name: "drop_left_joins",
        reason: "a left join that is not read and matches once at most does nothing",
        apply: drop_left_joins::apply,
    },
    BlockPass {
        name: "left_to_mark",
        reason: "a left join that is only asked for a match is a mark join; behind all that makes it less",
        apply: left_to_mark::apply,
    },
    BlockPass {
        name: "count_to_mark",
        reason: "counting everything to see whether there is anything is EXISTS",
        apply: count_to_mark::apply,
    },
    BlockPass {
        name: "merge_marks",
        reason: "marks of one table follow from each other; behind all that makes marks",
        apply: merge_marks::apply,
    },
    BlockPass {
        name: "merge_self_joins",
        reason: "a table joined with itself on a key is one table",
        apply: merge_self_joins::apply,
    },
    BlockPass {
        name: "order_inputs",
        reason: "joins commute: the parts stand in an order of their own, behind all that adds or takes parts",
        apply: order_inputs::apply,
    },
    BlockPass {
        name: "inner_to_semi",
        reason: "an input that is not read and matches once at most only asks for existence; in the order of the inputs, where several could",
        apply: inner_to_semi::apply,
    },
    BlockPass {
        name: "lift_groups",
        reason: "groups that are joined along a key are groups of the join; behind what makes joins semi joins",
        apply: lift_groups::apply,
    },
    BlockPass {
        name: "split_semis",
        reason: "joins with unions and intersections are several, each of which may be decided next",
        apply: split_semis::apply,
    },
    BlockPass {
        name: "drop_semi_joins",
        reason: "a semi join that finds a partner for every row does nothing",
        apply: drop_semi_joins::apply,
    },
    BlockPass {
        name: "semi_to_extreme",
        reason: "a greater one exists where the greatest is; behind all that drops semi joins",
        apply: semi_to_extreme::apply,
    },
    BlockPass {
        name: "orient_semis",
        reason: "sets intersect in any order; behind all that drops semi joins",
        apply: orient_semis::apply,
    },
    BlockPass {
        name: "unify_columns",
        reason: "columns that are equal on every row are one, called after the first of the order",
        apply: unify_columns::apply,
    },
];
