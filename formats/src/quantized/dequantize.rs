//! The weights that a layer stands for, to the last bit.

use q4_kernel_types::layout;

use crate::{Codebook, Decoding, LayerShape, Quantized};

impl Quantized<'_> {
    /// The `K` weights of one output feature in the order of the input's features, in the f32 arithmetic of the format: what the tool that wrote
    /// the file dequantises. `None` if there is no such column.
    #[must_use]
    pub fn dequantized_row(&self, column: u32) -> Option<Vec<f32>> {
        let LayerShape { n, k, group_size } = self.shape();
        if column >= n {
            return None;
        }
        let padded_n = layout::padded_n(n) as usize;
        let row_bytes = layout::packed_k(k) as usize;
        let row = &self.weight()[column as usize * row_bytes..][..row_bytes];
        let mut weights = vec![0.0; k as usize];
        for stored in 0..k as usize {
            let q = row[stored / 2] >> (layout::BITS * (stored as u32 % 2)) & 0xF;
            let at = stored / group_size as usize * padded_n + column as usize;
            let feature = self.input_order().map_or(stored, |order| order[stored] as usize);
            weights[feature] = self.decode(q, at);
        }
        Some(weights)
    }

    /// A nibble with the numbers of the group and column that lie at an index.
    fn decode(&self, q: u8, at: usize) -> f32 {
        let scale = self.scales()[at];
        match self.decoding() {
            Decoding::Symmetric => scale * (f32::from(q) - f32::from(layout::ZERO_POINT)),
            Decoding::ZeroPoint(zeros) => scale * (f32::from(q) - f32::from(zeros[at])),
            Decoding::Minimum(minimums) => {
                let product = scale * f32::from(q);
                product + minimums[at]
            }
            Decoding::Codebook(Codebook { levels, tensor_scale }) => {
                levels[usize::from(q)] * scale * tensor_scale
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use q4_kernel_types::ScaleFormat;

    use super::*;
    use crate::Parts;

    /// N = 1, K = 4, groups of 2: nibbles 1, 2, 15, 0.
    fn layer(decoding: Decoding<'static>, input_order: Option<Vec<u32>>) -> Quantized<'static> {
        Quantized::new(Parts {
            shape: LayerShape {
                n: 1,
                k: 4,
                group_size: 2,
            },
            weight: vec![0x21, 0x0F].into(),
            scales: vec![0.5, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0].into(),
            scale_format: ScaleFormat::E8m0,
            decoding,
            bias: None,
            input_order: input_order.map(Into::into),
        })
        .unwrap()
    }

    #[test]
    fn every_encoding_is_its_formula() {
        let weights = |decoding| layer(decoding, None).dequantized_row(0).unwrap();
        assert_eq!(weights(Decoding::Symmetric), [-3.5, -3.0, 14.0, -16.0]);
        let zeros = vec![1, 0, 0, 0, 16, 0, 0, 0];
        assert_eq!(
            weights(Decoding::ZeroPoint(zeros.into())),
            [0.0, 0.5, -2.0, -32.0]
        );
        let minimums = vec![-1.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0];
        assert_eq!(
            weights(Decoding::Minimum(minimums.into())),
            [-0.5, 0.0, 33.0, 3.0]
        );
        let mut codebook = Codebook {
            levels: [0.0; 16],
            tensor_scale: 10.0,
        };
        codebook.levels[1] = 1.0;
        codebook.levels[15] = -6.0;
        assert_eq!(weights(Decoding::Codebook(codebook)), [5.0, 0.0, -120.0, 0.0]);
    }

    #[test]
    fn weights_stand_where_the_input_has_their_feature() {
        let ordered = layer(Decoding::Symmetric, Some(vec![2, 0, 3, 1]));
        assert_eq!(ordered.dequantized_row(0).unwrap(), [-3.0, -16.0, -3.5, 14.0]);
        assert_eq!(ordered.dequantized_row(1), None);
    }
}
