q4_kernel::q4_kernel! {
    kernel Up {
        format: q4gsw { groupsize: 32 },
        prefil: tile { m: 64 },
        decode: coop4 { lanes: 64 },
    }
}

fn main() {}
