//! What a translation leaves as it is although it means something else in DataFusion.
//!
//! polyglot translates syntax. Some things it passes through can change rows without a word:
//! where NULLs sort ([`nulls`]), what a function or field of the same name does ([`rewrite`] and
//! [`functions`]), whether `/` on exact numbers keeps the fraction ([`division`]), and what depends
//! on types ([`types`]). Here they are written out, refused, or reported.

pub(crate) mod division;
pub(crate) mod functions;
pub(crate) mod nulls;
mod patterns;
pub(crate) mod rewrite;
pub(crate) mod types;

#[cfg(test)]
mod tests;
