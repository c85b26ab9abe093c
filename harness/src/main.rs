//! The corspec binary.

fn main() {}
