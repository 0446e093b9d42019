//! In which order things happen that a device may do in any order.

/// What a device is free to choose.
///
/// Every schedule is legal: a kernel that is correct computes the same bits under all of them, unless it says
/// otherwise itself (by float atomics, for example).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Schedule {
    /// Order in which workgroups start.
    pub workgroups: Order,
    /// Order in which the parts of a workgroup that run by themselves take turns.
    pub parts: Order,
    /// Order in which the lanes of one instruction take effect: atomic operations, overlapping stores. It also
    /// chooses the values that WGSL leaves open, such as a shuffle from an inactive lane.
    pub lanes: Order,
    /// How far the parts of a workgroup run ahead of each other.
    pub progress: Progress,
}

/// An order of numbered things.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// Upwards.
    #[default]
    Forward,
    /// Downwards.
    Reverse,
    /// A permutation that the seed determines; workgroup parts and lanes get a new one in every phase.
    Shuffled(u64),
}

/// How the lanes of a workgroup make progress between barriers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Progress {
    /// All lanes execute each instruction together. The fastest, and the one that counters are defined by.
    #[default]
    Workgroup,
    /// Each subgroup runs alone up to the next barrier.
    Subgroups,
    /// Subgroups take turns after a few instructions, in an order that the seed determines.
    Interleaved(u64),
    /// Each lane runs alone up to the next barrier. Programs that use subgroups run by subgroups instead.
    Lanes,
}

impl Schedule {
    /// Everything upwards, the whole workgroup in lockstep.
    pub const LOCKSTEP: Self = Self {
        workgroups: Order::Forward,
        parts: Order::Forward,
        lanes: Order::Forward,
        progress: Progress::Workgroup,
    };

    /// Everything downwards, subgroup by subgroup.
    pub const REVERSED: Self = Self {
        workgroups: Order::Reverse,
        parts: Order::Reverse,
        lanes: Order::Reverse,
        progress: Progress::Subgroups,
    };

    /// Everything in an order that the seed determines, subgroups interleaved.
    pub const fn shuffled(seed: u64) -> Self {
        Self {
            workgroups: Order::Shuffled(seed),
            parts: Order::Shuffled(seed ^ 0x9e37_79b9),
            lanes: Order::Shuffled(seed ^ 0x85eb_ca6b),
            progress: Progress::Interleaved(seed),
        }
    }

    /// A set that tells most order-dependent kernels apart: lockstep, reversed, lane by lane, and two shuffles.
    pub fn standard() -> Vec<Self> {
        let lanes = Self {
            progress: Progress::Lanes,
            ..Self::REVERSED
        };
        vec![
            Self::LOCKSTEP,
            Self::REVERSED,
            lanes,
            Self::shuffled(1),
            Self::shuffled(2),
        ]
    }
}

impl Order {
    /// The thing at a place of the order of `count` things.
    pub(crate) fn at(self, place: u64, count: u64) -> u64 {
        match self {
            Self::Forward => place,
            Self::Reverse => count - 1 - place,
            Self::Shuffled(seed) => {
                // An affine permutation: no table, whatever the number of workgroups.
                let mut factor = (mix(seed) | 1) % count.max(2);
                while greatest_common_divisor(factor, count) != 1 {
                    factor = (factor + 1) % count.max(2);
                }
                let offset = mix(seed.wrapping_add(1)) % count;
                ((u128::from(place) * u128::from(factor) + u128::from(offset)) % u128::from(count)) as u64
            }
        }
    }

    /// The numbers below `count` in this order; `phase` varies shuffles.
    pub(crate) fn permutation(self, count: u32, phase: u64) -> Vec<u32> {
        let mut numbers = (0..count).collect::<Vec<_>>();
        match self {
            Self::Forward => {}
            Self::Reverse => numbers.reverse(),
            Self::Shuffled(seed) => {
                let mut state = mix(seed ^ phase.wrapping_mul(0x2545_f491_4f6c_dd1d));
                for i in (1..numbers.len()).rev() {
                    state = mix(state);
                    numbers.swap(i, (state % (i as u64 + 1)) as usize);
                }
            }
        }
        numbers
    }
}

/// A bijection of 64-bit numbers that looks random (the finaliser of splitmix64).
pub(crate) const fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_names_everything_once() {
        for order in [
            Order::Forward,
            Order::Reverse,
            Order::Shuffled(3),
            Order::Shuffled(4),
        ] {
            for count in [1, 2, 3, 7, 64, 100] {
                let mut seen = (0..count).map(|place| order.at(place, count)).collect::<Vec<_>>();
                seen.sort_unstable();
                assert_eq!(seen, (0..count).collect::<Vec<_>>(), "{order:?} of {count}");
                let mut seen = order.permutation(count as u32, 5);
                seen.sort_unstable();
                assert_eq!(
                    seen,
                    (0..count as u32).collect::<Vec<_>>(),
                    "{order:?} of {count}"
                );
            }
        }
    }

    #[test]
    fn shuffles_differ_by_seed_and_phase() {
        assert_ne!(
            Order::Shuffled(1).permutation(64, 0),
            Order::Shuffled(2).permutation(64, 0)
        );
        assert_ne!(
            Order::Shuffled(1).permutation(64, 0),
            Order::Shuffled(1).permutation(64, 1)
        );
    }
}
