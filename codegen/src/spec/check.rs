//! The rules a description must keep, all checked at once.

use std::fmt;

use q4_kernel_types::{Encoding, GroupSize, NumericClass, WeightFormat};

use super::KernelSpec;

/// A field of a description. Callers use it to point at the place where the user wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Field {
    /// The name of the kernel.
    Name,
    /// `format.group_size`
    GroupSize,
    /// `k`
    K,
    /// `n`
    N,
    /// `numeric`
    Numeric,
    /// `scales`
    Scales,
    /// `decode`, as a whole.
    Decode,
    /// `decode.width`
    DecodeWidth,
    /// `decode.columns`
    DecodeColumns,
    /// `decode.words`
    DecodeWords,
    /// `decode.resident`
    DecodeResident,
    /// `decode.split`
    DecodeSplit,
    /// `decode.held`
    DecodeHeld,
    /// `decode.workgroups`
    DecodeWorkgroups,
    /// `few`, as a whole.
    Few,
    /// `few.width`
    FewWidth,
    /// `few.columns`
    FewColumns,
    /// `few.lane_columns`
    FewLaneColumns,
    /// `few.words`
    FewWords,
    /// Whether the kernels for a few rows stage their inputs.
    FewStaged,
    /// `few.subgroups`
    FewSubgroups,
    /// `few.held`
    FewHeld,
    /// `few.workgroups`
    FewWorkgroups,
    /// `prefill`, as a whole.
    Prefill,
    /// `prefill.m`
    PrefillM,
    /// `prefill.n`
    PrefillN,
    /// `prefill.k`
    PrefillK,
    /// `prefill.rows`
    PrefillRows,
    /// `prefill.columns`
    PrefillColumns,
    /// `prefill.subgroup_m`
    PrefillSubgroupM,
    /// `prefill.subgroup_n`
    PrefillSubgroupN,
    /// `prefill.side`
    PrefillSide,
    /// `prefill.buffers`
    PrefillBuffers,
    /// `prefill.panels`
    PrefillPanels,
    /// `prefill.teams`
    PrefillTeams,
}

/// A rule that a description breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct SpecError {
    /// Where.
    pub field: Field,
    /// What was given, what was expected and what to do.
    pub message: String,
}

impl Field {
    /// The field as it is written in a description.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::GroupSize => "format.group_size",
            Self::K => "k",
            Self::N => "n",
            Self::Numeric => "numeric",
            Self::Scales => "scales",
            Self::Decode => "decode",
            Self::DecodeWidth => "decode.width",
            Self::DecodeColumns => "decode.columns",
            Self::DecodeWords => "decode.words",
            Self::DecodeResident => "decode.resident",
            Self::DecodeSplit => "decode.split",
            Self::DecodeHeld => "decode.held",
            Self::DecodeWorkgroups => "decode.workgroups",
            Self::Few => "few",
            Self::FewWidth => "few.width",
            Self::FewColumns => "few.columns",
            Self::FewLaneColumns => "few.lane_columns",
            Self::FewWords => "few.words",
            Self::FewStaged => "few.staged",
            Self::FewSubgroups => "few.subgroups",
            Self::FewHeld => "few.held",
            Self::FewWorkgroups => "few.workgroups",
            Self::Prefill => "prefill",
            Self::PrefillM => "prefill.m",
            Self::PrefillN => "prefill.n",
            Self::PrefillK => "prefill.k",
            Self::PrefillRows => "prefill.rows",
            Self::PrefillColumns => "prefill.columns",
            Self::PrefillSubgroupM => "prefill.subgroup_m",
            Self::PrefillSubgroupN => "prefill.subgroup_n",
            Self::PrefillSide => "prefill.side",
            Self::PrefillBuffers => "prefill.buffers",
            Self::PrefillPanels => "prefill.panels",
            Self::PrefillTeams => "prefill.teams",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.path())
    }
}

impl KernelSpec {
    /// Checks every rule.
    ///
    /// # Errors
    /// Every rule that is broken, in the order of the fields.
    pub fn check(&self) -> Result<(), Vec<SpecError>> {
        let mut errors = Errors::default();
        if syn::parse_str::<syn::Ident>(&self.name).is_err() {
            errors.push(
                Field::Name,
                format!(
                    "{:?} is not a Rust identifier; it names the generated type",
                    self.name
                ),
            );
        }
        errors.nonzero(
            Field::GroupSize,
            self.fixed_group_size(),
            "consecutive k that share a scale",
        );
        let weights = WeightFormat {
            encoding: self.encoding(),
            scales: self.scales.format,
        };
        if !weights.exists() {
            errors.push(
                Field::Scales,
                format!(
                    "minimums are stored as scales are, and {} holds none; use f32, f16 or bf16",
                    self.scales.format
                ),
            );
        }
        if self.encoding() == Encoding::Codebook && self.numeric == NumericClass::Int8Activations {
            errors.push(
                Field::Numeric,
                "the levels of a codebook are no integers, so that 8-bit inputs gain nothing; use `exact` or `f16_multiply`"
                    .to_owned(),
            );
        }
        errors.nonzero(Field::K, self.k, "input features");
        errors.nonzero(Field::N, self.n, "output features");
        if let Some(decode) = self.decode {
            self.check_decode(decode, &mut errors);
        }
        if let Some(few) = self.few {
            self.check_few(few, &mut errors);
        }
        if let Some(prefill) = self.prefill {
            self.check_prefill(prefill, &mut errors);
        }
        errors.into_result()
    }

    /// Checks that K and the group size are multiples of what a family needs, as far as they are known; `short_groups` will do beside those. What to do
    /// otherwise ends the message.
    pub(super) fn check_multiples(
        &self,
        (field, family): (Field, &str),
        (k, group_size): (u32, u32),
        short_groups: &[u32],
        instead: &str,
        errors: &mut Errors,
    ) {
        let known = [
            ("K", self.k, k, &[][..]),
            ("group_size", self.fixed_group_size(), group_size, short_groups),
        ];
        for (name, value, step, others) in known {
            if let Some(value) = value
                && !value.is_multiple_of(step)
                && !others.contains(&value)
            {
                let others: String = others
                    .iter()
                    .map(|other| format!(" or {name} == {other}"))
                    .collect();
                errors.push(
                    field,
                    format!("{family} needs {name} % {step} == 0{others}, and {name} is {value}; {instead}"),
                );
            }
        }
    }

    /// Checks that a family which multiplies in f16 may; another does not.
    pub(super) fn check_rounding(&self, (field, family): (Field, &str), other: &str, errors: &mut Errors) {
        let class = NumericClass::F16Multiply;
        if !self.numeric.allows(class) {
            errors.push(
                field,
                format!(
                    "{family} rounds its operands to f16, and the description allows {}; add `numeric: {class}`, or ask for `{other}` instead",
                    self.numeric
                ),
            );
        }
    }

    /// Whether K and the group size may be multiples of `step`, as far as they are known.
    pub(crate) fn may_be_multiples(&self, step: u32) -> bool {
        [self.k, self.fixed_group_size()]
            .into_iter()
            .flatten()
            .all(|value| value.is_multiple_of(step))
    }

    pub(crate) fn fixed_group_size(&self) -> Option<u32> {
        match self.group_size() {
            GroupSize::Fixed(size) => Some(size),
            GroupSize::Runtime => None,
        }
    }
}

/// Whether a tile is made of whole parts; if not, that is an error.
pub(super) fn divides(field: Field, tile: u32, (part, what): (u32, &str), errors: &mut Errors) -> bool {
    let whole = tile > 0 && part > 0 && tile.is_multiple_of(part);
    if !whole {
        errors.push(
            field,
            format!("{tile} is not a positive multiple of {part}, {what}; change one of them"),
        );
    }
    whole
}

/// The rules that were broken so far.
#[derive(Default)]
pub(super) struct Errors(Vec<SpecError>);

impl Errors {
    pub(super) fn push(&mut self, field: Field, message: String) {
        self.0.push(SpecError { field, message });
    }

    /// A grid of no workgroups.
    pub(super) fn workgroups(&mut self, field: Field, workgroups: Option<u32>) {
        if workgroups == Some(0) {
            self.push(
                field,
                "0 workgroups compute nothing; give a positive number, or leave it out".to_owned(),
            );
        }
    }

    fn nonzero(&mut self, field: Field, value: Option<u32>, meaning: &str) {
        if value == Some(0) {
            self.push(
                field,
                format!("0 {meaning} make no layer; give a positive number, or leave it out for run time"),
            );
        }
    }

    pub(super) fn one_of(&mut self, field: Field, value: Option<u32>, allowed: &[u32]) {
        if let Some(value) = value
            && !allowed.contains(&value)
        {
            let allowed: Vec<_> = allowed.iter().map(u32::to_string).collect();
            self.push(
                field,
                format!("{value} is not supported; use one of {}", allowed.join(", ")),
            );
        }
    }

    fn into_result(self) -> Result<(), Vec<SpecError>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{
        Coop4Spec, DecodeSpec, Format, HeldMatrixSpec, PrefillSpec, SkinnySpec, StreamOfRowsSpec, TileSpec,
    };

    fn messages(spec: &KernelSpec) -> Vec<String> {
        spec.check()
            .expect_err("the description is wrong")
            .iter()
            .map(SpecError::to_string)
            .collect()
    }

    #[test]
    fn all_mistakes_of_a_description_are_reported_at_once() {
        let spec = KernelSpec {
            decode: Some(DecodeSpec::Coop4(Coop4Spec {
                width: Some(48),
                columns: Some(3),
                words: None,
                reduction: None,
            })),
            prefill: Some(PrefillSpec::Tile(TileSpec {
                m: Some(30),
                k: Some(12),
                ..TileSpec::default()
            })),
            ..KernelSpec::new("Up-Proj", Format::q4gsw(0)).k(2050).n(0)
        };
        assert_eq!(
            messages(&spec),
            [
                "`name`: \"Up-Proj\" is not a Rust identifier; it names the generated type",
                "`format.group_size`: 0 consecutive k that share a scale make no layer; give a positive number, or leave it out for run time",
                "`n`: 0 output features make no layer; give a positive number, or leave it out for run time",
                "`decode.width`: 48 is not supported; use one of 32, 64, 128, 256",
                "`decode.columns`: 3 is not supported; use one of 1, 2, 4, 8",
                "`decode`: coop4 needs K % 8 == 0, and K is 2050; leave `decode` out and the GEMM serves M == 1 too",
                "`prefill.k`: 12 is not supported; use one of 8, 16, 32",
                "`prefill.m`: 30 is not a positive multiple of 4, the rows of a thread; change one of them",
            ]
        );
    }

    #[test]
    fn matrices_that_hold_the_inputs_are_checked_as_those_of_prefill() {
        let wish = HeldMatrixSpec {
            subgroups: Some(10),
            workgroups: Some(0),
            ..HeldMatrixSpec::default()
        };
        let spec = KernelSpec::new("Up", Format::q4gsw(48)).k(2080).few(wish);
        assert_eq!(
            messages(&spec),
            [
                "`few`: held_matrix rounds its operands to f16, and the description allows exact; add `numeric: f16_multiply`, \
                 or ask for `skinny` instead",
                "`few.subgroups`: 10 is not supported; use one of 8, 12, 14, 16",
                "`few.workgroups`: 0 workgroups compute nothing; give a positive number, or leave it out",
                "`few`: held_matrix needs K % 256 == 0, and K is 2080; use `skinny`, or leave `few` out",
                "`few`: held_matrix needs group_size % 32 == 0 or group_size == 16, and group_size is 48; use `skinny`, or leave `few` out",
            ]
        );
    }

    #[test]
    fn kernels_for_a_few_rows_are_checked_as_those_for_one() {
        let spec = KernelSpec::new("Up", Format::q4gsw(40)).k(2050).few(SkinnySpec {
            width: Some(32),
            columns: Some(48),
            lane_columns: Some(16),
            words: Some(4),
            staged: None,
            reduction: None,
        });
        assert_eq!(
            messages(&spec),
            [
                "`few.width`: 32 is not supported; use one of 64, 128, 256",
                "`few.columns`: 48 is not supported; use one of 8, 16, 32, 64",
                "`few.lane_columns`: 16 is not supported; use one of 4, 8",
                "`few`: skinny needs K % 8 == 0, and K is 2050; leave `few` out and the GEMM serves a few rows too",
                "`few.words`: loads of 4 words need group_size % 32 == 0, and group_size is 40; \
                 leave `words` out and a load that fits is chosen",
            ]
        );
    }

    #[test]
    fn staged_inputs_that_not_every_device_has_room_for_are_refused() {
        let spec = KernelSpec::new("Up", Format::q4gsw(32)).k(2048).few(SkinnySpec {
            width: Some(256),
            words: Some(4),
            staged: Some(true),
            ..SkinnySpec::default()
        });
        assert_eq!(
            messages(&spec),
            [
                "`few.staged`: inputs of 4 rows for one step of all lanes take 32768 bytes of workgroup memory, and devices need not have more than 16384; \
                 leave `staged` out, or ask for fewer lanes, fewer words or more columns"
            ]
        );
    }

    #[test]
    fn streaming_kernels_for_a_few_rows_are_checked_too() {
        let spec = KernelSpec::new("Up", Format::q4gsw(40)).few(StreamOfRowsSpec {
            width: Some(1024),
            columns: Some(3),
            workgroups: Some(0),
            reduction: None,
        });
        assert_eq!(
            messages(&spec),
            [
                "`few.width`: 1024 is not supported; use one of 256, 512",
                "`few.columns`: 3 is not supported; use one of 1, 2, 4",
                "`few.workgroups`: 0 workgroups compute nothing; give a positive number, or leave it out",
                "`few`: stream needs group_size % 32 == 0 or group_size == 16, and group_size is 40; use `skinny`, or leave `few` out",
            ]
        );
    }

    #[test]
    fn a_step_that_straddles_groups_is_refused() {
        let tile = TileSpec {
            k: Some(32),
            ..TileSpec::default()
        };
        let spec = KernelSpec::new("Up", Format::q4gsw(16)).k(2048).prefill(tile);
        assert_eq!(
            messages(&spec),
            [
                "`prefill.k`: a step of 32 needs group_size % 32 == 0, and group_size is 16; \
                 leave `k` out of the tile and a step that fits is chosen"
            ]
        );
    }

    #[test]
    fn a_tile_of_too_many_threads_is_refused() {
        let tile = TileSpec {
            m: Some(256),
            n: Some(256),
            ..TileSpec::default()
        };
        let [message] = messages(&KernelSpec::new("Up", Format::q4gsw(32)).prefill(tile))
            .try_into()
            .unwrap();
        assert!(message.contains("takes 4096 invocations"), "{message}");
    }

    #[test]
    fn a_description_of_defaults_is_right() {
        assert_eq!(KernelSpec::new("Up", Format::q4gsw(32)).check(), Ok(()));
    }
}
