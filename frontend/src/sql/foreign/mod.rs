//! What a translation leaves as it is although it means something else in DataFusion.
//!
//! polyglot translates syntax. Three things it passes through can change rows without a word:
//! where NULLs sort ([`nulls`]), what a function of the same name does ([`functions`]), and
//! whether `/` on exact numbers keeps the fraction ([`division`]). Here they are written out,
//! refused, or reported.

pub(crate) mod division;
pub(crate) mod functions;
pub(crate) mod nulls;

#[cfg(test)]
mod tests;
