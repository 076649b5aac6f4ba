//! Preflight checks and canonical rewrites, one ordered list.
