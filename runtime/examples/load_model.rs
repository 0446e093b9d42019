//! Puts every 4-bit layer of a model file on the device, multiplies one row by each and compares with float64.
//!
//! ```console
//! $ cargo run --release -p q4-kernel --example load_model -- model.gguf
//! ```
//!
//! GGUF, safetensors and ONNX are told apart by their content. The file is mapped: no more than one layer is in host memory at a time. Without a file, it makes
//! itself one of a single layer.
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::{collections::BTreeMap, error::Error};

use q4_kernel::{Gpu, Kernels, Layer, Model, NumericClass, Quantized, Rows, reference};

fn main() -> Result<(), Box<dyn Error>> {
    let model = match std::env::args_os().nth(1) {
        Some(path) => Model::open(path)?,
        None => Model::from_bytes(small_file())?,
    };
    let gpu = Gpu::new()?;
    let layers = load(&gpu, &model)?;
    for layer in model.layers() {
        let (matrix, quantized) = layer?;
        let y = multiply_and_compare(&gpu, &layers[&matrix.name], &quantized)?;
        let first = &y[..y.len().min(4)];
        println!("{}: {} outputs, the first are {first:?}", matrix.name, y.len());
    }
    let bytes: u64 = layers.values().map(|layer| layer.weights().bytes()).sum();
    println!("{} layers, {bytes} bytes on the device", layers.len());
    Ok(())
}

/// Every 4-bit layer of a file on the device, by name.
pub fn load(gpu: &Gpu, model: &Model) -> Result<BTreeMap<String, Layer>, Box<dyn Error>> {
    let mut kernels = Kernels::new(gpu);
    let mut layers = BTreeMap::new();
    for layer in model.layers() {
        let (matrix, quantized) = layer?;
        layers.insert(matrix.name.clone(), kernels.upload(&quantized)?);
    }
    Ok(layers)
}

/// One row by a layer, and an error where an output is not that of float64.
pub fn multiply_and_compare(
    gpu: &Gpu,
    layer: &Layer,
    quantized: &Quantized<'_>,
) -> Result<Vec<f32>, Box<dyn Error>> {
    let k = quantized.shape().k;
    let input: Vec<f32> = (0..k).map(|k| (k * 7 % 23) as f32 / 8.0 - 1.4).collect();
    let (x, y) = (gpu.input(&input)?, gpu.output(layer.weights().n() as usize)?);
    let mut encoder = gpu.device().create_command_encoder(&Default::default());
    layer.dispatch(
        &mut encoder.begin_compute_pass(&Default::default()),
        &x,
        &y,
        Rows::One,
    )?;
    gpu.queue().submit([encoder.finish()]);
    let y = gpu.read(&y)?;

    let class = NumericClass::Exact;
    let comparison = reference::compare_rounded(
        &reference::linear(&input, quantized),
        &reference::products_for(&input, quantized, class),
        &y,
        y.len(),
        class.tolerance_of(layer.weights().encoding(), k),
    );
    if !comparison.agrees() {
        return Err(format!("outputs differ from float64: {comparison:?}").into());
    }
    Ok(y)
}

/// What a safetensors file of one layer has, 64 x 128 in groups of 32: a header behind its length, nibbles, and scales.
fn small_file() -> Vec<u8> {
    let header = r#"{"up.weight": {"dtype": "U8", "shape": [64, 64], "data_offsets": [0, 4096]}, "up.scales": {"dtype": "F32", "shape": [4, 64], "data_offsets": [4096, 5120]}}"#;
    let nibbles = (0..4096_u32).map(|index| (index * 37 % 251) as u8);
    let scales = (0..256_u16).flat_map(|index| (0.01 + f32::from(index) / 8192.0).to_le_bytes());
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.bytes());
    file.extend(nibbles.chain(scales));
    file
}
