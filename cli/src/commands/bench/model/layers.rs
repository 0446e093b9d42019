//! Random layers for the matrices of a model.

use q4_kernel::{
    LayerShape, Quantized, layout,
    reference::samples::{self, Data, Sample},
};

use crate::{architecture::Matrix, failure::Failure};

/// One random layer for each shape; the matrices of that shape are copies of it.
#[derive(Debug)]
pub(super) struct Layers(Vec<Sample>);

impl Layers {
    /// Makes them, with inputs of so many rows.
    pub(super) fn new(matrices: &[Matrix], rows: u32, seed: u64) -> Result<Self, Failure> {
        let mut samples: Vec<Sample> = Vec::new();
        for shape in shapes(matrices) {
            let sample = samples::sample(rows, shape, false, Data::Random { seed }).and_then(steady);
            samples.push(sample.ok_or_else(|| {
                let LayerShape { n, k, group_size } = shape;
                Failure::Unserved(format!(
                    "a layer of N={n} K={k} group_size={group_size} does not fit the memory of this machine; choose a smaller model"
                ))
            })?);
        }
        Ok(Self(samples))
    }

    /// The sample of a shape.
    pub(super) fn of(&self, shape: LayerShape) -> Option<&Sample> {
        self.0.iter().find(|sample| sample.layer.shape() == shape)
    }
}

/// Every shape once.
pub(super) fn shapes(matrices: &[Matrix]) -> Vec<LayerShape> {
    let mut shapes: Vec<LayerShape> = Vec::new();
    for matrix in matrices {
        if !shapes.contains(&matrix.shape) {
            shapes.push(matrix.shape);
        }
    }
    shapes
}

/// The same layer with scales at which outputs are as large as inputs: what runs through hundreds of matrices is neither lost nor infinite.
fn steady(sample: Sample) -> Option<Sample> {
    let Sample { x, layer } = sample;
    let values = f64::from(i16::from(layout::QUANT_MAX) - i16::from(layout::QUANT_MIN) + 1);
    let squares = (layout::QUANT_MIN..=layout::QUANT_MAX).map(|q| f64::from(q) * f64::from(q));
    let weight_square = squares.sum::<f64>() / values;
    // The padding is NaN.
    let (sum, count) = layer
        .scales()
        .iter()
        .filter(|scale| scale.is_finite())
        .fold((0.0, 0.0), |(sum, count), scale| {
            (sum + f64::from(*scale) * f64::from(*scale), count + 1.0)
        });
    let gain = (f64::from(layer.shape().k) * weight_square * sum / count).sqrt();
    // The mean of the nibbles is not 0, and in a row of matrices a mean grows faster than anything else: signs at random take it out. The
    // lowest bit of a random scale is a coin.
    let signed = |scale: &f32| {
        let sign = if scale.to_bits() & 1 == 0 { 1.0 } else { -1.0 };
        (sign * f64::from(*scale) / gain) as f32
    };
    let scales: Vec<f32> = layer.scales().iter().map(signed).collect();
    let layer = Quantized::q4gsw(layer.shape(), layer.weight().to_vec(), scales, None).ok()?;
    Some(Sample { x, layer })
}

#[cfg(test)]
mod tests {
    use q4_kernel::reference;

    use super::*;
    use crate::architecture::Slot;

    #[test]
    fn what_runs_through_many_matrices_keeps_its_size() {
        let shape = LayerShape {
            n: 256,
            k: 256,
            group_size: 32,
        };
        let Sample { x, layer } = samples::sample(1, shape, false, Data::Random { seed: 1 })
            .and_then(steady)
            .unwrap();
        let size = |values: &[f32]| {
            let squares = values.iter().map(|value| f64::from(*value) * f64::from(*value));
            (squares.sum::<f64>() / values.len() as f64).sqrt()
        };
        let (first, mut activations) = (size(&x), x);
        for _ in 0..20 {
            activations = reference::linear(&activations, &layer)
                .iter()
                .map(|value| *value as f32)
                .collect();
        }
        let ratio = size(&activations) / first;
        assert!((1e-3..1e3).contains(&ratio), "{ratio}");
    }

    #[test]
    fn matrices_of_a_shape_share_a_layer() {
        let matrix = |name, n| Matrix {
            name,
            shape: LayerShape {
                n,
                k: 64,
                group_size: 32,
            },
            from: Slot::Hidden,
            to: Slot::Query,
        };
        let matrices = [matrix("gate", 128), matrix("up", 128), matrix("q", 64)];
        assert_eq!(shapes(&matrices), [matrices[0].shape, matrices[2].shape]);
        let layers = Layers::new(&matrices, 2, 1).unwrap();
        assert_eq!(layers.of(matrices[1].shape).unwrap().x.len(), 2 * 64);
        assert!(
            layers
                .of(LayerShape {
                    n: 1,
                    ..matrices[0].shape
                })
                .is_none()
        );
    }
}
