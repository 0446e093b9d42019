//! Puts every 4-bit layer of a model file on the device and multiplies one row by each.
//!
//! ```sh
//! cargo run --release -p q4-kernel --example load_model -- model.gguf
//! ```
//!
//! GGUF, safetensors and ONNX are told apart by their content. The file is mapped: no more than one layer is in host memory at a time.
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::{collections::BTreeMap, error::Error, path::Path};

use q4_kernel::{Gpu, Kernels, Layer, Model, Rows};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os()
        .nth(1)
        .ok_or("name a model file: GGUF, safetensors or ONNX")?;
    let gpu = Gpu::new()?;
    let layers = load(&gpu, path.as_ref())?;
    for (name, layer) in &layers {
        let x = vec![1.0; layer.weights().k() as usize];
        let y = multiply(&gpu, layer, &x)?;
        println!(
            "{name}: {} outputs, the first are {:?}",
            y.len(),
            &y[..y.len().min(4)]
        );
    }
    let bytes: u64 = layers.values().map(|layer| layer.weights().bytes()).sum();
    println!("{} layers, {bytes} bytes on the device", layers.len());
    Ok(())
}

/// Every 4-bit layer of a file on the device, by name.
pub fn load(gpu: &Gpu, path: &Path) -> Result<BTreeMap<String, Layer>, Box<dyn Error>> {
    let model = Model::open(path)?;
    let mut kernels = Kernels::new(gpu);
    let mut layers = BTreeMap::new();
    for layer in model.layers() {
        let (matrix, quantized) = layer?;
        layers.insert(matrix.name.clone(), kernels.upload(&quantized)?);
    }
    Ok(layers)
}

/// One row by a layer.
pub fn multiply(gpu: &Gpu, layer: &Layer, x: &[f32]) -> Result<Vec<f32>, Box<dyn Error>> {
    let (x, y) = (gpu.input(x)?, gpu.output(layer.weights().n() as usize)?);
    let mut encoder = gpu.device().create_command_encoder(&Default::default());
    layer.dispatch(
        &mut encoder.begin_compute_pass(&Default::default()),
        &x,
        &y,
        Rows::One,
    )?;
    gpu.queue().submit([encoder.finish()]);
    Ok(gpu.read(&y)?)
}
