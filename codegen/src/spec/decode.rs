//! What can be asked for of the kernel for one row, and the rules of it.

use q4_kernel_types::{Coop4, Gemv, Reduction, Stream, layout::WEIGHTS_PER_WORD, load};

use super::{Field, KernelSpec, check::Errors};

/// A wish for the kernel of M == 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeSpec {
    /// The cooperative GEMV.
    Coop4(Coop4Spec),
    /// The persistent GEMV.
    Gemv(GemvSpec),
    /// The streaming GEMV.
    Stream(StreamSpec),
}

/// A wish for the cooperative GEMV. What is left out is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coop4Spec {
    /// Lanes per workgroup: 32, 64, 128 or 256.
    pub width: Option<u32>,
    /// Output columns per workgroup: 1, 2, 4 or 8.
    pub columns: Option<u32>,
    /// Words of one row that a lane loads at once: 1, or 4 where K and the group size are multiples of 32.
    /// Left out: 1.
    pub words: Option<u32>,
    /// How partial sums become one. Left out: subgroup additions where the device has them, workgroup memory elsewhere.
    pub reduction: Option<Reduction>,
}

/// A wish for the persistent GEMV, which needs K and a group size that are multiples of 32, or one of [`load::SHORT_GROUPS`]. What is left out is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GemvSpec {
    /// Lanes per workgroup: 32, 64, 128 or 256.
    pub width: Option<u32>,
    /// Output columns of a block: 4, 8 or 16.
    pub columns: Option<u32>,
    /// Chunks of 32 inputs that a lane keeps in registers, up to 4; 0 reads the input anew for every block. K must not exceed `32 * width`
    /// times as many.
    pub resident: Option<u32>,
    /// Whether what is kept passes through workgroup memory on its way. Left out: no.
    pub staged: Option<bool>,
    /// Workgroups of the grid, at most.
    pub workgroups: Option<u32>,
    /// How partial sums become one. Left out: as for [`Coop4Spec`].
    pub reduction: Option<Reduction>,
}

/// A wish for the streaming GEMV, which needs K and a group size that are multiples of 32, or one of [`load::SHORT_GROUPS`]. What is left out is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamSpec {
    /// Lanes per workgroup: 128, 256, 512 or 1024.
    pub width: Option<u32>,
    /// Output columns that a team of lanes takes at once: 1, 2 or 4.
    pub columns: Option<u32>,
    /// Teams that take the same columns and divide K: 1, 2 or 4, no more than the width has 128 lanes. Left out: 1.
    pub split: Option<u32>,
    /// Chunks of 32 inputs that workgroup memory holds: 128 or 256, of 128 bytes each. Left out: 128.
    pub held: Option<u32>,
    /// Whether a longer input passes through workgroup memory slice by slice; without, K must not exceed 32 times `held`. Left out: where K is not known
    /// to be that small.
    pub slices: Option<bool>,
    /// Workgroups of the grid, at most.
    pub workgroups: Option<u32>,
    /// How partial sums become one. Left out: as for [`Coop4Spec`].
    pub reduction: Option<Reduction>,
}

impl From<Coop4Spec> for DecodeSpec {
    fn from(coop4: Coop4Spec) -> Self {
        Self::Coop4(coop4)
    }
}

impl From<GemvSpec> for DecodeSpec {
    fn from(gemv: GemvSpec) -> Self {
        Self::Gemv(gemv)
    }
}

impl From<StreamSpec> for DecodeSpec {
    fn from(stream: StreamSpec) -> Self {
        Self::Stream(stream)
    }
}

impl StreamSpec {
    /// The geometry, with what was left out.
    pub(crate) fn geometry(self, k: Option<u32>, reduction: Reduction) -> Stream {
        let held = self.held.unwrap_or(Stream::DEFAULT_HELD);
        let fits = |k: u32| k.div_ceil(Stream::CHUNK) <= held;
        let default = Stream::default_of(self.slices.unwrap_or(!k.is_some_and(fits)), reduction);
        Stream {
            width: self.width.unwrap_or(default.width),
            columns: self.columns.unwrap_or(default.columns),
            split: self.split.unwrap_or(default.split),
            held,
            workgroups: self.workgroups.unwrap_or(default.workgroups),
            ..default
        }
    }
}

impl GemvSpec {
    /// The geometry, with what was left out.
    pub(crate) fn geometry(self, reduction: Reduction) -> Gemv {
        Gemv {
            width: self.width.unwrap_or(Gemv::DEFAULT_WIDTH),
            columns: self.columns.unwrap_or(Gemv::DEFAULT_COLUMNS),
            resident: self.resident.unwrap_or(0),
            staged: self.staged.unwrap_or_default() && self.resident.unwrap_or(0) > 0,
            workgroups: self.workgroups.unwrap_or(Gemv::DEFAULT_WORKGROUPS),
            reduction,
        }
    }
}

impl KernelSpec {
    pub(super) fn check_decode(&self, decode: DecodeSpec, errors: &mut Errors) {
        match decode {
            DecodeSpec::Coop4(coop4) => self.check_coop4(coop4, errors),
            DecodeSpec::Gemv(gemv) => self.check_gemv(gemv, errors),
            DecodeSpec::Stream(stream) => self.check_stream(stream, errors),
        }
    }

    fn check_coop4(&self, coop4: Coop4Spec, errors: &mut Errors) {
        errors.one_of(Field::DecodeWidth, coop4.width, &Coop4::WIDTHS);
        errors.one_of(Field::DecodeColumns, coop4.columns, &Coop4::COLUMNS);
        errors.one_of(Field::DecodeWords, coop4.words, &Coop4::WORDS);
        self.check_loads(
            (
                Field::Decode,
                "coop4",
                "leave `decode` out and the GEMM serves M == 1 too",
            ),
            (Field::DecodeWords, coop4.words, &Coop4::WORDS),
            errors,
        );
    }

    /// Kernels that load whole words of a row, or four at once, need K and groups of such.
    pub(super) fn check_loads(
        &self,
        (whole, family, instead): (Field, &str, &str),
        (field, words, known): (Field, Option<u32>, &[u32]),
        errors: &mut Errors,
    ) {
        let word = (WEIGHTS_PER_WORD, WEIGHTS_PER_WORD);
        self.check_multiples((whole, family), word, &[], instead, errors);
        let Some(words) = words.filter(|words| known.contains(words)) else {
            return;
        };
        let step = words * WEIGHTS_PER_WORD;
        for (name, value) in [("K", self.k), ("group_size", self.fixed_group_size())] {
            if let Some(value) = value
                && value.is_multiple_of(WEIGHTS_PER_WORD)
                && !value.is_multiple_of(step)
            {
                errors.push(
                    field,
                    format!(
                        "loads of {words} words need {name} % {step} == 0, and {name} is {value}; \
                         leave `words` out and a load that fits is chosen"
                    ),
                );
            }
        }
    }

    fn check_gemv(&self, gemv: GemvSpec, errors: &mut Errors) {
        errors.one_of(Field::DecodeWidth, gemv.width, &Gemv::WIDTHS);
        errors.one_of(Field::DecodeColumns, gemv.columns, &Gemv::COLUMNS);
        if let Some(resident) = gemv.resident
            && resident > Gemv::MOST_RESIDENT
        {
            errors.push(
                Field::DecodeResident,
                format!(
                    "{resident} chunks of the input do not fit the registers of a lane; use at most {}, or 0",
                    Gemv::MOST_RESIDENT
                ),
            );
        }
        errors.workgroups(Field::DecodeWorkgroups, gemv.workgroups);
        self.check_multiples(
            (Field::Decode, "gemv"),
            (Gemv::CHUNK, Gemv::CHUNK),
            &load::SHORT_GROUPS,
            SHORTER_LOADS,
            errors,
        );
        if let (Some(k), Some(resident @ 1..=Gemv::MOST_RESIDENT)) = (self.k, gemv.resident) {
            let width = gemv.width.unwrap_or(Gemv::DEFAULT_WIDTH);
            let most = u64::from(resident) * u64::from(width) * u64::from(Gemv::CHUNK);
            if u64::from(k) > most {
                errors.push(
                    Field::DecodeResident,
                    format!(
                        "{resident} chunks of each of {width} lanes hold inputs of up to K = {most}, and K is {k}; \
                         use more chunks, a larger width, or leave `resident` out"
                    ),
                );
            }
        }
    }

    fn check_stream(&self, stream: StreamSpec, errors: &mut Errors) {
        errors.one_of(Field::DecodeWidth, stream.width, &Stream::WIDTHS);
        errors.one_of(Field::DecodeColumns, stream.columns, &Stream::COLUMNS);
        errors.one_of(Field::DecodeSplit, stream.split, &Stream::SPLITS);
        errors.one_of(Field::DecodeHeld, stream.held, &Stream::HELD);
        let width = stream
            .width
            .unwrap_or(Stream::default_of(true, Reduction::Subgroup).width);
        if let Some(split) = stream.split
            && Stream::SPLITS.contains(&split)
            && Stream::WIDTHS.contains(&width)
            && split > Stream::most_split(width)
        {
            errors.push(
                Field::DecodeSplit,
                format!(
                    "{width} lanes are {} teams where subgroups are largest, and {split} are to divide K; use a larger width, or a smaller split",
                    Stream::most_split(width)
                ),
            );
        }
        errors.workgroups(Field::DecodeWorkgroups, stream.workgroups);
        self.check_multiples(
            (Field::Decode, "stream"),
            (Stream::CHUNK, Stream::CHUNK),
            &load::SHORT_GROUPS,
            SHORTER_LOADS,
            errors,
        );
        let held = stream.held.unwrap_or(Stream::DEFAULT_HELD);
        if let (Some(k), Some(false)) = (self.k, stream.slices)
            && k.div_ceil(Stream::CHUNK) > held
        {
            errors.push(
                Field::DecodeHeld,
                format!(
                    "{held} chunks hold inputs of up to K = {}, and K is {k}; use more chunks, or leave `slices` out",
                    u64::from(held) * u64::from(Stream::CHUNK)
                ),
            );
        }
    }
}

/// What to do where chunks do not fit.
const SHORTER_LOADS: &str = "use `coop4`, or leave `decode` out";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Format, SpecError};

    fn mistakes(spec: &KernelSpec) -> Vec<SpecError> {
        spec.check().err().unwrap_or_default()
    }

    #[test]
    fn a_load_that_straddles_rows_or_groups_is_refused() {
        let long = Coop4Spec {
            words: Some(4),
            ..Coop4Spec::default()
        };
        let spec = |k, group_size| KernelSpec::new("Up", Format::q4gsw(group_size)).k(k).decode(long);
        assert_eq!(spec(2048, 32).check(), Ok(()));
        for (k, group_size, name) in [(2056, 32, "K % 32"), (2048, 40, "group_size % 32")] {
            let [error] = mistakes(&spec(k, group_size)).try_into().unwrap();
            assert_eq!(error.field, Field::DecodeWords);
            assert!(error.message.contains(name), "{error}");
        }
    }

    #[test]
    fn every_rule_of_the_persistent_gemv_has_its_own_error() {
        let up = |k, group_size| KernelSpec::new("Up", Format::q4gsw(group_size)).k(k);
        let good = GemvSpec {
            width: Some(128),
            resident: Some(1),
            ..GemvSpec::default()
        };
        assert_eq!(up(4096, 32).decode(good).check(), Ok(()));
        assert_eq!(
            mistakes(&up(4104, 48).decode(good))
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
            [
                "`decode`: gemv needs K % 32 == 0, and K is 4104; use `coop4`, or leave `decode` out",
                "`decode`: gemv needs group_size % 32 == 0 or group_size == 16, and group_size is 48; use `coop4`, or leave `decode` out",
                "`decode.resident`: 1 chunks of each of 128 lanes hold inputs of up to K = 4096, and K is 4104; \
                 use more chunks, a larger width, or leave `resident` out",
            ]
        );
        let bad = GemvSpec {
            width: Some(48),
            columns: Some(2),
            resident: Some(9),
            staged: Some(true),
            workgroups: Some(0),
            reduction: None,
        };
        assert_eq!(
            mistakes(&up(4096, 32).decode(bad))
                .iter()
                .map(|error| error.field)
                .collect::<Vec<_>>(),
            [
                Field::DecodeWidth,
                Field::DecodeColumns,
                Field::DecodeResident,
                Field::DecodeWorkgroups
            ]
        );
    }

    #[test]
    fn every_rule_of_the_streaming_gemv_has_its_own_error() {
        let up = |k, group_size| KernelSpec::new("Up", Format::q4gsw(group_size)).k(k);
        let good = StreamSpec {
            width: Some(512),
            held: Some(256),
            ..StreamSpec::default()
        };
        assert_eq!(up(4096, 32).decode(good).check(), Ok(()));
        let bad = StreamSpec {
            width: Some(64),
            columns: Some(8),
            split: Some(3),
            held: Some(64),
            slices: Some(false),
            workgroups: Some(0),
            reduction: None,
        };
        assert_eq!(
            mistakes(&up(4104, 48).decode(bad))
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
            [
                "`decode.width`: 64 is not supported; use one of 128, 256, 512, 1024",
                "`decode.columns`: 8 is not supported; use one of 1, 2, 4",
                "`decode.split`: 3 is not supported; use one of 1, 2, 4",
                "`decode.held`: 64 is not supported; use one of 128, 256",
                "`decode.workgroups`: 0 workgroups compute nothing; give a positive number, or leave it out",
                "`decode`: stream needs K % 32 == 0, and K is 4104; use `coop4`, or leave `decode` out",
                "`decode`: stream needs group_size % 32 == 0 or group_size == 16, and group_size is 48; use `coop4`, or leave `decode` out",
                "`decode.held`: 64 chunks hold inputs of up to K = 2048, and K is 4104; use more chunks, or leave `slices` out",
            ]
        );
    }

    #[test]
    fn no_more_teams_divide_k_than_there_are_on_every_device() {
        let of = |width, split| {
            let stream = StreamSpec {
                width: Some(width),
                split: Some(split),
                ..StreamSpec::default()
            };
            mistakes(&KernelSpec::new("Up", Format::q4gsw(32)).decode(stream))
        };
        assert_eq!(of(512, 4), []);
        assert_eq!(of(256, 2), []);
        let [error] = of(256, 4).try_into().unwrap();
        assert_eq!(
            error.to_string(),
            "`decode.split`: 256 lanes are 2 teams where subgroups are largest, and 4 are to divide K; \
             use a larger width, or a smaller split"
        );
    }
}
