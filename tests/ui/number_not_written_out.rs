const K: u32 = 2048;

q4_kernel::q4_kernel! {
    pub kernel Up {
        format: q4gsw { group_size: 1 << 5 },
        k: K,
        n: 5_000_000_000,
    }
}

fn main() {}
