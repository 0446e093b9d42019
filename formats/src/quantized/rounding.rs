//! Scales in formats that do not hold them all.

use q4_kernel_types::{ScaleFormat, layout};

use super::{Decoding, LayerShape, LayoutError, Quantized, check::first_used};
use crate::scale;

impl Quantized<'_> {
    /// Rounds the scales, and minimums beside them, to a format, as an upload for kernels with such scales does: what such kernels compute is
    /// the product with these weights.
    ///
    /// # Errors
    /// As [`Quantized::check_scales_as`].
    pub fn round_scales(&self, format: ScaleFormat) -> Result<Quantized<'static>, LayoutError> {
        self.check_scales_as(format)?;
        let round = |value: &f32| scale::rounded(*value, format).unwrap_or_default();
        let scales = self.scales.iter().map(round).collect();
        let decoding = match &self.decoding {
            Decoding::Minimum(minimums) => Decoding::Minimum(
                minimums
                    .iter()
                    .map(|minimum| scale::nearest(*minimum, format))
                    .collect(),
            ),
            other => other.clone().into_owned(),
        };
        Ok(Quantized {
            scales,
            scale_format: format,
            decoding,
            ..self.clone().into_owned()
        })
    }

    /// Whether a format holds every scale and every minimum that is used.
    ///
    /// # Errors
    /// If a scale would become infinite or vanish, or a minimum infinite, or if either would have to be rounded to 8 bits.
    pub fn check_scales_as(&self, format: ScaleFormat) -> Result<(), LayoutError> {
        match self.scale_out_of_range(|value| scale::rounded(value, format).is_some()) {
            Some((group, column, value)) => Err(LayoutError::ScaleOutOfRange {
                group,
                column,
                value,
                format,
            }),
            None => self.check_minimums_as(format),
        }
    }

    /// Minimums may vanish: beside what a nibble adds, so little does not matter.
    fn check_minimums_as(&self, format: ScaleFormat) -> Result<(), LayoutError> {
        let Decoding::Minimum(minimums) = &self.decoding else {
            return Ok(());
        };
        let LayerShape { n, .. } = self.shape;
        let lost = |value: f32| format.bytes() == 1 || !scale::nearest(value, format).is_finite();
        match first_used(minimums, n, layout::padded_n(n), lost) {
            Some((group, column, value)) => Err(LayoutError::MinimumOutOfRange {
                group,
                column,
                value,
                format,
            }),
            None => Ok(()),
        }
    }

    /// The first scale that is used and that `holds` refuses.
    pub(super) fn scale_out_of_range(&self, holds: impl Fn(f32) -> bool) -> Option<(u64, u64, f32)> {
        first_used(
            &self.scales,
            self.shape.n,
            layout::padded_n(self.shape.n),
            |value| !holds(value),
        )
    }
}
