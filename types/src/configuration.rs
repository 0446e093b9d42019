//! What distinguishes one kernel variant from another.

use core::fmt;

use crate::{
    Constraints, Encoding, Feature, Geometry, NumericClass, ScaleLayout, Tolerance, WeightFormat,
    geometry::Label,
};

/// Everything that distinguishes one kernel variant from another: its WGSL follows from this value alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Configuration {
    /// Family and tile sizes.
    pub geometry: Geometry,
    /// Group size, if it is a constant of the kernel.
    pub group_size: GroupSize,
    /// K, if it is a constant of the kernel; otherwise `Params` brings it.
    pub k: Option<u32>,
    /// Whether a bias is added.
    pub bias: Bias,
    /// The arithmetic.
    pub numeric: NumericClass,
    /// How four bits and the numbers of their group make a weight.
    pub encoding: Encoding,
    /// How the scales are stored on the device.
    pub scales: ScaleLayout,
}

/// The group size of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum GroupSize {
    /// A constant of the kernel.
    Fixed(u32),
    /// `Params` brings it.
    Runtime,
}

/// Whether a kernel adds a bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Bias {
    /// If the weights have one; `Params` says so.
    #[default]
    Optional,
    /// Never: weights with a bias are refused.
    Never,
    /// Always: weights without a bias are refused.
    Always,
}

/// Which of a kernel's routes: chosen by the number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Route {
    /// M == 1.
    Decode,
    /// A few rows: speculative decoding, small batches.
    Few,
    /// Any M: more rows, and fewer where no other kernel serves the shape.
    Prefill,
}

impl Route {
    /// Every route, in the order in which their variants are considered.
    pub const ALL: [Self; 3] = [Self::Decode, Self::Few, Self::Prefill];
}

impl Configuration {
    /// The name of the variant: family, geometry, group size (`x` where it comes at run time), then what is unusual.
    #[must_use]
    pub fn name(&self) -> String {
        let mut name = self.kind();
        if let Some(k) = self.k {
            name.push_str(&format!("_k{k}"));
        }
        match self.bias {
            Bias::Optional => {}
            Bias::Never => name.push_str("_nobias"),
            Bias::Always => name.push_str("_bias"),
        }
        name
    }

    /// The name without what only narrows the shapes that are served: variants of one kind run equally fast, so what was measured of one
    /// holds for all.
    #[must_use]
    pub fn kind(&self) -> String {
        let group = match self.group_size {
            GroupSize::Fixed(size) => size.to_string(),
            GroupSize::Runtime => "x".to_owned(),
        };
        let Label { sizes, kind } = self.geometry.label();
        let mut name = format!("{}_{sizes}_g{group}", self.geometry.family());
        let words = [
            kind,
            self.numeric.label(),
            self.encoding.label(),
            self.scales.label(),
        ];
        for word in words.into_iter().flatten() {
            name.push('_');
            name.push_str(word);
        }
        name
    }

    /// The shapes that the variant serves.
    #[must_use]
    pub fn constraints(&self) -> Constraints {
        let group_size = match self.group_size {
            GroupSize::Fixed(size) => Some(size),
            GroupSize::Runtime => None,
        };
        Constraints {
            rows: self.geometry.rows(),
            k: self.k,
            k_multiple: self.geometry.k_multiple(),
            k_most: self.geometry.k_most(),
            group_size,
            group_size_multiple: match group_size {
                Some(size) if self.geometry.short_groups().contains(&size) => size,
                _ => self.geometry.group_size_multiple(),
            },
        }
    }

    /// The weights that the variant multiplies by.
    #[must_use]
    pub fn weight_format(&self) -> WeightFormat {
        WeightFormat {
            encoding: self.encoding,
            scales: self.scales.format,
        }
    }

    /// By how much its sums over K elements may differ from the float64 reference.
    #[must_use]
    pub fn tolerance(&self, k: u32) -> Tolerance {
        self.numeric.tolerance_of(self.encoding, k)
    }

    /// The route that the variant is made for.
    #[must_use]
    pub fn route(&self) -> Route {
        self.geometry.route()
    }

    /// The features that the variant needs: validation allows its text these and no others.
    #[must_use]
    pub fn features(&self) -> Vec<Feature> {
        let mut features = self.geometry.features().to_vec();
        for feature in self.numeric.features() {
            if !features.contains(feature) {
                features.push(*feature);
            }
        }
        features
    }
}

impl fmt::Display for Configuration {
    /// As a description has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.geometry.fmt(f)?;
        write!(f, ", group size {}", self.group_size)?;
        match self.k {
            Some(k) => write!(f, ", k: {k}")?,
            None => f.write_str(", k from Params")?,
        }
        write!(f, ", bias: {}, numeric: {}", self.bias, self.numeric)?;
        if self.encoding != Encoding::default() {
            write!(f, ", encoding: {}", self.encoding)?;
        }
        if self.scales == ScaleLayout::default() {
            Ok(())
        } else {
            write!(f, ", scales: {}", self.scales)
        }
    }
}

impl fmt::Display for Bias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Optional => "optional",
            Self::Never => "never",
            Self::Always => "always",
        })
    }
}

impl fmt::Display for GroupSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(size) => write!(f, "{size}"),
            Self::Runtime => f.write_str("from Params"),
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Decode => "decode",
            Self::Few => "few",
            Self::Prefill => "prefill",
        })
    }
}
