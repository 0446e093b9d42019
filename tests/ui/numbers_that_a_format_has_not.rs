q4_kernel::q4_kernel! {
    pub kernel Up { format: minimum { group_size: 32, scales: e8m0 } }
    pub kernel Down { format: gguf_q4_1, scales: e4m3 }
    pub kernel Gate { format: mxfp4 { group_size: 64 } }
    pub kernel Query { format: nf4 { group_size: 64, scales: f16 } }
    pub kernel Key { format: nf4 { group_size: 64 }, numeric: int8_activations }
}

fn main() {}
