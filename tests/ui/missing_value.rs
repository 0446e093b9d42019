q4_kernel::q4_kernel! {
    pub kernel Up {
        format: q4gsw { group_size: 32 },
        k: ,
        n 4096,
        numeric: f16_accumulate,
    }
}

fn main() {}
