q4_kernel::q4_kernel! {
    pub kernel Good { format: q4gsw { group_size: 32 } }
    pub struct Up { format: q4gsw { group_size: 32 } }
}

// What came before the mistake is there.
fn takes(kernel: &Good) -> &q4_kernel::Linear {
    kernel.linear()
}

fn main() {}
