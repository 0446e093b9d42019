//! What limits a kernel on a device, by the roofline model (Williams, Waterman and Patterson, 2009): memory or arithmetic, whichever takes longer.

use q4_kernel::{Shape, layout::Binding};
use q4_kernel_verify::Cost;
use serde::Serialize;

use crate::cli::Report;

/// What a device reaches at most.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Ceilings {
    /// 10^9 bytes a second.
    bandwidth: f64,
    /// 10^12 operations a second in f32.
    arithmetic: f64,
    /// 10^12 operations a second of cooperative matrices, where that is known.
    matrix: Option<f64>,
}

/// The least time of one multiplication on a device with given ceilings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Bound {
    pub(super) shape: Shape,
    pub(super) limited_by: Limit,
    pub(super) memory_seconds: f64,
    pub(super) arithmetic_seconds: f64,
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
const K: u32 = 4096;
/// Bytes of an input or an output.
const F32: f64 = 4.0;
/// Operations of a fused multiply-add, by which vendors count.
const PER_FMA: f64 = 2.0;

impl Ceilings {
    pub(super) fn of(arguments: &Report) -> Option<Self> {
        Some(Self {
            bandwidth: arguments.bandwidth?,
            arithmetic: arguments.arithmetic?,
            matrix: arguments.matrix,
        })
    }
}

/// Bounds a kernel whose cost was counted; `None` where it computes with matrices and nobody said how fast those are.
///
/// Weights and scales cross the bus once, as inputs and outputs do. An instruction of f32, of integers or a conversion takes the place of a fused
/// multiply-add.
pub(super) fn bound(cost: &Cost, k: Option<u32>, ceilings: Ceilings) -> Option<Bound> {
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
    let bytes = weights * (stored(Binding::Weight) + stored(Binding::Scales)) + F32 * m * (n + k);
    let memory_seconds = bytes / (ceilings.bandwidth * 1e9);
    let instructions = cost.float_operations + cost.integer_operations + cost.conversions;
    let mut arithmetic_seconds = weights * instructions * PER_FMA / (ceilings.arithmetic * 1e12);
    if cost.matrix_products > 0.0 {
        arithmetic_seconds += weights * cost.matrix_products * PER_FMA / (ceilings.matrix? * 1e12);
    }
    Some(Bound {
        shape,
        limited_by: if memory_seconds >= arithmetic_seconds {
            Limit::Memory
        } else {
            Limit::Arithmetic
        },
        memory_seconds,
        arithmetic_seconds,
    })
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
            bound(&cost, None, ceilings).unwrap().limited_by
        };
        assert_eq!(limited_by(10.0, 100.0), Limit::Memory);
        assert_eq!(limited_by(10_000.0, 0.1), Limit::Arithmetic);
    }
}
