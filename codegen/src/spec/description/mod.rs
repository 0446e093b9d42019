//! A description as it was written, before anything is known of its meaning, and how it is read.
//!
//! The macro makes one of tokens, the spec file reader one of TOML; what the fields mean, which there are and what can be wrong
//! with them stands here, once. `S` is whatever the writer points with: a token's span, a byte range.

mod families;
mod values;

use std::collections::HashMap;

use q4_kernel_types::{Bias, GroupSize, NumericClass, ScaleFormat, ScaleLayout, ScaleOrder, WeightFormat};

use super::{Field, Format, KernelSpec, NamedFormat};

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
}
