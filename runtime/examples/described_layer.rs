//! A layer that is described in the source: its kernels are generated and validated while this compiles.
//!
//! ```console
//! $ cargo run -p q4-kernel --example described_layer
//! ```
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::error::Error;

use q4_kernel::{Gpu, LayerShape, NumericClass, q4_kernel, reference};

q4_kernel! {
    /// The up-projection of a small feed-forward block.
    kernel UpProj {
        format: q4gsw { group_size: 32 },
        k: 576, n: 1536,
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let gpu = Gpu::new()?;
    let up = UpProj::new(&gpu)?;

    // What training left, here made up.
    let trained: Vec<f32> = (0..UpProj::N * UpProj::K)
        .map(|index| ((index * 37 % 101) as f32 - 50.0) / 500.0)
        .collect();
    let shape = LayerShape {
        n: UpProj::N,
        k: UpProj::K,
        group_size: UpProj::GROUP_SIZE,
    };
    let layer = reference::quantize(&trained, shape)?;
    let weights = up.upload(&layer)?;

    // One row is decoded, a few are checked together, many are a prompt: the type chooses the kernel.
    for rows in [1, 4, 48] {
        let activations: Vec<f32> = (0..rows * UpProj::K)
            .map(|index| ((index % 17) as f32 - 8.0) / 16.0)
            .collect();
        let x = gpu.input(&activations)?;
        let y = gpu.output((rows * UpProj::N) as usize)?;
        let mut encoder = gpu.device().create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        up.dispatch(&mut pass, &weights, &x, &y, rows)?;
        drop(pass);
        gpu.queue().submit([encoder.finish()]);

        let expected = reference::linear(&activations, &layer);
        let tolerance = NumericClass::Exact.tolerance(UpProj::K);
        let compared = reference::compare(&expected, &gpu.read(&y)?, UpProj::N as usize, tolerance);
        if !compared.agrees() {
            return Err(format!("{rows} rows: {compared:?}").into());
        }
        println!(
            "{rows} rows by {}: off by {:.1e} at most",
            up.route(rows).variant(),
            compared.max_absolute
        );
    }
    Ok(())
}
