//! Some outputs of a multiplication against float64. `q4 check` compares all; here shapes are too large for that.

use std::{borrow::Cow, ops::Range};

use q4_kernel::{
    Configuration, Decoding, LayerShape, LayoutError, NumericClass, Parts, Quantized, ScaleFormat, layout,
    reference::{self, Comparison},
};

/// What some outputs should be.
#[derive(Debug)]
pub(crate) struct Expected {
    rows: Vec<u32>,
    columns: Vec<u32>,
    /// The chosen rows of the input.
    x: Vec<f32>,
    /// The chosen columns of the layer, as a layer of their own.
    layer: Quantized<'static>,
    /// `[rows, columns]`, with the scales as they are.
    y: Vec<f64>,
    /// The products behind `y`, and where the encoding is affine, those of its terms.
    products: Vec<f64>,
    terms: Vec<f64>,
    /// Root of the mean square of `y`.
    rms: f64,
    /// Columns of the whole output.
    n: u32,
}

/// Some outputs against what they should be.
#[derive(Clone, Debug)]
pub(crate) struct Accuracy {
    /// Row and column of its first wrong element are those of the whole output.
    pub(crate) comparison: Comparison,
    pub(crate) tolerance: q4_kernel::Tolerance,
    /// The largest error, relative to the root of the mean square of the outputs.
    pub(crate) relative_to_rms: f64,
}

/// Columns that are compared, at most.
const COLUMNS: u32 = 256;
/// Rows that are compared, at most: a tile of rows and one beyond, so that every place in a tile is met.
const ROWS: u32 = 65;

impl Expected {
    /// The product of `x[M, K]` and a layer at rows and columns spread evenly over it.
    ///
    /// # Errors
    /// None, for a layer that keeps its contract.
    pub(crate) fn new(x: &[f32], layer: &Quantized<'_>) -> Result<Self, LayoutError> {
        let shape = layer.shape();
        let k = shape.k as usize;
        let m = u32::try_from(x.len() / k).unwrap_or(u32::MAX);
        let (rows, columns) = (spread(0..m, ROWS), spread(0..shape.n, COLUMNS));
        let some: Vec<f32> = rows
            .iter()
            .flat_map(|row| &x[*row as usize * k..][..k])
            .copied()
            .collect();
        let layer = columns_of(layer, &columns)?;
        let y = reference::linear(&some, &layer);
        let mean_square = y.iter().map(|value| value * value).sum::<f64>() / y.len() as f64;
        Ok(Self {
            rows,
            columns,
            products: reference::products(&some, &layer),
            terms: if layer.decoding().encoding().is_affine() {
                reference::terms(&some, &layer)
            } else {
                Vec::new()
            },
            x: some,
            layer,
            y,
            rms: mean_square.sqrt(),
            n: shape.n,
        })
    }

    /// Compares a whole output `[M, N]` of a kernel. Where it reads scales of another format, the product with those is expected.
    pub(crate) fn compare(&self, got: &[f32], kernel: Configuration) -> Accuracy {
        let some: Vec<f32> = self
            .rows
            .iter()
            .flat_map(|row| self.columns.iter().map(move |column| (*row, *column)))
            .map(|(row, column)| {
                let index = u64::from(row) * u64::from(self.n) + u64::from(column);
                // What is missing agrees with nothing.
                usize::try_from(index)
                    .ok()
                    .and_then(|index| got.get(index))
                    .copied()
                    .unwrap_or(f32::NAN)
            })
            .collect();
        let tolerance = kernel.tolerance(self.layer.shape().k);
        let products = match kernel.numeric {
            NumericClass::Exact => &self.terms,
            _ => &self.products,
        };
        let y = match kernel.scales.format {
            ScaleFormat::F32 => Cow::Borrowed(&self.y),
            // An upload with scales that the format cannot hold was refused before.
            format => self
                .layer
                .round_scales(format)
                .map_or(Cow::Borrowed(&self.y), |layer| {
                    Cow::Owned(reference::linear(&self.x, &layer))
                }),
        };
        let mut comparison = reference::compare_rounded(&y, products, &some, self.columns.len(), tolerance);
        if let Some(first) = &mut comparison.first_wrong {
            first.m = self.rows[first.m] as usize;
            first.n = self.columns[first.n] as usize;
        }
        Accuracy {
            comparison,
            tolerance,
            relative_to_rms: comparison.max_absolute / self.rms,
        }
    }
}

/// Some columns of a layer, as a layer of their own.
fn columns_of(layer: &Quantized<'_>, columns: &[u32]) -> Result<Quantized<'static>, LayoutError> {
    let shape = layer.shape();
    let n = columns.len() as u32;
    let row = layout::packed_k(shape.k) as usize;
    let weight: Vec<u8> = columns
        .iter()
        .flat_map(|column| &layer.weight()[*column as usize * row..][..row])
        .copied()
        .collect();
    let [own, all] = [n, shape.n].map(|n| layout::padded_n(n) as usize);
    let decoding = match layer.decoding() {
        Decoding::ZeroPoint(zeros) => Decoding::ZeroPoint(of_groups(zeros, all, columns, own).into()),
        Decoding::Minimum(minimums) => Decoding::Minimum(of_groups(minimums, all, columns, own).into()),
        Decoding::Symmetric => Decoding::Symmetric,
        Decoding::Codebook(codebook) => Decoding::Codebook(*codebook),
    };
    let bias = layer
        .bias()
        .map(|bias| columns.iter().map(|column| bias[*column as usize]).collect());
    Quantized::new(Parts {
        shape: LayerShape { n, ..shape },
        weight: weight.into(),
        scales: of_groups(layer.scales(), all, columns, own).into(),
        scale_format: layer.scale_format(),
        decoding,
        bias,
        input_order: layer.input_order().map(|order| order.to_vec().into()),
    })
}

/// Of each group's numbers, one for each of `all` columns, those of some columns, padded to `own`.
fn of_groups<T: Copy + Default>(numbers: &[T], all: usize, columns: &[u32], own: usize) -> Vec<T> {
    numbers
        .chunks_exact(all)
        .flat_map(|group| {
            let padding = std::iter::repeat_n(T::default(), own - columns.len());
            columns
                .iter()
                .map(|column| group[*column as usize])
                .chain(padding)
        })
        .collect()
}

/// At most so many numbers of a range, evenly, with its first and its last.
fn spread(range: Range<u32>, most: u32) -> Vec<u32> {
    let length = range.end - range.start;
    if length <= most {
        return range.collect();
    }
    let last = u64::from(length - 1);
    (0..most)
        .map(|index| range.start + (u64::from(index) * last / u64::from(most - 1)) as u32)
        .collect()
}

#[cfg(test)]
mod tests {
    use q4_kernel::{LayerShape, reference::samples};

    use super::*;

    const SHAPE: LayerShape = LayerShape {
        n: 1000,
        k: 64,
        group_size: 32,
    };

    fn exact() -> Configuration {
        q4_kernel::variant("coop4_w64_c1_g32_shared")
            .unwrap()
            .configuration
    }

    #[test]
    fn scales_of_another_format_are_expected_as_that_rounds_them() {
        let sample = samples::sample(1, SHAPE, true, samples::Data::Random { seed: 3 }).unwrap();
        let expected = Expected::new(&sample.x, &sample.layer).unwrap();
        let rounded = sample.layer.round_scales(ScaleFormat::Bf16).unwrap();
        let y: Vec<f32> = reference::linear(&sample.x, &rounded)
            .iter()
            .map(|value| *value as f32)
            .collect();
        let bf16 = q4_kernel::variant("gemv_w128_c8_g32_shared_sbf16")
            .unwrap()
            .configuration;
        assert!(expected.compare(&y, bf16).comparison.agrees());
        assert!(!expected.compare(&y, exact()).comparison.agrees());
    }

    #[test]
    fn what_is_compared_is_spread_from_the_first_to_the_last() {
        assert_eq!(spread(0..3, 256), [0, 1, 2]);
        let columns = spread(0..128_256, 256);
        assert_eq!((columns.len(), columns[0], columns[255]), (256, 0, 128_255));
        assert!(
            columns
                .windows(2)
                .all(|pair| (502..=503).contains(&(pair[1] - pair[0])))
        );
        assert_eq!(spread(0..u32::MAX, 256)[255], u32::MAX - 1);
    }

    #[test]
    fn a_wrong_output_is_found_and_named_by_its_place_in_the_whole() {
        let sample = samples::sample(70, SHAPE, false, samples::Data::Exact).unwrap();
        let expected = Expected::new(&sample.x, &sample.layer).unwrap();
        let mut y: Vec<f32> = reference::linear(&sample.x, &sample.layer)
            .iter()
            .map(|value| *value as f32)
            .collect();
        let accuracy = expected.compare(&y, exact());
        assert!(accuracy.comparison.agrees());
        assert_eq!(accuracy.relative_to_rms, 0.0);

        let last = y.len() - 1;
        y[last] += 100.0;
        let wrong = expected.compare(&y, exact());
        let first = wrong.comparison.first_wrong.unwrap();
        assert_eq!((first.m, first.n, wrong.comparison.wrong), (69, 999, 1));
        assert!(wrong.relative_to_rms > 1.0);
    }

    #[test]
    fn outputs_that_are_missing_are_wrong() {
        let sample = samples::sample(1, SHAPE, false, samples::Data::Exact).unwrap();
        let expected = Expected::new(&sample.x, &sample.layer).unwrap();
        let accuracy = expected.compare(&[], exact());
        assert_eq!(accuracy.comparison.wrong, 256);
        assert!(accuracy.relative_to_rms.is_nan());
    }
}
