//! What a multiplication takes, estimated before anything is allocated.

use std::fs;

use q4_kernel::{Capabilities, Shape, layout};

use crate::output::size;

/// Bytes of the parts of one multiplication and its reference. Wide enough for every shape: three factors of 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Footprint {
    input: u128,
    output: u128,
    weights: u128,
    reference: u128,
}

/// A shape for which there is no room.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error(
    "{shape} does not fit: the input takes {}, the output {}, the weights {}, the float64 reference {}; {limit}; \
     choose smaller dimensions",
    size(footprint.input), size(footprint.output), size(footprint.weights), size(footprint.reference)
)]
pub(crate) struct DoesNotFit {
    shape: Shape,
    footprint: Footprint,
    limit: Limit,
}

/// Which bound is exceeded.
#[derive(Debug, PartialEq, thiserror::Error)]
enum Limit {
    #[error("a buffer has at most {} on this device", size((*bytes).into()))]
    Buffer { bytes: u64 },
    #[error("with working copies that makes {}, and {} are free for it here", size(*needed), size((*bytes).into()))]
    Host { needed: u128, bytes: u64 },
}

impl Footprint {
    fn of(shape: Shape) -> Self {
        let Shape { m, n, k, group_size } = shape;
        let [rows, columns, inputs] = [m, n, k].map(u128::from);
        let element = size_of::<f32>() as u128;
        let scales = u128::from(layout::groups(k, group_size)) * u128::from(layout::padded_n(n));
        Self {
            input: rows * inputs * element,
            output: rows * columns * element,
            weights: u128::from(layout::weight_bytes(n, k)) + (scales + columns) * element,
            reference: rows * columns * size_of::<f64>() as u128,
        }
    }

    /// All parts together.
    fn total(&self) -> u128 {
        self.input + self.output + self.weights + self.reference
    }
}

/// Refuses a shape for which this device or this machine has no room.
pub(crate) fn check(shape: Shape, device: &Capabilities) -> Result<(), DoesNotFit> {
    check_within(shape, device, host_bytes())
}

fn check_within(shape: Shape, device: &Capabilities, host: u64) -> Result<(), DoesNotFit> {
    let footprint = Footprint::of(shape);
    let does_not_fit = |limit| DoesNotFit {
        shape,
        footprint,
        limit,
    };
    let largest = footprint.input.max(footprint.output) + GUARDS;
    if largest > u128::from(device.max_buffer_bytes) {
        return Err(does_not_fit(Limit::Buffer {
            bytes: device.max_buffer_bytes,
        }));
    }
    let needed = footprint.total() * COPIES;
    if needed > u128::from(host) {
        return Err(does_not_fit(Limit::Host { needed, bytes: host }));
    }
    Ok(())
}

/// What a check adds around an operand to see whether a kernel writes there, generously.
const GUARDS: u128 = 1024;
/// A sample, its copy for the upload, the outputs before and after: each part exists about so often at once. A software adapter's own
/// buffers are in the same memory.
const COPIES: u128 = 3;
/// More than this is no check but a mistake in a number.
const MOST_HOST_BYTES: u64 = 32 << 30;

/// Bytes that may be used on this machine: most of what is free, where the system says.
pub(crate) fn host_bytes() -> u64 {
    let free = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| free_bytes(&text));
    free.map_or(MOST_HOST_BYTES, |free| (free / 10 * 9).min(MOST_HOST_BYTES))
}

/// What Linux says is free without swapping.
fn free_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICE: Capabilities = Capabilities {
        features: Vec::new(),
        subgroup_size: None,
        timestamps: false,
        max_invocations: 256,
        max_workgroup_bytes: 16_384,
        max_workgroups: 65_535,
        max_binding_bytes: 128 << 20,
        max_buffer_bytes: 256 << 20,
        max_storage_buffers: 8,
        binding_alignment: 256,
    };

    fn shape(m: u32, n: u32, k: u32) -> Shape {
        Shape {
            m,
            n,
            k,
            group_size: 32,
        }
    }

    #[test]
    fn an_ordinary_layer_fits() {
        assert_eq!(check_within(shape(128, 4096, 4096), &DEVICE, 1 << 30), Ok(()));
    }

    #[test]
    fn an_operand_beyond_the_largest_buffer_is_refused_with_all_sizes() {
        let error = check_within(shape(16_384, 32, 16_384), &DEVICE, u64::MAX).unwrap_err();
        assert_eq!(
            error.to_string(),
            "M=16384 N=32 K=16384 group_size=32 does not fit: the input takes 1 GiB, the output 2 MiB, the weights 320 KiB, \
             the float64 reference 4 MiB; a buffer has at most 256 MiB on this device; choose smaller dimensions"
        );
    }

    #[test]
    fn more_than_the_machine_has_is_refused() {
        let error = check_within(shape(1024, 1024, 4096), &DEVICE, 1 << 20).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("with working copies that makes 91.5 MiB, and 1 MiB are free for it here"),
            "{error}"
        );
    }

    #[test]
    fn the_largest_shape_there_is_can_be_computed() {
        let largest = Shape {
            m: u32::MAX,
            n: u32::MAX,
            k: u32::MAX,
            group_size: 1,
        };
        assert!(check_within(largest, &DEVICE, u64::MAX).is_err());
        assert_eq!(
            Footprint::of(largest).reference,
            8 * u128::from(u32::MAX) * u128::from(u32::MAX)
        );
    }

    #[test]
    fn free_memory_is_read_from_what_linux_prints() {
        assert_eq!(
            free_bytes("MemTotal: 9 kB\nMemAvailable:   2048 kB\n"),
            Some(2 << 20)
        );
        assert_eq!(free_bytes("MemTotal: 9 kB\n"), None);
    }
}
