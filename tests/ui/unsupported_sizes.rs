q4_kernel::q4_kernel! {
    /// Five mistakes, five errors, each on its number.
    pub kernel Up {
        format: q4gsw { group_size: 0 },
        k: 2048,
        n: 0,
        decode: coop4 { width: 48, columns: 3 },
        prefill: tile { m: 64, n: 64, k: 12 },
    }
}

fn main() {}
