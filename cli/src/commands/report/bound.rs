//! What limits a kernel on a device, by the roofline model (Williams, Waterman and Patterson, 2009): memory or arithmetic, whichever takes longer.

use q4_kernel::{Shape, layout::Binding};
use q4_kernel_verify::Cost;
use serde::Serialize;

use crate::{
    adapter::Device,
    cli::Report,
    failure::Failure,
    measure::{Arithmetic, Budget, Clock, ReadBandwidth, Stopwatch},
};

/// What a device reaches at most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Ceilings {
    /// 10^9 bytes a second.
    pub(super) bandwidth: f64,
    /// 10^12 operations a second in f32.
    pub(super) arithmetic: f64,
    /// 10^12 operations a second of cooperative matrices, where that is known.
    matrix: Option<f64>,
}

/// What one multiplication asks of a device: nothing of it depends on the device.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Work {
    pub(super) shape: Shape,
    /// Bytes that cross the bus at the least: weights and scales once, as inputs and outputs.
    pub(super) bytes: f64,
    /// Operations of the scalar units: an instruction of f32, of integers or a conversion takes the place of a fused multiply-add, of two operations.
    pub(super) operations: f64,
    /// Operations of the matrix units.
    pub(super) matrix_operations: f64,
}

/// The least time of some work on a device with given ceilings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Bound {
    pub(super) limited_by: Limit,
    pub(super) memory_seconds: f64,
    pub(super) arithmetic_seconds: f64,
    pub(super) ceilings: Ceilings,
}

/// What takes longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Limit {
    Memory,
    Arithmetic,
}

/// Output features of the layer that is predicted: the widest projection of a model with 8 * 10^9 weights.
const N: u32 = 14336;
/// Its input features, where a kernel does not fix them.
pub(super) const K: u32 = 4096;
/// Bytes of an input or an output.
const F32: f64 = 4.0;
/// Operations of a fused multiply-add, by which vendors count.
const PER_FMA: f64 = 2.0;

/// Seconds to measure a ceiling for, with each grid.
const MEASURING: f64 = 0.25;

impl Ceilings {
    /// Those that were given, and those that are measured on the adapter that was named; `None` where nobody asks for a bound.
    pub(super) fn of(arguments: &Report) -> Result<Option<Self>, Failure> {
        let &Report {
            bandwidth,
            arithmetic,
            matrix,
            ..
        } = arguments;
        let Some(adapter) = &arguments.adapter else {
            return Ok(bandwidth.zip(arithmetic).map(|(bandwidth, arithmetic)| Self {
                bandwidth,
                arithmetic,
                matrix,
            }));
        };
        let device = Device::open(adapter)?;
        let stopwatch = Stopwatch::new(&device.gpu);
        let budget = Budget::Seconds(MEASURING);
        let read = ReadBandwidth::measure(&device, &stopwatch, budget)?;
        let arithmetic = match arithmetic {
            Some(given) => given,
            None => {
                let measured = Arithmetic::measure(&device, &stopwatch, budget)?;
                measured.operations_per_second(Clock::of_all(measured.times())) / 1e12
            }
        };
        Ok(Some(Self {
            bandwidth: read.bytes_per_second(Clock::of_all(read.times())) / 1e9,
            arithmetic,
            matrix,
        }))
    }
}

impl Work {
    /// The work of a kernel whose cost was counted, on a layer of common size.
    pub(super) fn of(cost: &Cost, k: Option<u32>) -> Self {
        let shape = Shape {
            n: N,
            k: k.unwrap_or(K),
            ..cost.shape
        };
        let [m, n, k] = [shape.m, shape.n, shape.k].map(f64::from);
        let weights = n * k;
        let stored = |binding: Binding| {
            cost.bindings
                .get(binding.name())
                .map_or(0.0, |traffic| traffic.unique_bytes)
        };
        let instructions = cost.float_operations + cost.integer_operations + cost.conversions;
        Self {
            shape,
            bytes: weights * (stored(Binding::Weight) + stored(Binding::Scales) + stored(Binding::Offsets))
                + F32 * m * (n + k),
            operations: weights * instructions * PER_FMA,
            matrix_operations: weights * cost.matrix_products * PER_FMA,
        }
    }

    /// `None` where it computes with matrices and nobody said how fast those are.
    pub(super) fn bound(&self, ceilings: Ceilings) -> Option<Bound> {
        let memory_seconds = self.bytes / (ceilings.bandwidth * 1e9);
        let mut arithmetic_seconds = self.operations / (ceilings.arithmetic * 1e12);
        if self.matrix_operations > 0.0 {
            arithmetic_seconds += self.matrix_operations / (ceilings.matrix? * 1e12);
        }
        Some(Bound {
            limited_by: if memory_seconds >= arithmetic_seconds {
                Limit::Memory
            } else {
                Limit::Arithmetic
            },
            memory_seconds,
            arithmetic_seconds,
            ceilings,
        })
    }
}

impl Bound {
    pub(super) fn seconds(&self) -> f64 {
        self.memory_seconds.max(self.arithmetic_seconds)
    }
}

#[cfg(test)]
mod tests {
    use q4_kernel::catalogue;

    use super::*;

    #[test]
    fn a_slow_memory_limits_and_so_do_slow_units() {
        let variant = catalogue()
            .iter()
            .find(|variant| variant.configuration.geometry.family() == "coop4")
            .unwrap();
        let cost = q4_kernel_verify::cost(variant).unwrap();
        let limited_by = |bandwidth, arithmetic| {
            let ceilings = Ceilings {
                bandwidth,
                arithmetic,
                matrix: None,
            };
            Work::of(&cost, None).bound(ceilings).unwrap().limited_by
        };
        assert_eq!(limited_by(10.0, 100.0), Limit::Memory);
        assert_eq!(limited_by(10_000.0, 0.1), Limit::Arithmetic);
    }
}
