//! The key of a run: equal for runs that would write the same rows.

use std::collections::BTreeMap;

use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::{Expr, Volatility};
use planc_backend::sink::delta::WriteOptions;
use planc_backend::{Binding, Bindings};
use planc_ir::{Digest, Plan, substrait};

/// The state of every table that a run reads: a Delta table's version, else another mark.
pub(super) fn source_states(bindings: &Bindings) -> BTreeMap<String, String> {
    let state = |(name, binding): (&String, &Binding)| {
        let Binding::Source(source) = binding else { return None };
        let version = source.version.map(|version| version.to_string());
        Some((name.clone(), version.or_else(|| source.state.clone())?))
    };
    bindings.iter().filter_map(state).collect()
}

/// The key of a run. None where another run might give other rows: a function that gives
/// another result each time, or a source whose state has no mark. The table itself keeps the keys
/// of what it holds, so its place is no part of them.
pub(super) fn run_key(
    plan: &Plan,
    digest: &Digest,
    bindings: &Bindings,
    params: &BTreeMap<String, String>,
    rule: &str,
    options: &WriteOptions,
) -> Option<Digest> {
    let mut parts = vec![
        "planc run key 1".to_owned(),
        digest.to_string(),
        rule.to_owned(),
        format!("{:?} {:?} {:?}", options.mode, options.schema_mode, options.partition_by),
    ];
    if !repeats(plan).ok()? {
        return None;
    }
    for (name, binding) in bindings {
        parts.push(name.clone());
        parts.push(match binding {
            Binding::Source(source) => source.state.clone()?,
            Binding::Plan(plan) => {
                if !repeats(plan).ok()? {
                    return None;
                }
                // An inlined rule is no part of the digest of the one that reads it.
                Digest::of(&substrait::encode(plan).ok()?.bytes).to_string()
            }
        });
    }
    parts.push("parameters".to_owned());
    parts.extend(params.iter().flat_map(|(name, value)| [name.clone(), value.clone()]));
    Some(Digest::of_parts(parts.iter().map(String::as_bytes)))
}

/// Whether every function of the plan gives the same for the same arguments, at any time.
fn repeats(plan: &Plan) -> Result<bool> {
    let mut repeats = true;
    plan.logical.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            datafusion::common::tree_node::TreeNode::apply(expr, |expr| {
                if let Expr::ScalarFunction(call) = expr {
                    repeats &= call.func.signature().volatility == Volatility::Immutable;
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(repeats)
}
