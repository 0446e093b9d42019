//! What an exported module must compute on its host as the crates do: quantised layers, stored scales, grids, what holds of a tuning table.
//!
//! `Q4_BLESS=1 cargo test -p q4-kernel-tests --test exported` writes the file anew; `tests/browser/exported.mjs` holds the module to it.

use std::{env, fs, path::PathBuf};

use q4_kernel::{
    Decoding, LayerShape, NumericClass, Parts, Quantized, ScaleFormat, ScaleLayout, Shape, layout,
    tuning::{Entry, Measured, Table},
    wgpu,
};
use q4_kernel_codegen::{generate, spec, types::Feature};
use q4_kernel_formats::{quantize, rounded};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("browser")
}

/// Halves that round to even, signs, a short group, an odd row, groups of zeros and of weights whose scale vanishes.
fn quantized() -> Vec<Value> {
    let ramp = |n: u32, k: u32| -> Vec<f32> {
        (0..n * k)
            .map(|index| ((index * 37 % 101) as f32 - 50.0) / 17.0)
            .collect()
    };
    let layers: [(Vec<f32>, u32, u32, u32); 5] = [
        (vec![7.5, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5], 1, 7, 7),
        (vec![0.0, -0.0, 1e-45, 0.0, 1.0], 1, 5, 2),
        (ramp(5, 64), 5, 64, 32),
        (ramp(3, 33), 3, 33, 16),
        (ramp(9, 10), 9, 10, 4),
    ];
    layers
        .map(|(weights, n, k, group_size)| {
            let layer = quantize(&weights, LayerShape { n, k, group_size }).unwrap();
            json!({
                "weights": weights,
                "shape": { "n": n, "k": k, "groupSize": group_size },
                "weight": layer.weight(),
                "scales": layer.scales(),
            })
        })
        .into()
}

/// What kernels of `kernels.toml` make of scales and minimums, and which they refuse: between two values, at the ends of the range and beyond,
/// subnormal.
fn stored() -> Vec<Value> {
    let scales = [
        1.0,
        -0.012_345_678,
        1.0 + 1.0 / 2048.0,
        1.0 + 3.0 / 2048.0,
        1.0 + 1.0 / 256.0,
        1.0 + 3.0 / 256.0,
        65504.0,
        6e-8,
        3.3e-6,
        6.1e-5,
        0.999_999_94,
        0.0,
        0.5,
        448.0,
        -480.0,
        17.0,
        1.0 / 512.0,
        -3.0 / 512.0,
        15.0 / 512.0,
        1.0 / 1024.0,
        2.0_f32.powi(-126),
        2.0_f32.powi(127),
        -2.0,
        1e6,
        -1e9,
        1e-9,
    ];
    let formats = [
        ("Rounded", ScaleFormat::F16),
        ("Integers", ScaleFormat::Bf16),
        ("PowersOfTwo", ScaleFormat::E8m0),
        ("SmallFloats", ScaleFormat::E4m3),
    ];
    let mut lists: Vec<Value> = formats
        .map(|(kernel, format)| {
            let rounded = scales.map(|scale| rounded(scale, format));
            json!({ "kernel": kernel, "numbers": "scales", "given": scales, "rounded": rounded })
        })
        .into();
    let minimums = scales.map(|minimum| stored_minimum(minimum, ScaleFormat::F16));
    lists.push(json!({ "kernel": "Minimums", "numbers": "minimums", "given": scales, "rounded": minimums }));
    lists
}

fn stored_minimum(minimum: f32, format: ScaleFormat) -> Option<f32> {
    let shape = LayerShape {
        n: 1,
        k: 1,
        group_size: 1,
    };
    let numbers = |value| vec![value; layout::padded_n(1) as usize];
    let layer = Quantized::new(Parts {
        shape,
        weight: vec![0].into(),
        scales: numbers(1.0).into(),
        scale_format: ScaleFormat::F32,
        decoding: Decoding::Minimum(numbers(minimum).into()),
        bias: None,
        input_order: None,
    })
    .unwrap();
    match layer.round_scales(format).ok()?.decoding() {
        Decoding::Minimum(stored) => stored.first().copied(),
        _ => None,
    }
}

/// The grids of every variant of `kernels.toml` that browsers run.
fn grids() -> Vec<Value> {
    let path = folder().join("kernels.toml");
    let specs = spec::parse_file(&path, &fs::read_to_string(&path).unwrap()).unwrap();
    let kernels: Vec<_> = specs.iter().map(|spec| generate(spec).unwrap()).collect();
    let variants = kernels
        .iter()
        .flat_map(|kernel| kernel.variants())
        .filter(|(_, variant)| {
            let features = variant.configuration.features();
            !features.contains(&Feature::Matrix16) && !features.contains(&Feature::Matrix8)
        });
    let shapes = [(1, 1), (1, 4096), (7, 71), (16, 128_256), (513, 14_336)];
    variants
        .flat_map(|(_, variant)| {
            shapes.into_iter().flat_map(move |(m, n)| {
                [65_535, 100, 3].map(|limit| {
                    let grid = variant.configuration.geometry.dispatch().grid(m, n, limit).ok();
                    json!({ "variant": variant.name, "m": m, "n": n, "limit": limit, "grid": grid })
                })
            })
        })
        .collect()
}

/// A table of an adapter as browsers name it, and the entry that holds for shapes near and far from those that it has.
fn tuning() -> Value {
    let info = wgpu::AdapterInfo {
        name: "some architecture".to_owned(),
        ..wgpu::AdapterInfo::new(wgpu::DeviceType::Other, wgpu::Backend::BrowserWebGpu)
    };
    let shape = |m, n, k, group_size| Shape { m, n, k, group_size };
    let measured = [
        shape(1, 2048, 2048, 32),
        shape(1, 8192, 2048, 32),
        shape(1, 2048, 8192, 32),
        shape(1, 4096, 4096, 64),
        shape(16, 4096, 4096, 32),
        shape(512, 4096, 4096, 32),
        shape(2048, 4096, 4096, 32),
    ];
    let entries = measured.map(|shape| Entry {
        shape,
        numeric: NumericClass::Exact,
        scales: ScaleLayout::default(),
        // The second serves every shape, the first is none of the module's.
        candidates: [("no_such_kernel", 1500), ("gemm_64x64x8_t4x4_gx_ragged", 20_000)]
            .map(|(kind, nanoseconds)| Measured {
                kind: kind.to_owned(),
                nanoseconds,
            })
            .into(),
    });
    let table = Table::new(&info, entries.into()).unwrap();
    let asked = [
        shape(1, 2048, 2048, 32),
        shape(1, 8192, 2560, 32),
        shape(1, 1024, 7000, 32),
        shape(1, 4096, 4096, 32),
        shape(1, 128_256, 2048, 32),
        shape(1, 16_384, 4097, 64),
        shape(1, 4096, 4096, 128),
        shape(2, 2048, 2048, 32),
        shape(9, 4096, 4096, 32),
        shape(17, 4096, 4096, 32),
        shape(300, 4096, 4096, 32),
        shape(9000, 4096, 4096, 32),
    ];
    let nearest = asked.map(|asked| {
        let entry = table.nearest(asked, NumericClass::Exact, ScaleLayout::default());
        json!({ "asked": asked, "nearest": entry.map(|entry| entry.shape) })
    });
    json!({ "table": table.text(), "nearest": nearest })
}

#[test]
fn the_host_side_of_a_module_is_held_to_what_the_crates_compute() {
    let path = folder().join("host.json");
    let lines = |values: Vec<Value>| {
        let lines: Vec<_> = values.iter().map(Value::to_string).collect();
        format!("[\n{}\n]", lines.join(",\n"))
    };
    let text = format!(
        "{{\n\"quantized\": {},\n\"stored\": {},\n\"grids\": {},\n\"tuning\": {}\n}}\n",
        lines(quantized()),
        lines(stored()),
        lines(grids()),
        tuning()
    );
    if env::var("Q4_BLESS").as_deref() == Ok("1") {
        fs::write(&path, text).unwrap();
        return;
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == text,
        "tests/browser/host.json is not what the crates compute; if the change is meant, \
         run `Q4_BLESS=1 cargo test -p q4-kernel-tests --test exported`"
    );
}
