//! The kernels that a description asks for: their families, and the sizes of each.

use q4_kernel_types::{InputFormat, PanelBarrier, Reduction};

use super::{Reader, Value};
use crate::spec::{
    Coop4Spec, DecodeSpec, FewSpec, Field, GemvSpec, HeldMatrixSpec, MatrixSpec, PanelMatrixSpec,
    PrefillSpec, SkinnySpec, StagedSpec, StreamOfRowsSpec, StreamSpec, TileSpec,
};

/// What a description says of something that is done or not.
const NEVER_OR_ALWAYS: [(&str, bool); 2] = [("never", false), ("always", true)];

impl<S: Clone> Reader<S> {
    pub(super) fn decode(&mut self, value: &Value<S>) -> Option<DecodeSpec> {
        let names = ["stream", "gemv", "coop4"];
        let example = "stream { width: 256, columns: 4 }";
        let (name, entries) =
            self.one_of_families(value, &names, "a decode kernel", example, Some(Field::Decode))?;
        if let Value::Word(_, span, _) = value {
            // The kernel's own name stands in for a size that was left out and does not fit the others.
            self.places.extend(
                [Field::DecodeResident, Field::DecodeHeld, Field::DecodeSplit]
                    .map(|field| (field, span.clone())),
            );
        }
        let known: &[&'static str] = match name {
            "coop4" => &["width", "columns", "words", "reduction"],
            "stream" => &[
                "width",
                "columns",
                "split",
                "held",
                "slices",
                "workgroups",
                "reduction",
            ],
            _ => &[
                "width",
                "columns",
                "resident",
                "staged",
                "workgroups",
                "reduction",
            ],
        };
        let mut fields = self.fields(entries, name, known);
        let reduction = fields.remove("reduction").and_then(|value| self.reduction(value));
        let [staged, slices] = ["staged", "slices"].map(|key| {
            let value = fields.remove(key)?;
            self.choice(value, &NEVER_OR_ALWAYS)
        });
        let mut size =
            |key: &str, field: Field| fields.remove(key).and_then(|value| self.integer(value, field));
        let [width, columns] = [("width", Field::DecodeWidth), ("columns", Field::DecodeColumns)]
            .map(|(key, field)| size(key, field));
        Some(match name {
            "coop4" => DecodeSpec::Coop4(Coop4Spec {
                width,
                columns,
                words: size("words", Field::DecodeWords),
                reduction,
            }),
            "stream" => DecodeSpec::Stream(StreamSpec {
                width,
                columns,
                split: size("split", Field::DecodeSplit),
                held: size("held", Field::DecodeHeld),
                slices,
                workgroups: size("workgroups", Field::DecodeWorkgroups),
                reduction,
            }),
            _ => DecodeSpec::Gemv(GemvSpec {
                width,
                columns,
                resident: size("resident", Field::DecodeResident),
                staged,
                workgroups: size("workgroups", Field::DecodeWorkgroups),
                reduction,
            }),
        })
    }

    pub(super) fn few(&mut self, value: &Value<S>) -> Option<FewSpec> {
        let names = ["stream", "skinny", "held_matrix"];
        let kind = "a kernel for a few rows";
        let example = "skinny { width: 128, columns: 32 }";
        let (name, entries) = self.one_of_families(value, &names, kind, example, Some(Field::Few))?;
        let known: &[&'static str] = match name {
            "stream" => &["width", "columns", "workgroups", "reduction"],
            "held_matrix" => &["subgroups", "held", "workgroups"],
            _ => &["width", "columns", "lane_columns", "words", "staged", "reduction"],
        };
        let mut fields = self.fields(entries, name, known);
        let reduction = fields.remove("reduction").and_then(|value| self.reduction(value));
        let staged = fields.remove("staged").and_then(|value| {
            self.places.insert(Field::FewStaged, value.span().clone());
            self.choice(value, &NEVER_OR_ALWAYS)
        });
        let mut size =
            |key: &str, field: Field| fields.remove(key).and_then(|value| self.integer(value, field));
        let [width, columns] =
            [("width", Field::FewWidth), ("columns", Field::FewColumns)].map(|(key, field)| size(key, field));
        Some(match name {
            "stream" => FewSpec::Stream(StreamOfRowsSpec {
                width,
                columns,
                workgroups: size("workgroups", Field::FewWorkgroups),
                reduction,
            }),
            "held_matrix" => FewSpec::HeldMatrix(HeldMatrixSpec {
                subgroups: size("subgroups", Field::FewSubgroups),
                held: size("held", Field::FewHeld),
                workgroups: size("workgroups", Field::FewWorkgroups),
            }),
            _ => FewSpec::Skinny(SkinnySpec {
                width,
                columns,
                lane_columns: size("lane_columns", Field::FewLaneColumns),
                words: size("words", Field::FewWords),
                staged,
                reduction,
            }),
        })
    }

    fn reduction(&mut self, value: &Value<S>) -> Option<Reduction> {
        self.choice(
            value,
            &[("shared", Reduction::Shared), ("subgroup", Reduction::Subgroup)],
        )
    }

    pub(super) fn prefill(&mut self, value: &Value<S>) -> Option<PrefillSpec> {
        let names = ["tile", "staged", "matrix", "panel_matrix"];
        let example = "tile { m: 64, n: 64, k: 16 }";
        let (name, entries) =
            self.one_of_families(value, &names, "a prefill kernel", example, Some(Field::Prefill))?;
        if let Value::Word(_, span, _) = value {
            // The kernel's own name stands in for a size that was left out and does not fit the others.
            let sizes = [
                Field::PrefillM,
                Field::PrefillN,
                Field::PrefillK,
                Field::PrefillSubgroupM,
                Field::PrefillSubgroupN,
            ];
            self.places.extend(sizes.map(|field| (field, span.clone())));
        }
        let known: &[&'static str] = match name {
            "matrix" => &["m", "n", "k", "subgroup_m", "subgroup_n", "side", "buffers"],
            "panel_matrix" => &["m", "n", "k", "inputs", "panels", "barrier", "teams"],
            "staged" => &["m", "n", "k", "rows", "columns", "teams", "ahead"],
            _ => &["m", "n", "k", "rows", "columns"],
        };
        let mut fields = self.fields(entries, name, known);
        let barrier = fields.remove("barrier").and_then(|value| {
            self.choice(value, &PanelBarrier::ALL.map(|barrier| (barrier.name(), barrier)))
        });
        let inputs = fields
            .remove("inputs")
            .and_then(|value| self.choice(value, &InputFormat::ALL.map(|format| (format.name(), format))));
        let ahead = fields
            .remove("ahead")
            .and_then(|value| self.choice(value, &NEVER_OR_ALWAYS));
        let mut size =
            |key: &str, field: Field| fields.remove(key).and_then(|value| self.integer(value, field));
        let [m, n, k] = [
            ("m", Field::PrefillM),
            ("n", Field::PrefillN),
            ("k", Field::PrefillK),
        ]
        .map(|(key, field)| size(key, field));
        let [rows, columns] = [("rows", Field::PrefillRows), ("columns", Field::PrefillColumns)]
            .map(|(key, field)| size(key, field));
        Some(match name {
            "staged" => PrefillSpec::Staged(StagedSpec {
                m,
                n,
                k,
                rows,
                columns,
                teams: size("teams", Field::PrefillTeams),
                ahead,
            }),
            "matrix" => PrefillSpec::Matrix(MatrixSpec {
                m,
                n,
                k,
                subgroup_m: size("subgroup_m", Field::PrefillSubgroupM),
                subgroup_n: size("subgroup_n", Field::PrefillSubgroupN),
                side: size("side", Field::PrefillSide),
                buffers: size("buffers", Field::PrefillBuffers),
            }),
            "panel_matrix" => PrefillSpec::PanelMatrix(PanelMatrixSpec {
                m,
                n,
                k,
                inputs,
                panels: size("panels", Field::PrefillPanels),
                barrier,
                teams: size("teams", Field::PrefillTeams),
            }),
            _ => PrefillSpec::Tile(TileSpec {
                m,
                n,
                k,
                rows,
                columns,
            }),
        })
    }
}
