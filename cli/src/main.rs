//! The `q4` program.

fn main() {}
