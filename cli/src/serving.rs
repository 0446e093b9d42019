//! Which variants serve a shape on a device or a matrix of a file, and why the others do not.

use q4_kernel::{
    Encoding, GeneratedKernel, NumericClass, RuledOut, ScaleLayout, Shape, Variant, WeightFormat, catalogue,
    formats::Matrix, standard_of,
};
use serde::Serialize;

use crate::{adapter::Device, grouping::grouped};

/// Variants that do not run, and why.
#[derive(Debug, Serialize)]
pub(crate) struct Skipped {
    pub(crate) reason: String,
    pub(crate) variants: Vec<&'static str>,
}

/// What keeps a variant from serving a shape on a device; `None` if nothing does.
pub(crate) fn ruled_out(device: &Device, variant: &Variant, shape: Shape) -> Option<RuledOut> {
    let fits = device.gpu.capabilities().check(variant).map_err(RuledOut::Device);
    fits.and_then(|()| {
        variant
            .configuration
            .constraints()
            .check(shape)
            .map_err(RuledOut::Shape)
    })
    .err()
}

/// The kernel for layers of any shape, where it is what runs for those who ask for nothing else: for exact arithmetic, with scales as they came.
pub(crate) fn standard_for(
    encoding: Encoding,
    scales: ScaleLayout,
    numeric: NumericClass,
) -> Option<GeneratedKernel> {
    let standard = standard_of(WeightFormat {
        encoding,
        scales: scales.format,
    });
    (numeric == NumericClass::Exact && standard.scales == scales).then_some(standard)
}

/// Variants of the catalogue that multiply one row, a few or many by a matrix as it is: whose nibbles mean the same, and whose scales hold those of
/// the file.
pub(crate) fn variants_for(matrix: &Matrix) -> impl Iterator<Item = &'static Variant> {
    let known = matrix.weights.zip(matrix.group_size);
    let &Matrix { n, k, .. } = matrix;
    catalogue().iter().filter(move |variant| {
        let configuration = variant.configuration;
        let stored = WeightFormat {
            encoding: configuration.encoding,
            scales: configuration.scales.format,
        };
        let constraints = configuration.constraints();
        known.is_some_and(|(weights, group_size)| {
            let serves = |m| constraints.check(Shape { m, n, k, group_size }).is_ok();
            weights.is_held_by(stored) && [1, 4, 128].into_iter().any(serves)
        })
    })
}

/// Variants by reason, each once however many shapes it was refused for.
pub(crate) fn skipped(refused: Vec<(String, &'static str)>) -> Vec<Skipped> {
    let reasons = grouped(refused).into_iter();
    let each_once = |(reason, names): (String, Vec<&'static str>)| Skipped {
        reason,
        variants: grouped(names.into_iter().map(|name| (name, ())))
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
    };
    reasons.map(each_once).collect()
}

/// The first few lines, and how many there are more.
pub(crate) fn first_lines(lines: &[String]) -> String {
    const SHOWN: usize = 8;
    let mut text = lines[..lines.len().min(SHOWN)].join("\n");
    if lines.len() > SHOWN {
        text.push_str(&format!("\n  and {} more", lines.len() - SHOWN));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use q4_kernel::ScaleFormat;

    #[test]
    fn a_matrix_is_served_by_its_encoding_and_by_scales_that_hold_its_own() {
        let matrix = |encoding, scales| Matrix {
            name: String::new(),
            format: String::new(),
            n: 64,
            k: 384,
            group_size: Some(32),
            weights: Some(WeightFormat { encoding, scales }),
            bias: false,
            bytes: 0,
        };
        for encoding in Encoding::ALL {
            let scales = |format| -> Vec<ScaleFormat> {
                let mut formats: Vec<_> = variants_for(&matrix(encoding, format))
                    .map(|variant| {
                        assert_eq!(variant.configuration.encoding, encoding);
                        variant.configuration.scales.format
                    })
                    .collect();
                formats.sort_by_key(|format| format.name());
                formats.dedup();
                formats
            };
            assert_eq!(scales(ScaleFormat::F32), [ScaleFormat::F32], "{encoding}");
            assert!(
                !scales(ScaleFormat::F16).contains(&ScaleFormat::Bf16),
                "{encoding}: halves would be rounded"
            );
        }
        let floats = Matrix {
            weights: None,
            group_size: None,
            ..matrix(Encoding::Symmetric, ScaleFormat::F32)
        };
        assert_eq!(variants_for(&floats).count(), 0);
    }

    #[test]
    fn a_variant_is_noted_once_under_each_reason() {
        let refused = [("M is 5", "a"), ("M is 5", "b"), ("M is 7", "a"), ("M is 5", "a")];
        let skipped = skipped(refused.map(|(reason, name)| (reason.to_owned(), name)).to_vec());
        let noted: Vec<_> = skipped
            .iter()
            .map(|skipped| (skipped.reason.as_str(), skipped.variants.as_slice()))
            .collect();
        assert_eq!(noted, [("M is 5", &["a", "b"][..]), ("M is 7", &["a"][..])]);
    }

    #[test]
    fn a_long_list_is_cut_and_says_so() {
        let lines: Vec<String> = (0..10).map(|line| format!("  {line}")).collect();
        assert_eq!(first_lines(&lines[..2]), "  0\n  1");
        assert!(first_lines(&lines).ends_with("  7\n  and 2 more"));
    }
}
