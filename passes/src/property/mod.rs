//! What passes may know of a plan without running it.

#[allow(dead_code, reason = "the passes that ask come next")]
pub(crate) mod cardinality;
#[allow(dead_code, reason = "the passes that ask come next")]
pub(crate) mod keys;
