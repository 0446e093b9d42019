q4_kernel::q4_kernel! {}

fn main() {}
