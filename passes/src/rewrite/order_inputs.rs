//! The parts of a block stand in an order of their own.
//!
//! An inner join commutes and associates; semi and anti joins filter, and left joins add
//! columns to rows that stay, so that each kind commutes among itself where no condition reads
//! another's columns. [`crate::block::order`] tells the parts apart.

use datafusion::common::Result;

use crate::block::{Block, Surroundings, order};

pub(crate) fn apply(block: &mut Block, around: &Surroundings) -> Result<bool> {
    order(block, around)
}
