//! What weights must be before anything multiplies by them.

use std::borrow::Cow;

use q4_kernel_types::layout;

use super::{Codebook, Decoding, LayerShape, LayoutError};

pub(super) fn check_decoding(decoding: &Decoding<'_>, shape: LayerShape) -> Result<(), LayoutError> {
    let LayerShape { n, k, group_size } = shape;
    let padded_n = layout::padded_n(n);
    let expected = layout::scale_count(n, k, group_size);
    let groups = layout::groups(k, group_size);
    match decoding {
        Decoding::ZeroPoint(zeros) if length(zeros) != expected => Err(LayoutError::ZeroPointLength {
            given: zeros.len(),
            expected,
            groups,
            padded_n,
        }),
        Decoding::Minimum(minimums) if length(minimums) != expected => Err(LayoutError::MinimumLength {
            given: minimums.len(),
            expected,
            groups,
            padded_n,
        }),
        Decoding::Minimum(minimums) => match not_finite(minimums, n, padded_n) {
            Some((group, column, value)) => Err(LayoutError::MinimumNotFinite { group, column, value }),
            None => Ok(()),
        },
        Decoding::Codebook(Codebook { levels, tensor_scale }) => {
            let scaled = levels.map(|level| level * tensor_scale);
            match scaled.iter().position(|level| !level.is_finite()) {
                Some(level) => Err(LayoutError::LevelNotFinite {
                    level,
                    value: scaled[level],
                }),
                None => Ok(()),
            }
        }
        Decoding::Symmetric | Decoding::ZeroPoint(_) => Ok(()),
    }
}

/// Whether every input feature is named once.
pub(super) fn check_input_order(order: &[u32], k: u32) -> Result<(), LayoutError> {
    let refused = || LayoutError::InputOrder {
        given: order.len(),
        k,
    };
    if length(order) != u64::from(k) {
        return Err(refused());
    }
    let mut named = vec![false; order.len()];
    for feature in order {
        match named.get_mut(*feature as usize) {
            Some(seen) if !*seen => *seen = true,
            _ => return Err(refused()),
        }
    }
    Ok(())
}

pub(super) fn not_finite(values: &[f32], n: u32, padded_n: u64) -> Option<(u64, u64, f32)> {
    first_used(values, n, padded_n, |value| !value.is_finite())
}

/// The group, column and value of the first one that is wrong. Padding is not looked at: no kernel stores a column that it belongs to.
pub(super) fn first_used(
    values: &[f32],
    n: u32,
    padded_n: u64,
    wrong: impl Fn(f32) -> bool,
) -> Option<(u64, u64, f32)> {
    let groups = values.chunks(usize::try_from(padded_n).unwrap_or(usize::MAX).max(1));
    (0..).zip(groups).find_map(|(group, values)| {
        let (column, value) = (0..u64::from(n)).zip(values).find(|(_, value)| wrong(**value))?;
        Some((group, column, *value))
    })
}

pub(super) fn check_bias(bias: Cow<'_, [f32]>, n: u32, padded_n: u64) -> Result<Cow<'_, [f32]>, LayoutError> {
    if length(&bias) != u64::from(n) && length(&bias) != padded_n {
        return Err(LayoutError::BiasLength { given: bias.len(), n });
    }
    let used = bias.len().min(usize::try_from(n).unwrap_or(usize::MAX));
    if let Some(column) = bias[..used].iter().position(|value| !value.is_finite()) {
        return Err(LayoutError::BiasNotFinite {
            column,
            value: bias[column],
        });
    }
    Ok(match bias {
        Cow::Borrowed(values) => Cow::Borrowed(&values[..used]),
        Cow::Owned(mut values) => {
            values.truncate(used);
            Cow::Owned(values)
        }
    })
}

/// A length in the arithmetic of layouts.
pub(super) fn length<T>(slice: &[T]) -> u64 {
    slice.len() as u64
}
