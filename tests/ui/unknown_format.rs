q4_kernel::q4_kernel! {
    pub kernel Up { format: q8_0 { group_size: 32 } }
    pub kernel Down { format: 4 }
}

fn main() {}
