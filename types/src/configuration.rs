//! What distinguishes one kernel variant from another.

use core::fmt;

use crate::{Constraints, Coop4, Feature, Geometry, KAlignment, NumericClass, Reduction, RowsServed};

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
    /// M > 1, and M == 1 where no decode kernel serves the shape.
    Prefill,
}

impl Configuration {
    /// The name of the variant: family, geometry, group size (`x` where it comes at run time), then what is unusual.
    #[must_use]
    pub fn name(&self) -> String {
        let group = match self.group_size {
            GroupSize::Fixed(size) => size.to_string(),
            GroupSize::Runtime => "x".to_owned(),
        };
        let mut name = match self.geometry {
            Geometry::Coop4(coop4) => {
                let words = match coop4.words {
                    1 => String::new(),
                    words => format!("_v{words}"),
                };
                format!(
                    "coop4_w{}_c{}{words}_g{group}_{}",
                    coop4.width, coop4.columns, coop4.reduction
                )
            }
            Geometry::Gemm(gemm) => {
                let ragged = match gemm.alignment {
                    KAlignment::Aligned => "",
                    KAlignment::Ragged => "_ragged",
                };
                let (tile, thread) = ((gemm.tile_m, gemm.tile_n, gemm.tile_k), (gemm.rows, gemm.columns));
                format!(
                    "gemm_{}x{}x{}_t{}x{}_g{group}{ragged}",
                    tile.0, tile.1, tile.2, thread.0, thread.1
                )
            }
        };
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

    /// The shapes that the variant serves.
    #[must_use]
    pub fn constraints(&self) -> Constraints {
        let (rows, multiple) = match self.geometry {
            // What a lane loads at once must not straddle rows (K) or groups (group_size).
            Geometry::Coop4(coop4) => (RowsServed::One, coop4.step()),
            Geometry::Gemm(gemm) => match gemm.alignment {
                KAlignment::Aligned => (RowsServed::Any, gemm.tile_k),
                KAlignment::Ragged => (RowsServed::Any, 1),
            },
        };
        let group_size = match self.group_size {
            GroupSize::Fixed(size) => Some(size),
            GroupSize::Runtime => None,
        };
        Constraints {
            rows,
            k: self.k,
            k_multiple: multiple,
            group_size,
            group_size_multiple: multiple,
        }
    }

    /// The route that the variant is made for.
    #[must_use]
    pub fn route(&self) -> Route {
        match self.geometry {
            Geometry::Coop4(_) => Route::Decode,
            Geometry::Gemm(_) => Route::Prefill,
        }
    }

    /// The features that the variant needs: validation allows its text these and no others.
    #[must_use]
    pub const fn features(&self) -> &'static [Feature] {
        match self.geometry {
            Geometry::Coop4(coop4) => match coop4.reduction {
                Reduction::Shared => &[],
                Reduction::Subgroup => &[Feature::Subgroup],
            },
            Geometry::Gemm(_) => &[],
        }
    }
}

impl fmt::Display for Configuration {
    /// As a description has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.geometry {
            Geometry::Coop4(coop4) => {
                let Coop4 {
                    width,
                    columns,
                    words,
                    reduction,
                } = coop4;
                write!(
                    f,
                    "coop4 {{ width: {width}, columns: {columns}, words: {words}, reduction: {reduction} }}"
                )?;
            }
            Geometry::Gemm(gemm) => {
                let (m, n, k) = (gemm.tile_m, gemm.tile_n, gemm.tile_k);
                let (rows, columns, alignment) = (gemm.rows, gemm.columns, gemm.alignment);
                write!(
                    f,
                    "tile {{ m: {m}, n: {n}, k: {k}, rows: {rows}, columns: {columns} }}, {alignment}"
                )?;
            }
        }
        write!(f, ", group size {}", self.group_size)?;
        match self.k {
            Some(k) => write!(f, ", k: {k}")?,
            None => f.write_str(", k from Params")?,
        }
        write!(f, ", bias: {}, numeric: {}", self.bias, self.numeric)
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
            Self::Prefill => "prefill",
        })
    }
}
