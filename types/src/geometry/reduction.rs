//! How partial sums become one.

use core::fmt;

use crate::Feature;

/// How the lanes of a workgroup add up their partial sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Reduction {
    /// A tree in workgroup memory. Runs everywhere.
    Shared,
    /// Subgroup additions, then one partial sum per subgroup in workgroup memory. For subgroups of any size.
    Subgroup,
}

impl Reduction {
    /// Lanes of the smallest subgroups of any device that wgpu runs on (those of WARP).
    pub const SMALLEST_SUBGROUP: u32 = 4;
    /// And of the largest.
    pub const LARGEST_SUBGROUP: u32 = 128;

    /// Every way there is, the best one first.
    pub const ALL: [Self; 2] = [Self::Subgroup, Self::Shared];

    /// The word for it in names and descriptions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Subgroup => "subgroup",
        }
    }

    /// The features that it needs.
    #[must_use]
    pub const fn features(self) -> &'static [Feature] {
        match self {
            Self::Shared => &[],
            Self::Subgroup => &[Feature::Subgroup],
        }
    }
}

impl fmt::Display for Reduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
