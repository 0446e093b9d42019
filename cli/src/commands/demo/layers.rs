//! Runs the demo's layers: route, compare, time.

use std::borrow::Cow;

use q4_kernel::{
    Layer, NumericClass, Routing, Shape, Tolerance,
    reference::{self, Comparison},
    wgpu,
};
use serde::Serialize;

use crate::{
    data::{DemoLayer, ToolOutputs},
    failure::Failure,
    measure::{Budget, Repetitions, Stopwatch, Times, measure},
    output::Progress,
};

/// A layer at one number of rows.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) layer: Cow<'static, str>,
    pub(super) shape: Shape,
    /// What ran.
    pub(super) variant: String,
    /// Why.
    pub(super) routing: Routing,
    pub(super) numeric: NumericClass,
    pub(super) times: Times,
    /// Weights, scales, bias, input and output, once each.
    pub(super) bytes: u64,
    pub(super) comparison: Comparison,
    pub(super) tolerance: Tolerance,
}

impl Row {
    pub(super) fn agrees(&self) -> bool {
        self.comparison.agrees()
    }
}

/// Passes that are measured; the median counts.
pub(super) const PASSES: usize = 7;

/// Runs a layer at each number of rows.
pub(super) fn run(
    uploaded: &Layer,
    stopwatch: &Stopwatch<'_>,
    layer: &DemoLayer,
    rows: &[u32],
    progress: &Progress,
) -> Result<Vec<Row>, Failure> {
    let most = rows.iter().map(|rows| *rows as usize).max().unwrap_or_default();
    progress.at(format!("{}: float64 reference", layer.name));
    // Rows repeat beyond the recorded ones, and so do their outputs.
    let expected = reference::linear(&layer.input(most.min(layer.recorded())), &layer.layer);
    rows.iter()
        .map(|&m| {
            progress.at(format!("{}: M = {m}", layer.name));
            let row = multiply(uploaded, stopwatch, layer, &expected, m);
            progress.step();
            row
        })
        .collect()
}

fn multiply(
    uploaded: &Layer,
    stopwatch: &Stopwatch<'_>,
    layer: &DemoLayer,
    expected: &[f64],
    m: u32,
) -> Result<Row, Failure> {
    let (kernel, weights) = (uploaded.kernel(), uploaded.weights());
    let gpu = kernel.gpu();
    let layer_shape = layer.layer.shape();
    let shape = Shape {
        m,
        n: layer_shape.n,
        k: layer_shape.k,
        group_size: layer_shape.group_size,
    };
    let columns = shape.n as usize;
    let outputs = m as usize * columns;
    let x = gpu.input(&layer.input(m as usize))?;
    // An output that is never written stays NaN, which agrees with nothing.
    let y = gpu.input_output(&vec![f32::NAN; outputs])?;

    let call = uploaded.prepare(&x, &y, m)?;
    let mut encoder = gpu
        .device()
        .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    call.record(&mut encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default()));
    gpu.queue().submit([encoder.finish()]);
    let got = gpu.read(&y)?;

    let routing = kernel.route(shape);
    let numeric = q4_kernel::variant(call.variant())
        .map_or_else(NumericClass::default, |variant| variant.configuration.numeric);
    let tolerance = numeric.tolerance_of(weights.encoding(), shape.k);
    let expected: Vec<f64> = expected.iter().copied().cycle().take(outputs).collect();
    let products = if tolerance.of_products > 0.0 {
        reference::products_for(&layer.input(m as usize), &layer.layer, numeric)
    } else {
        Vec::new()
    };
    Ok(Row {
        layer: layer.name.clone(),
        shape,
        variant: call.variant().to_owned(),
        routing,
        numeric,
        times: measure(
            stopwatch,
            Repetitions::Adapted,
            Budget::Passes(PASSES),
            |pass, _| {
                call.record(pass);
            },
        )?,
        bytes: weights.bytes() + x.size() + y.size(),
        comparison: reference::compare_rounded(&expected, &products, &got, columns, tolerance),
        tolerance,
    })
}

/// Our float64 reference against what the tool that quantised a layer reads out of the same bytes.
#[derive(Debug, Serialize)]
pub(super) struct Contract {
    pub(super) layer: Cow<'static, str>,
    pub(super) outputs: usize,
    /// The largest difference, relative to the largest output.
    pub(super) max_relative_to_peak: f64,
    tolerance: f64,
    pub(super) ok: bool,
}

/// Float64 on both sides, but the other side rounded its weights to f32.
const CONTRACT_TOLERANCE: f64 = 1e-6;

impl Contract {
    /// `None` for a layer without outputs of another tool.
    pub(super) fn check(layer: &DemoLayer) -> Option<Self> {
        let ToolOutputs { rows, y } = layer.outputs.as_ref()?;
        let ours = reference::linear(&layer.rows(rows), &layer.layer);
        Some(Self::compare(layer.name.clone(), &ours, y))
    }

    /// Compares outputs of a layer.
    pub(super) fn compare(layer: impl Into<Cow<'static, str>>, ours: &[f64], theirs: &[f64]) -> Self {
        let peak = theirs.iter().fold(0.0_f64, |peak, value| peak.max(value.abs()));
        let differences = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs());
        let largest = differences.fold(0.0, |largest, difference| {
            // `f64::max` would drop a NaN.
            if difference > largest || difference.is_nan() {
                difference
            } else {
                largest
            }
        });
        let max_relative_to_peak = largest / peak;
        Self {
            layer: layer.into(),
            outputs: theirs.len(),
            max_relative_to_peak,
            tolerance: CONTRACT_TOLERANCE,
            ok: ours.len() == theirs.len() && max_relative_to_peak <= CONTRACT_TOLERANCE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;

    #[test]
    fn our_reference_reads_weights_of_another_tool_as_that_tool_does() {
        let layers = data::layers().unwrap();
        let contracts: Vec<_> = layers.iter().filter_map(Contract::check).collect();
        assert_eq!(contracts.len(), 1);
        assert!(contracts[0].ok, "{contracts:?}");
        assert_eq!(contracts[0].outputs, 4 * 1536);
    }

    #[test]
    fn a_swapped_nibble_order_breaks_the_contract() {
        let mut layers = data::layers().unwrap();
        let layer = layers.iter_mut().find(|layer| layer.outputs.is_some()).unwrap();
        let swapped: Vec<u8> = layer
            .layer
            .weight()
            .iter()
            .map(|byte| byte.rotate_left(4))
            .collect();
        let bias = layer.layer.bias().map(|bias| bias.to_vec().into());
        layer.layer =
            q4_kernel::Quantized::q4gsw(layer.layer.shape(), swapped, layer.layer.scales().to_vec(), bias)
                .unwrap();
        assert!(!Contract::check(layer).unwrap().ok);
    }

    #[test]
    fn nan_and_missing_outputs_break_the_contract() {
        assert!(Contract::compare("up", &[1.0, 2.0], &[1.0, 2.0]).ok);
        assert!(!Contract::compare("up", &[f64::NAN, 2.0], &[1.0, 2.0]).ok);
        assert!(!Contract::compare("up", &[1.0], &[1.0, 2.0]).ok);
        assert!(!Contract::compare("up", &[1.0, 2.000_1], &[1.0, 2.0]).ok);
    }
}
