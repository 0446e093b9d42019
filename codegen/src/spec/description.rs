//! A description as it was written, before anything is known of its meaning, and how it is read.
//!
//! The macro makes one of tokens, the spec file reader one of TOML; what the fields mean, which there are and what can be wrong
//! with them stands here, once. `S` is whatever the writer points with: a token's span, a byte range.

use std::collections::HashMap;

use q4_kernel_types::{
    Bias, GroupSize, InputFormat, NumericClass, PanelBarrier, Reduction, ScaleFormat, ScaleLayout,
    ScaleOrder, WeightFormat,
};

use super::{
    Coop4Spec, DecodeSpec, FewSpec, Field, Format, GemvSpec, HeldMatrixSpec, KernelSpec, MatrixSpec,
    NamedFormat, PanelMatrixSpec, PrefillSpec, SkinnySpec, StagedSpec, StreamOfRowsSpec, StreamSpec,
    TileSpec,
};

/// The description of one kernel, as written.
#[derive(Clone, Debug)]
pub struct Description<S> {
    /// Name of the kernel.
    pub name: String,
    /// Where the name stands.
    pub span: S,
    /// The fields between the braces.
    pub fields: Vec<Entry<S>>,
}

/// `key: value`
#[derive(Clone, Debug)]
pub struct Entry<S> {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub span: S,
    /// The value.
    pub value: Value<S>,
}

/// What a description says of something that is done or not.
const NEVER_OR_ALWAYS: [(&str, bool); 2] = [("never", false), ("always", true)];

/// A value, with the place where it stands.
#[derive(Clone, Debug)]
pub enum Value<S> {
    /// `2048`
    Integer(u64, S),
    /// `optional`, or `coop4 { width: 64 }`
    Word(String, S, Vec<Entry<S>>),
    /// Anything else, as the user wrote it.
    Other(String, S),
}

impl<S> Value<S> {
    /// Where it stands.
    fn span(&self) -> &S {
        match self {
            Self::Integer(_, span) | Self::Word(_, span, _) | Self::Other(_, span) => span,
        }
    }
}

/// A mistake in a description and the place to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake<S> {
    /// The place.
    pub span: S,
    /// What was given, what was expected and what to do.
    pub message: String,
}

/// Reads a description.
///
/// # Errors
/// Every mistake: unknown, repeated and missing fields, values of the wrong kind, and every rule of [`KernelSpec::check`].
pub fn read<S: Clone>(description: &Description<S>) -> Result<KernelSpec, Vec<Mistake<S>>> {
    let mut reader = Reader {
        mistakes: Vec::new(),
        places: HashMap::new(),
    };
    let spec = reader.kernel(description);
    let Reader { mut mistakes, places } = reader;
    if let Err(errors) = spec.check() {
        mistakes.extend(errors.into_iter().map(|error| Mistake {
            span: places.get(&error.field).unwrap_or(&description.span).clone(),
            message: error.message,
        }));
    }
    if mistakes.is_empty() {
        Ok(spec)
    } else {
        Err(mistakes)
    }
}

struct Reader<S> {
    mistakes: Vec<Mistake<S>>,
    /// Where each field's value stands.
    places: HashMap<Field, S>,
}

impl<S: Clone> Reader<S> {
    fn kernel(&mut self, description: &Description<S>) -> KernelSpec {
        const FIELDS: [&str; 9] = [
            "format", "k", "n", "bias", "numeric", "scales", "decode", "few", "prefill",
        ];
        let mut fields = self.fields(&description.fields, "a kernel", &FIELDS);
        if !fields.contains_key("format") {
            self.mistake(
                &description.span,
                "the `format` of the weights is missing; add for example `format: q4gsw { group_size: 32 }`"
                    .to_owned(),
            );
        }
        for (key, field) in [("numeric", Field::Numeric), ("scales", Field::Scales)] {
            self.places
                .extend(fields.get(key).map(|value| (field, value.span().clone())));
        }
        let format = fields.remove("format").and_then(|value| self.format(value));
        // A format that cannot be read is a mistake already.
        let format = format.unwrap_or(Format::new(WeightFormat::default(), GroupSize::Runtime));
        KernelSpec {
            name: description.name.clone(),
            format,
            k: fields.remove("k").and_then(|value| self.integer(value, Field::K)),
            n: fields.remove("n").and_then(|value| self.integer(value, Field::N)),
            bias: fields
                .remove("bias")
                .and_then(|value| {
                    let choices = [
                        ("optional", Bias::Optional),
                        ("never", Bias::Never),
                        ("always", Bias::Always),
                    ];
                    self.choice(value, &choices)
                })
                .unwrap_or_default(),
            numeric: fields
                .remove("numeric")
                .and_then(|value| self.choice(value, &NumericClass::ALL.map(|class| (class.name(), class))))
                .unwrap_or_default(),
            scales: fields
                .remove("scales")
                .and_then(|value| self.scales(value))
                .unwrap_or(ScaleLayout {
                    format: format.scales,
                    ..ScaleLayout::default()
                }),
            decode: fields.remove("decode").and_then(|value| self.decode(value)),
            few: fields.remove("few").and_then(|value| self.few(value)),
            prefill: fields.remove("prefill").and_then(|value| self.prefill(value)),
        }
    }

    fn format(&mut self, value: &Value<S>) -> Option<Format> {
        let names = NamedFormat::ALL.map(|format| format.name);
        let (name, entries) =
            self.one_of_families(value, &names, "a format", "q4gsw { group_size: 32 }", None)?;
        let named = NamedFormat::find(name)?;
        let mut known = Vec::new();
        if named.group_size.is_none() {
            known.push("group_size");
        }
        if !named.other_scales.is_empty() {
            known.push("scales");
        }
        let mut fields = self.fields(entries, name, &known);
        let group_size = match fields.remove("group_size") {
            // A group size that cannot be read is a mistake already; run time then stands in for it.
            Some(value) => self
                .integer(value, Field::GroupSize)
                .map_or(GroupSize::Runtime, GroupSize::Fixed),
            None => named.group_size.map_or(GroupSize::Runtime, GroupSize::Fixed),
        };
        let scales = fields.remove("scales").and_then(|value| {
            let choices: Vec<_> = named
                .other_scales
                .iter()
                .map(|format| (format.name(), *format))
                .collect();
            self.choice(value, &choices)
        });
        let weights = WeightFormat {
            encoding: named.encoding,
            scales: scales.unwrap_or(named.scales),
        };
        Some(Format::new(weights, group_size))
    }

    fn scales(&mut self, value: &Value<S>) -> Option<ScaleLayout> {
        let (word, entries) = match value {
            Value::Word(word, span, entries) => {
                (Value::Word(word.clone(), span.clone(), Vec::new()), &entries[..])
            }
            other => (other.clone(), &[][..]),
        };
        let format = self.choice(&word, &ScaleFormat::ALL.map(|format| (format.name(), format)))?;
        let order = self
            .fields(entries, "scales", &["order"])
            .remove("order")
            .and_then(|value| self.choice(value, &ScaleOrder::ALL.map(|order| (order.name(), order))));
        Some(ScaleLayout {
            format,
            order: order.unwrap_or_default(),
        })
    }

    fn decode(&mut self, value: &Value<S>) -> Option<DecodeSpec> {
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

    fn few(&mut self, value: &Value<S>) -> Option<FewSpec> {
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

    fn prefill(&mut self, value: &Value<S>) -> Option<PrefillSpec> {
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
            "panel_matrix" => &["m", "n", "k", "inputs", "panels", "barrier"],
            _ => &["m", "n", "k", "rows", "columns"],
        };
        let mut fields = self.fields(entries, name, known);
        let barrier = fields.remove("barrier").and_then(|value| {
            self.choice(value, &PanelBarrier::ALL.map(|barrier| (barrier.name(), barrier)))
        });
        let inputs = fields
            .remove("inputs")
            .and_then(|value| self.choice(value, &InputFormat::ALL.map(|format| (format.name(), format))));
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

    /// The name and the fields of `NAME { .. }` where some names are known.
    fn one_of_families<'a>(
        &mut self,
        value: &'a Value<S>,
        names: &[&'static str],
        kind: &str,
        example: &str,
        place: Option<Field>,
    ) -> Option<(&'static str, &'a [Entry<S>])> {
        match value {
            Value::Word(given, span, entries) => {
                if let Some(name) = names.iter().find(|name| *name == given) {
                    self.places.extend(place.map(|field| (field, span.clone())));
                    return Some((name, entries));
                }
                self.mistake(
                    span,
                    format!(
                        "`{given}` is not {kind}; {}, as in `{example}`",
                        suggestion(given, names)
                    ),
                );
                None
            }
            Value::Integer(given, span) => {
                self.mistake(
                    span,
                    format!("{kind} is expected, and {given} is a number; write for example `{example}`"),
                );
                None
            }
            Value::Other(given, span) => {
                self.mistake(
                    span,
                    format!("{kind} is expected, not `{given}`; write for example `{example}`"),
                );
                None
            }
        }
    }

    /// The values by key; keys that do not belong here and repeated ones are mistakes.
    fn fields<'a>(
        &mut self,
        entries: &'a [Entry<S>],
        owner: &str,
        known: &[&'static str],
    ) -> HashMap<&'static str, &'a Value<S>> {
        let mut values = HashMap::new();
        for entry in entries {
            let Some(&key) = known.iter().find(|key| **key == entry.key) else {
                let message = format!(
                    "{owner} has no field `{}`; {}",
                    entry.key,
                    suggestion(&entry.key, known)
                );
                self.mistake(&entry.span, message);
                continue;
            };
            if values.insert(key, &entry.value).is_some() {
                self.mistake(&entry.span, format!("`{key}` is given twice; remove one of them"));
            }
        }
        values
    }

    fn integer(&mut self, value: &Value<S>, field: Field) -> Option<u32> {
        let expected = "a whole number from 1 to 4294967295";
        let (given, span) = match value {
            Value::Integer(given, span) => match u32::try_from(*given) {
                Ok(number) => {
                    self.places.insert(field, span.clone());
                    return Some(number);
                }
                Err(_) => (given.to_string(), span),
            },
            Value::Word(given, span, _) | Value::Other(given, span) => (given.clone(), span),
        };
        self.mistake(
            span,
            format!("{expected} is expected, not `{given}`; the kernel's text is made from it, so it must be written out"),
        );
        None
    }

    fn choice<T: Copy>(&mut self, value: &Value<S>, choices: &[(&'static str, T)]) -> Option<T> {
        let known: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        let (given, span) = match value {
            Value::Word(given, span, fields) => {
                if let Some(field) = fields.first() {
                    self.mistake(&field.span, format!("`{given}` has no fields; remove the braces"));
                }
                if let Some((_, choice)) = choices.iter().find(|(name, _)| name == given) {
                    return Some(*choice);
                }
                (given.clone(), span)
            }
            Value::Integer(given, span) => (given.to_string(), span),
            Value::Other(given, span) => (given.clone(), span),
        };
        self.mistake(
            span,
            format!("`{given}` is not known here; {}", suggestion(&given, &known)),
        );
        None
    }

    fn mistake(&mut self, span: &S, message: String) {
        self.mistakes.push(Mistake {
            span: span.clone(),
            message,
        });
    }
}

/// "did you mean", where one of the known names is near, and all of them in any case.
fn suggestion(given: &str, known: &[&str]) -> String {
    let all = known
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    match nearest(given, known) {
        _ if known.is_empty() => "it has none".to_owned(),
        _ if known.len() == 1 => format!("there is only {all}"),
        Some(name) => format!("did you mean `{name}`? There are {all}"),
        None => format!("there are {all}"),
    }
}

/// The only name that begins with what was given, or the one that is next to it.
fn nearest<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    let mut longer = known.iter().filter(|name| name.starts_with(given));
    if let (false, Some(only), None) = (given.is_empty(), longer.next(), longer.next()) {
        return Some(only);
    }
    let next = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(given, name), *name));
    next.min()
        .filter(|(distance, name)| *distance <= 2 && *distance < name.len().min(given.len()))
        .map(|(_, name)| name)
}
