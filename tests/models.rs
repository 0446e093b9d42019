//! Files of models become layers that multiply as the files say.

#[path = "../runtime/examples/load_model.rs"]
#[allow(dead_code, reason = "its `main` is for people")]
mod load_model;

use std::path::{Path, PathBuf};

use q4_kernel::{Gpu, Layer, Model, NumericClass, Quantized, q4_kernel, reference};
use q4_kernel_tests::gpu;

/// Files of the readers' own tests, one for each format that llama.cpp has in four bits of its own making.
const FILES: [&str; 4] = ["q4_1", "iq4_nl", "mxfp4", "nvfp4"];

fn file(format: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../formats/tests/data/minilm-l0-{format}.gguf"))
}

fn input(k: u32) -> Vec<f32> {
    (0..k).map(|k| (k * 7 % 23) as f32 / 8.0 - 1.4).collect()
}

/// Holds one row by a layer on the device to the product in float64.
fn multiplies_as(layer: &Layer, gpu: &Gpu, quantized: &Quantized<'_>) {
    let x = input(quantized.shape().k);
    let y = load_model::multiply(gpu, layer, &x).unwrap();
    let class = NumericClass::Exact;
    let tolerance = class.tolerance_of(quantized.format().encoding, quantized.shape().k);
    let comparison = reference::compare_rounded(
        &reference::linear(&x, quantized),
        &reference::products_for(&x, quantized, class),
        &y,
        y.len(),
        tolerance,
    );
    assert!(comparison.agrees(), "{comparison:?}");
}

#[test]
fn the_example_loads_every_layer_of_a_file_and_multiplies_by_it() {
    let gpu = gpu();
    for format in FILES {
        let layers = load_model::load(&gpu, &file(format)).unwrap();
        let model = Model::from_gguf(file(format)).unwrap();
        let mut count = 0;
        for layer in model.layers() {
            let (matrix, quantized) = layer.unwrap();
            multiplies_as(&layers[&matrix.name], &gpu, &quantized);
            count += 1;
        }
        assert_eq!((count, layers.len()), (2, 2), "{format}");
    }
}

#[test]
fn layers_of_one_format_share_their_kernel() {
    let gpu = gpu();
    let layers = load_model::load(&gpu, &file("mxfp4")).unwrap();
    let names: Vec<_> = layers
        .values()
        .map(|layer| std::ptr::from_ref(layer.kernel().kernel().name.as_ref()))
        .collect();
    assert_eq!(names[0], names[1]);
}

#[test]
fn a_file_without_layers_of_four_bits_has_none_to_upload() {
    assert!(load_model::load(&gpu(), &file("f16")).unwrap().is_empty());
}

/// The one layer of a file that a kernel was described for.
macro_rules! described {
    ($kernel:ident, $file:expr) => {
        let gpu = gpu();
        let model = Model::open(file($file)).unwrap();
        for layer in model.layers() {
            let (_, quantized) = layer.unwrap();
            let kernel = $kernel::new(&gpu).unwrap();
            let weights = kernel.upload(&quantized).unwrap();
            let scales = weights.scales().format;
            assert_eq!(
                scales,
                quantized.scale_format(),
                "kernels read the file's own scales"
            );
        }
    };
}

#[test]
fn kernels_that_are_described_as_a_file_format_take_its_layers() {
    q4_kernel! {
        kernel OfQ4_1 { format: gguf_q4_1 }
        kernel OfIq4Nl { format: gguf_iq4_nl }
        kernel OfMxfp4 { format: mxfp4 }
        kernel OfNvfp4 { format: nvfp4 }
    }
    described!(OfQ4_1, "q4_1");
    described!(OfIq4Nl, "iq4_nl");
    described!(OfMxfp4, "mxfp4");
    described!(OfNvfp4, "nvfp4");
}
