q4_kernel::q4_kernel! {
    pub kernel Up {
        format: q4gsw { group_size: 16 },
        k: 2040,
        prefill: tile { k: 32 },
    }
}

fn main() {}
