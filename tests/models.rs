//! Files of models become layers that multiply as the files say.

#[path = "../runtime/examples/load_model.rs"]
#[allow(dead_code, reason = "its `main` is for people")]
mod load_model;

#[path = "../formats/tests/support/mod.rs"]
mod files;

use std::path::{Path, PathBuf};

use q4_kernel::{Layer, Model, q4_kernel};
use q4_kernel_tests::gpu;

/// Files of the readers' own tests, one for each format that llama.cpp has in four bits of its own making.
const FILES: [&str; 4] = ["q4_1", "iq4_nl", "mxfp4", "nvfp4"];

fn file(format: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../formats/tests/data/minilm-l0-{format}.gguf"))
}

#[test]
fn the_example_loads_every_layer_of_a_file_and_multiplies_by_it() {
    let gpu = gpu();
    for format in FILES {
        let model = Model::from_gguf(file(format)).unwrap();
        let layers = load_model::load(&gpu, &model).unwrap();
        let mut count = 0;
        for layer in model.layers() {
            let (matrix, quantized) = layer.unwrap();
            load_model::multiply_and_compare(&gpu, &layers[&matrix.name], &quantized).unwrap();
            count += 1;
        }
        assert_eq!((count, layers.len()), (2, 2), "{format}");
    }
}

#[test]
fn layers_of_one_format_share_their_kernel() {
    let gpu = gpu();
    let layers = load_model::load(&gpu, &Model::open(file("mxfp4")).unwrap()).unwrap();
    let names: Vec<_> = layers
        .values()
        .map(|layer| std::ptr::from_ref(layer.kernel().kernel().name.as_ref()))
        .collect();
    assert_eq!(names[0], names[1]);
}

#[test]
fn a_file_without_layers_of_four_bits_has_none_to_upload() {
    let model = Model::open(file("f16")).unwrap();
    assert!(load_model::load(&gpu(), &model).unwrap().is_empty());
}

/// Runs every layer of a file through a kernel that is described as its format.
macro_rules! runs_as {
    ($path:expr, { $($format:tt)* }) => {{
        q4_kernel! {
            kernel Described { format: $($format)* }
        }
        let gpu = gpu();
        let path = $path;
        let kernel = Described::new(&gpu).unwrap();
        let model = Model::open(&path).unwrap();
        for layer in model.layers() {
            let (matrix, quantized) = layer.unwrap();
            let layer = Layer::upload(kernel.linear(), &quantized).unwrap_or_else(|error| {
                panic!("{} {}: {error}", path.display(), matrix.name)
            });
            let scales = layer.weights().scales().format;
            assert_eq!(scales, quantized.format().scales, "kernels read the file's own scales");
            load_model::multiply_and_compare(&gpu, &layer, &quantized).unwrap();
        }
    }};
}

#[test]
fn kernels_that_are_described_as_a_file_format_multiply_by_its_layers() {
    runs_as!(file("q4_1"), { gguf_q4_1 });
    runs_as!(file("iq4_nl"), { gguf_iq4_nl });
    runs_as!(file("mxfp4"), { mxfp4 });
    runs_as!(file("nvfp4"), { nvfp4 });
}

#[test]
fn small_originals_run_in_kernels_that_are_described_as_their_format() {
    let of = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/tests/originals");
        folder.join(name)
    };
    runs_as!(of("bitsandbytes-fp4"), { fp4 { group_size: 64 } });
    runs_as!(of("bitsandbytes-fp4-double"), { fp4 { group_size: 64 } });
    runs_as!(of("bitsandbytes-nf4-block128"), { nf4 { group_size: 128 } });
    runs_as!(of("compressed-tensors-sharded"), {
        compressed_tensors { group_size: 128 }
    });
    runs_as!(of("compressed-tensors-0.8-sym-ordered"), {
        compressed_tensors { group_size: 64 }
    });
    runs_as!(of("compressed-tensors-mxfp4"), { mxfp4 });
    runs_as!(of("gptq-v2"), { gptq { group_size: 32 } });
    runs_as!(of("awq-auto-round"), { awq { group_size: 64 } });
    runs_as!(of("mlx-nvfp4"), { nvfp4 });
    runs_as!(of("onnx-int4-blocks.onnx"), { onnx { group_size: 32 } });
}

#[test]
fn kernels_that_are_described_as_a_tools_format_multiply_by_what_it_wrote() {
    let Some(folder) = files::fixtures() else {
        return;
    };
    let of = |name: &str| folder.join(name).join("model.safetensors");
    runs_as!(folder.join("gguf/minilm-l0-q4_0.gguf"), { gguf_q4_0 });
    runs_as!(of("mlx/mlx-g64-f16"), { mlx { group_size: 64 } });
    runs_as!(of("mlx/mlx-g32-bf16"), {
        mlx {
            group_size: 32,
            scales: bf16,
        }
    });
    runs_as!(of("mlx/mlx-mxfp4"), { mxfp4 });
    runs_as!(of("awq/awq-g128"), { awq { group_size: 128 } });
    runs_as!(of("bitsandbytes/bnb-nf4"), { nf4 { group_size: 64 } });
    // Of one format, with zero points and without.
    runs_as!(of("gptq/gptq-asym-g32"), { gptq { group_size: 32 } });
    runs_as!(of("gptq/gptq-sym-g128"), { gptq { group_size: 128 } });
    runs_as!(folder.join("onnx/onnx-asym-b32.onnx"), {
        onnx { group_size: 32 }
    });
    runs_as!(folder.join("onnx/onnx-sym-b32.onnx"), { onnx { group_size: 32 } });
}
