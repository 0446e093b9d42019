//! What a multiplication takes, estimated before anything is allocated.

use std::fs;

use q4_kernel::{Capabilities, Shape, layout};

use crate::{measure::Extent, output::size};

/// Bytes of the parts of one multiplication and its reference. Wide enough for every shape: three factors of 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Footprint {
    input: u128,
    output: u128,
    weights: u128,
    reference: u128,
}

/// Something for which there is no room.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("{what} does not fit: {}; {limit}; {remedy}", list(parts))]
pub(crate) struct DoesNotFit {
    what: String,
    parts: Vec<(&'static str, u128)>,
    limit: Limit,
    remedy: &'static str,
}

/// Which bound is exceeded.
#[derive(Debug, PartialEq, thiserror::Error)]
enum Limit {
    #[error("a buffer has at most {} on this device", size((*bytes).into()))]
    Buffer { bytes: u64 },
    #[error("with working copies that makes {}, and {} are free for it here", size(*needed), size((*bytes).into()))]
    Host { needed: u128, bytes: u64 },
}

/// What takes how much, as a sentence; the verb comes with the first part.
fn list(parts: &[(&'static str, u128)]) -> String {
    let text = |(part, bytes): &(&str, u128)| format!("the {part} {}", size(*bytes));
    parts.iter().map(text).collect::<Vec<_>>().join(", ")
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
        what: shape.to_string(),
        parts: vec![
            ("input takes", footprint.input),
            ("output", footprint.output),
            ("weights", footprint.weights),
            ("float64 reference", footprint.reference),
        ],
        limit,
        remedy: "choose smaller dimensions",
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

/// Something to measure: what lies on the device at once, and what it is made from on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// For the message.
    pub(crate) what: String,
    /// The largest input and the largest output, which cannot be split over buffers as weights are.
    pub(crate) operands: [u128; 2],
    /// All weights, scales included.
    pub(crate) weights: u128,
    /// All inputs and outputs.
    pub(crate) activations: u128,
    /// The random layers that the weights are copies of.
    pub(crate) layers: u128,
    /// What to do where it does not fit.
    pub(crate) remedy: &'static str,
}

impl Measured {
    /// A shape with copies of its weights and its output.
    pub(crate) fn shape(shape: Shape, extent: Extent) -> Self {
        let Footprint {
            input,
            output,
            weights,
            ..
        } = Footprint::of(shape);
        Self {
            what: shape.to_string(),
            operands: [input, output],
            weights: weights * extent.copies as u128,
            activations: input + output * extent.outputs as u128,
            layers: weights,
            remedy: "choose smaller dimensions",
        }
    }

    /// Refuses what a device or this machine has no room for. How much memory a GPU has is not for wgpu to say; a buffer too many is an
    /// error of its own there.
    pub(crate) fn check(&self, device: &Capabilities, runs_on_cpu: bool) -> Result<(), DoesNotFit> {
        self.check_within(device, runs_on_cpu, host_bytes())
    }

    fn check_within(&self, device: &Capabilities, runs_on_cpu: bool, host: u64) -> Result<(), DoesNotFit> {
        let does_not_fit = |limit| DoesNotFit {
            what: self.what.clone(),
            parts: vec![
                ("copies of the weights take", self.weights),
                ("inputs and outputs", self.activations),
                ("random layers they are made from", self.layers),
            ],
            limit,
            remedy: self.remedy,
        };
        if self
            .operands
            .iter()
            .any(|bytes| *bytes > u128::from(device.max_buffer_bytes))
        {
            return Err(does_not_fit(Limit::Buffer {
                bytes: device.max_buffer_bytes,
            }));
        }
        // On the way to the device there are two of a layer, and of what is read back.
        let [input, output] = self.operands;
        let mut needed = 2 * (self.layers + input + output);
        // A software adapter's buffers are in the same memory. More than a machine may have is for no device.
        if runs_on_cpu || self.weights + self.activations > u128::from(MOST_DEVICE_BYTES) {
            needed += self.weights + self.activations;
        }
        if needed > u128::from(host) {
            return Err(does_not_fit(Limit::Host { needed, bytes: host }));
        }
        Ok(())
    }
}

/// More than the largest device has.
const MOST_DEVICE_BYTES: u64 = 512 << 30;
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

    #[test]
    fn copies_count_where_the_device_shares_the_memory_of_the_machine() {
        let extent = Extent {
            copies: 100,
            outputs: 1,
        };
        let measured = Measured::shape(shape(1, 4096, 4096), extent);
        assert_eq!(measured.check_within(&DEVICE, false, 1000 << 20), Ok(()));
        let error = measured.check_within(&DEVICE, true, 1000 << 20).unwrap_err();
        assert_eq!(
            error.to_string(),
            "M=1 N=4096 K=4096 group_size=32 does not fit: the copies of the weights take 1002 MiB, the inputs and outputs 32 KiB, \
             the random layers they are made from 10.0 MiB; with working copies that makes 1022 MiB, and 1000 MiB are free for it here; \
             choose smaller dimensions"
        );
    }

    #[test]
    fn the_largest_shape_there_is_cannot_be_measured_anywhere() {
        let extent = Extent {
            copies: 1,
            outputs: 1,
        };
        let measured = Measured::shape(shape(1, u32::MAX, u32::MAX), extent);
        assert!(measured.check_within(&DEVICE, false, u64::MAX).is_err());
    }
}
