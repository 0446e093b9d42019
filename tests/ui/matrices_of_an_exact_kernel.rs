q4_kernel::q4_kernel! {
    pub kernel Up {
        format: q4gsw { group_size: 32 },
        k: 2048, n: 8192,
        prefill: matrix { m: 128, n: 128 },
    }
}

fn main() {}
