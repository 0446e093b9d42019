q4_kernel::q4_kernel! {
    pub kernel Up {
        format: q4gsw { group_size: 32 },
        prefill: tile { m: 256, n: 256, rows: 2, columns: 4 },
    }
    pub kernel Down {
        format: q4gsw { group_size: 32 },
        prefill: tile { m: 30 },
    }
}

fn main() {}
