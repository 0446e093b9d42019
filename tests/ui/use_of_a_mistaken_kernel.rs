q4_kernel::q4_kernel! {
    pub kernel Up { format: q4gsw { group_size: 32 }, k: 2048, n: 8192, bias: maybe }
}

// One error, for the bias: the type and its methods are there all the same.
fn run(gpu: &q4_kernel::Gpu, layer: &q4_kernel::Quantized<'_>) -> Result<(), Box<dyn std::error::Error>> {
    let up = Up::new(gpu)?;
    let weights = up.upload(layer)?;
    println!("{} {}", weights.n(), Up::DECODE_WGSL);
    Ok(())
}

fn main() {}
