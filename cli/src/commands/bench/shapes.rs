//! Which shapes are measured.

use q4_kernel::Shape;

use crate::{
    adapter::Device,
    cli::{Bench, Product},
};

/// The shapes to measure.
#[derive(Debug)]
pub(super) struct Shapes {
    pub(super) shapes: Vec<Shape>,
    /// Whether N and K were left to this program.
    pub(super) are_default: bool,
}

/// Layers, N x K, that models of 1 to 8 billion weights have: projections, both ways through a feed-forward block, a vocabulary.
const LAYERS: [(u32, u32); 7] = [
    (2048, 2048),
    (4096, 4096),
    (14_336, 4096),
    (4096, 14_336),
    (8192, 8192),
    (128_256, 2048),
    (128_256, 4096),
];
/// What a software adapter multiplies in no time.
const LAYERS_ON_CPU: [(u32, u32); 2] = [(512, 512), (1536, 384)];

impl Shapes {
    /// The shapes that were asked for.
    pub(super) fn of(arguments: &Bench, device: &Device) -> Self {
        let Bench {
            m,
            n,
            k,
            shapes,
            group,
            ..
        } = arguments;
        let defaults: &[(u32, u32)] = if device.runs_on_cpu() {
            &LAYERS_ON_CPU
        } else {
            &LAYERS
        };
        let are_default = shapes.is_empty() && n.is_empty();
        let products: Vec<Product> = if are_default {
            combined(defaults.iter().copied(), m)
        } else if shapes.is_empty() {
            combined(n.iter().flat_map(|&n| k.iter().map(move |&k| (n, k))), m)
        } else {
            shapes.clone()
        };
        let shapes = group.iter().flat_map(|&group_size| {
            products
                .iter()
                .map(move |&Product { m, n, k }| Shape { m, n, k, group_size })
        });
        Self {
            shapes: shapes.collect(),
            are_default,
        }
    }
}

/// Every layer with every number of rows, rows changing fastest, so that a layer's weights are made once.
fn combined(layers: impl Iterator<Item = (u32, u32)>, rows: &[u32]) -> Vec<Product> {
    layers
        .flat_map(|(n, k)| rows.iter().map(move |&m| Product { m, n, k }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_meets_every_number_of_rows() {
        let products = combined([(8, 16), (24, 32)].into_iter(), &[1, 4]);
        let factors: Vec<_> = products
            .iter()
            .map(|product| [product.m, product.n, product.k])
            .collect();
        assert_eq!(factors, [[1, 8, 16], [4, 8, 16], [1, 24, 32], [4, 24, 32]]);
    }
}
