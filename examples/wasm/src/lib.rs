//! The typed API in a browser: the same description, kernel types and dispatch as elsewhere, with `await` where a browser makes one wait.
//!
//! Built for `wasm32-unknown-unknown`, it is the code behind `index.html` beside it. For other targets there is nothing here.
#![cfg(target_arch = "wasm32")]
// `wasm_bindgen` writes the glue that a browser calls; what is written here has no unsafe block.
#![allow(
    unsafe_code,
    reason = "the attribute of wasm-bindgen expands to exported functions"
)]

use q4_kernel::{
    Encoding, Gpu, LayerShape, Linear, Parts, Quantized, Rows, Shape, Tolerance, WeightFormat, Weights,
    conformance::{Case, Placement, check_async},
    q4_kernel, reference,
    reference::samples::{Data, Sample, sample_of},
};
use wasm_bindgen::prelude::wasm_bindgen;

q4_kernel! {
    /// A feed-forward up-projection of a small model.
    pub kernel UpProj {
        format: q4gsw { group_size: 32 },
        k: 576, n: 1536,
    }

    /// Every layer, whatever its shape.
    pub kernel Any {
        format: q4gsw,
    }

    /// Every layer with zero points, as GPTQ has them.
    pub kernel ZeroPoints {
        format: zero_point,
    }
}

/// A layer on the device of the page, ready to multiply.
#[wasm_bindgen]
pub struct Page {
    gpu: Gpu,
    up: UpProj,
    weights: Weights,
    any: Any,
    zero_points: ZeroPoints,
}

#[wasm_bindgen]
impl Page {
    /// Opens the browser's adapter, quantises a layer and uploads it.
    pub async fn open() -> Result<Page, String> {
        let gpu = Gpu::new_async().await.map_err(|error| error.to_string())?;
        let up = UpProj::new(&gpu).map_err(|error| error.to_string())?;
        let any = Any::new(&gpu).map_err(|error| error.to_string())?;
        let zero_points = ZeroPoints::new(&gpu).map_err(|error| error.to_string())?;
        let trained: Vec<f32> = (0..UpProj::N * UpProj::K)
            .map(|index| ((index * 37 % 101) as f32 - 50.0) / 500.0)
            .collect();
        let shape = LayerShape {
            n: UpProj::N,
            k: UpProj::K,
            group_size: UpProj::GROUP_SIZE,
        };
        let quantized = reference::quantize(&trained, shape).map_err(|error| error.to_string())?;
        let weights = up.upload(&quantized).map_err(|error| error.to_string())?;
        // What the browser has against a kernel it says now, and not within the first dispatch.
        gpu.settled().await?;
        Ok(Self {
            gpu,
            up,
            weights,
            any,
            zero_points,
        })
    }

    /// What the browser says of its adapter.
    #[must_use]
    pub fn adapter(&self) -> String {
        let info = self.gpu.device().adapter_info();
        let capabilities = self.gpu.capabilities();
        let features: Vec<_> = capabilities
            .features
            .iter()
            .map(|feature| feature.name())
            .collect();
        let name = if info.name.is_empty() {
            "an adapter without a name"
        } else {
            &info.name
        };
        format!(
            "{name}; features: {}",
            if features.is_empty() {
                "none".to_owned()
            } else {
                features.join(", ")
            }
        )
    }

    /// One row through the layer, as an engine decodes: the sum of its outputs.
    pub async fn decode(&self) -> Result<f32, String> {
        let x: Vec<f32> = (0..UpProj::K)
            .map(|index| ((index % 17) as f32 - 8.0) / 16.0)
            .collect();
        let x = self.gpu.input(&x).map_err(|error| error.to_string())?;
        let y = self
            .gpu
            .output(UpProj::N as usize)
            .map_err(|error| error.to_string())?;
        let mut encoder = self.gpu.device().create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        self.up
            .dispatch(&mut pass, &self.weights, &x, &y, Rows::One)
            .map_err(|error| error.to_string())?;
        drop(pass);
        self.gpu.queue().submit([encoder.finish()]);
        let y = self.gpu.read_async(&y).await.map_err(|error| error.to_string())?;
        Ok(y.iter().sum())
    }

    /// Multiplies `m` rows by a layer of this shape and compares every output with float64: the variant, the outputs, how many are wrong, and the
    /// largest difference.
    pub async fn check(
        &self,
        m: u32,
        n: u32,
        k: u32,
        group_size: u32,
        bias: bool,
    ) -> Result<Checked, String> {
        let shape = Shape { m, n, k, group_size };
        let fixed = (n, k, group_size) == (UpProj::N, UpProj::K, UpProj::GROUP_SIZE);
        let linear: &Linear = if fixed {
            self.up.linear()
        } else {
            self.any.linear()
        };
        let case = Case {
            shape,
            bias,
            data: Data::Random { seed: u64::from(m) },
            placement: Placement::Unaligned,
        };
        let outcome = check_async(linear, &case)
            .await
            .map_err(|error| error.to_string())?;
        Ok(Checked {
            variant: outcome.variant,
            outputs: outcome.comparison.elements,
            wrong: outcome.comparison.wrong + outcome.stray_writes,
            largest: outcome.comparison.max_absolute,
        })
    }

    /// As `check`, by a layer with zero points that was quantised in another order than its inputs come in: these are put in order first. The data is such that
    /// no sum is rounded, so that outputs must be those of float64 to the last bit.
    pub async fn check_reordered(&self, m: u32, n: u32, k: u32, group_size: u32) -> Result<Checked, String> {
        let shape = LayerShape { n, k, group_size };
        let format = WeightFormat {
            encoding: Encoding::ZeroPoint,
            ..WeightFormat::default()
        };
        let Sample { x, layer } =
            sample_of(format, m, shape, true, Data::Exact).ok_or("there is no such shape")?;
        let layer = Quantized::new(Parts {
            shape,
            weight: layer.weight().into(),
            scales: layer.scales().into(),
            scale_format: layer.scale_format(),
            decoding: layer.decoding().clone(),
            bias: layer.bias().map(Into::into),
            input_order: Some((0..k).rev().collect()),
        })
        .map_err(|error| error.to_string())?;
        let linear = self.zero_points.linear();
        let weights = linear.upload(&layer).map_err(|error| error.to_string())?;
        let input = self.gpu.input(&x).map_err(|error| error.to_string())?;
        let output = self
            .gpu
            .output(m as usize * n as usize)
            .map_err(|error| error.to_string())?;
        let call = linear
            .prepare(&weights, &input, &output, m)
            .map_err(|error| error.to_string())?;
        let mut encoder = self.gpu.device().create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        call.record(&mut pass);
        drop(pass);
        self.gpu.queue().submit([encoder.finish()]);
        let y = self
            .gpu
            .read_async(&output)
            .await
            .map_err(|error| error.to_string())?;
        let expected = reference::linear(&x, &layer);
        let comparison = reference::compare(&expected, &y, n as usize, Tolerance::ZERO);
        Ok(Checked {
            variant: call.variant().to_owned(),
            outputs: comparison.elements,
            wrong: comparison.wrong,
            largest: comparison.max_absolute,
        })
    }
}

/// How outputs compare with float64.
#[wasm_bindgen(getter_with_clone)]
pub struct Checked {
    /// The variant that ran.
    pub variant: String,
    /// Outputs compared.
    pub outputs: usize,
    /// Outputs beyond the tolerance, and writes beside the output.
    pub wrong: usize,
    /// The largest difference.
    pub largest: f64,
}
