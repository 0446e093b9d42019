//! What a kernel must read and multiply, by its configuration alone.

use core::fmt;

use crate::{Configuration, Dispatch, GroupSize, WeightFormat, layout::BITS};

/// What a kernel must read and multiply for its weights, whatever the device: what caches spare and what instructions it takes is counted by emulation.
///
/// Every weight is multiplied by each row of the input once, and read once for as many rows as a workgroup has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Work {
    /// The weights.
    pub weights: WeightFormat,
    /// The group size, if it is a constant of the kernel.
    pub group_size: GroupSize,
    /// Rows that one reading of the weights serves.
    pub rows: u32,
}

impl Configuration {
    /// What the kernel must read and multiply.
    #[must_use]
    pub fn work(&self) -> Work {
        Work {
            weights: self.weight_format(),
            group_size: self.group_size,
            rows: match self.geometry.dispatch() {
                Dispatch::Folded { rows, .. } => rows,
                Dispatch::GridStride { .. } | Dispatch::Persistent { .. } | Dispatch::Dealt { .. } => {
                    self.constraints().rows.most()
                }
            },
        }
    }
}

impl Work {
    /// Bytes of a weight with its share of the numbers of its group, where the group is whole; `None` where the group size comes at run time.
    #[must_use]
    pub fn bytes_per_weight(&self) -> Option<f64> {
        match self.group_size {
            GroupSize::Fixed(size) => {
                Some(nibble_bytes() + f64::from(self.weights.group_bytes()) / f64::from(size))
            }
            GroupSize::Runtime => None,
        }
    }
}

fn nibble_bytes() -> f64 {
    f64::from(BITS) / f64::from(u8::BITS)
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = self.weights.group_bytes();
        let s = if group == 1 { "" } else { "s" };
        match self.bytes_per_weight() {
            Some(bytes) => write!(
                f,
                "{bytes} bytes for each weight ({group} byte{s} for each group)"
            )?,
            None => write!(
                f,
                "{} bytes for each weight and {group} byte{s} for each group",
                nibble_bytes()
            )?,
        }
        match self.rows {
            1 => write!(f, ", one multiplication"),
            rows => write!(
                f,
                ", read once for {rows} rows, one multiplication for each weight and row"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Encoding, ScaleFormat};

    fn work(encoding: Encoding, scales: ScaleFormat, group_size: GroupSize, rows: u32) -> Work {
        Work {
            weights: WeightFormat { encoding, scales },
            group_size,
            rows,
        }
    }

    #[test]
    fn a_weight_costs_its_nibble_and_a_share_of_what_its_group_has() {
        let bytes = |encoding, scales, size| {
            work(encoding, scales, GroupSize::Fixed(size), 1)
                .bytes_per_weight()
                .unwrap()
        };
        assert_eq!(bytes(Encoding::Symmetric, ScaleFormat::F32, 32), 0.625);
        assert_eq!(bytes(Encoding::Codebook, ScaleFormat::E4m3, 16), 0.5625);
        assert_eq!(
            bytes(Encoding::ZeroPoint, ScaleFormat::F16, 128),
            0.5 + 3.0 / 128.0
        );
        assert_eq!(bytes(Encoding::Minimum, ScaleFormat::F16, 32), 0.625);
    }

    #[test]
    fn what_comes_at_run_time_is_said_beside_the_nibbles() {
        let fixed = work(Encoding::Symmetric, ScaleFormat::F32, GroupSize::Fixed(32), 64);
        assert_eq!(
            fixed.to_string(),
            "0.625 bytes for each weight (4 bytes for each group), read once for 64 rows, one multiplication for each weight and row"
        );
        let open = work(Encoding::Codebook, ScaleFormat::E8m0, GroupSize::Runtime, 1);
        assert_eq!(
            open.to_string(),
            "0.5 bytes for each weight and 1 byte for each group, one multiplication"
        );
    }
}
