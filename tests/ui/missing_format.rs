q4_kernel::q4_kernel! {
    pub kernel Up { k: 2048 }
}

fn main() {}
