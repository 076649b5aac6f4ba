//! The command line of planc.

fn main() {}
