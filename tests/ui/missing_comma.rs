q4_kernel::q4_kernel! {
    pub kernel Up {
        format: q4gsw { group_size: 32 }
        k: 2048,
        bias: sometimes,
    }
}

fn main() {}
