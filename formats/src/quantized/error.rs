//! How weights break the contract of their layout.

use q4_kernel_types::ScaleFormat;

/// How given weights break the contract of their layout.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// A dimension is 0.
    #[error("{dimension} is 0; a layer has at least one of each")]
    Zero {
        /// `N`, `K` or `group_size`.
        dimension: &'static str,
    },
    /// The packed weights have the wrong length.
    #[error(
        "{given} bytes of weights were given, and N={n} rows of ceil(K/2)={row} bytes make {expected}; \
         check N and K, and that two weights share a byte"
    )]
    WeightLength {
        /// Bytes given.
        given: usize,
        /// Bytes expected.
        expected: u64,
        /// Rows.
        n: u32,
        /// Bytes of a row.
        row: u32,
    },
    /// There are too few or too many scales.
    #[error(
        "{given} scales were given, and {groups} groups of padded_N={padded_n} make {expected}; scales are [groups, padded_N], \
         N padded to a multiple of 4: pad every group's row, and transpose them if they are [N, groups]"
    )]
    ScaleLength {
        /// Scales given.
        given: usize,
        /// Scales expected.
        expected: u64,
        /// Groups along K.
        groups: u32,
        /// Padded columns.
        padded_n: u64,
    },
    /// There are too few or too many bias values.
    #[error("{given} bias values were given, and N={n}; give N of them, or N padded to a multiple of 4")]
    BiasLength {
        /// Values given.
        given: usize,
        /// Output features.
        n: u32,
    },
    /// A scale is NaN or infinite.
    #[error(
        "the scale of group {group}, column {column} is {value}; every output of that column would be lost, \
         so quantise the layer again"
    )]
    ScaleNotFinite {
        /// Group along K.
        group: u64,
        /// Output feature.
        column: u64,
        /// The scale.
        value: f32,
    },
    /// A scale does not fit the format that it is to be stored in.
    #[error(
        "the scale of group {group}, column {column} is {value}, which {format} {}; \
         store the scales as bf16 or f32 instead",
        match format {
            ScaleFormat::E8m0 | ScaleFormat::E4m3 => "does not hold exactly",
            _ if value.abs() > 1.0 => "rounds to infinity",
            _ => "rounds to zero",
        }
    )]
    ScaleOutOfRange {
        /// Group along K.
        group: u64,
        /// Output feature.
        column: u64,
        /// The scale.
        value: f32,
        /// The format.
        format: ScaleFormat,
    },
    /// A bias value is NaN or infinite.
    #[error(
        "the bias of column {column} is {value}; every output of that column would be lost, so check where it comes from"
    )]
    BiasNotFinite {
        /// Output feature.
        column: usize,
        /// The value.
        value: f32,
    },
    /// There are too few or too many zero points.
    #[error(
        "{given} zero points were given, and {groups} groups of padded_N={padded_n} make {expected}; they are [groups, padded_N] as \
         the scales are, one byte each"
    )]
    ZeroPointLength {
        /// Zero points given.
        given: usize,
        /// Zero points expected.
        expected: u64,
        /// Groups along K.
        groups: u32,
        /// Padded columns.
        padded_n: u64,
    },
    /// There are too few or too many minimums.
    #[error(
        "{given} minimums were given, and {groups} groups of padded_N={padded_n} make {expected}; they are [groups, padded_N] as the scales are"
    )]
    MinimumLength {
        /// Minimums given.
        given: usize,
        /// Minimums expected.
        expected: u64,
        /// Groups along K.
        groups: u32,
        /// Padded columns.
        padded_n: u64,
    },
    /// A minimum is NaN or infinite.
    #[error(
        "the minimum of group {group}, column {column} is {value}; every output of that column would be lost, \
         so quantise the layer again"
    )]
    MinimumNotFinite {
        /// Group along K.
        group: u64,
        /// Output feature.
        column: u64,
        /// The minimum.
        value: f32,
    },
    /// A minimum does not fit the format that it is to be stored in, which is that of the scales.
    #[error(
        "the minimum of group {group}, column {column} is {value}, which {format} does not hold; minimums are stored as scales are, so \
         store both as bf16 or f32 instead"
    )]
    MinimumOutOfRange {
        /// Group along K.
        group: u64,
        /// Output feature.
        column: u64,
        /// The minimum.
        value: f32,
        /// The format.
        format: ScaleFormat,
    },
    /// A level of the codebook, or what all levels are multiplied by, is NaN or infinite.
    #[error(
        "level {level} of the codebook, times the scale of the tensor, is {value}; all levels must be finite"
    )]
    LevelNotFinite {
        /// Which of the sixteen.
        level: usize,
        /// Its value.
        value: f32,
    },
    /// The order of the inputs is not one.
    #[error(
        "the order of the inputs has {given} entries and K={k}, or names a feature twice or one beyond K; \
         it says for each stored k which input feature it multiplies"
    )]
    InputOrder {
        /// Entries given.
        given: usize,
        /// Input features.
        k: u32,
    },
}
