//! Takes the plan apart into query blocks, runs [`crate::pipeline::BLOCKS`] on each, and puts
//! it together in one way: projections merged and pulled up, filters split and pushed to the
//! inputs that they read, inner joins flattened. See [`crate::block`].

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::LogicalPlan;

use super::rename::is_correlated;
use crate::PassContext;
use crate::block::{Readers, Surroundings, normalize};

pub(crate) fn apply(plan: LogicalPlan, cx: &PassContext) -> Result<Transformed<LogicalPlan>> {
    if is_correlated(&plan)? {
        return Ok(Transformed::no(plan));
    }
    let around =
        Surroundings { cx, readers: Readers::Nobody, exact: true, any_multiplicity: false };
    Ok(Transformed::yes(normalize(plan, &around)?))
}
