//! Layers whose shapes and formats are known when a file is read: no description, one call for each layer.
//!
//! ```console
//! $ cargo run -p q4-kernel --example run_time_shapes
//! ```
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::error::Error;

use q4_kernel::{
    Encoding, Gpu, LayerShape, Linear, ScaleFormat, Shape, WeightFormat,
    conformance::{Case, Placement, check},
    reference::samples::{Data, sample_of},
};

fn main() -> Result<(), Box<dyn Error>> {
    let gpu = Gpu::new()?;
    // As files have them: GGUF's Q4_1, GPTQ's and NVFP4's weights.
    let layers = [
        (Encoding::Minimum, ScaleFormat::F16, 640, 256, 32),
        (Encoding::ZeroPoint, ScaleFormat::F16, 71, 384, 128),
        (Encoding::Codebook, ScaleFormat::E4m3, 131, 208, 16),
    ];
    for (encoding, scales, n, k, group_size) in layers {
        let format = WeightFormat { encoding, scales };
        let shape = LayerShape { n, k, group_size };
        // Stands for what `q4_kernel_formats::Model::load` returns.
        let read =
            sample_of(format, 1, shape, true, Data::Random { seed: 7 }).ok_or("there is no such layer")?;

        let linear = Linear::of_format(&gpu, read.layer.format())?;
        let weights = linear.upload(&read.layer)?;
        println!(
            "{format}, {n} x {k} in groups of {group_size}: {} bytes on the device",
            weights.bytes()
        );
        for m in [1, 5, 40] {
            let shape = Shape { m, n, k, group_size };
            let routing = linear.route(shape);
            let chosen = routing.chosen().ok_or("nothing serves the layer")?;
            // An engine can hold its users' devices to float64 in the same way.
            let outcome = check(
                &linear,
                &Case {
                    shape,
                    bias: true,
                    data: Data::Random { seed: 8 },
                    placement: Placement::Aligned,
                },
            )?;
            if !outcome.agrees() {
                return Err(format!("{shape}: {outcome:?}").into());
            }
            println!("  {m:2} rows, {}: {}", chosen.route, chosen.variant);
        }
    }
    Ok(())
}
