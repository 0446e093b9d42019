q4_kernel::q4_kernel! {
    pub kernel Odd {
        format: q4gsw { group_size: 20 },
        k: 2050,
        decode: coop4 { width: 64 },
    }
}

fn main() {}
