q4_kernel::q4_kernel! {
    pub kernel Up {
        format: q4gsw { group_size: 32, group_size: 64 },
        k: 2048,
        k: 4096,
    }
}

fn main() {}
