//! What fields and values of every kind are read by, and what is said where they are wrong.

use std::collections::HashMap;

use super::{Entry, Mistake, Reader, Value};
use crate::spec::Field;

impl<S: Clone> Reader<S> {
    /// The name and the fields of `NAME { .. }` where some names are known.
    pub(super) fn one_of_families<'a>(
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
    pub(super) fn fields<'a>(
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

    pub(super) fn integer(&mut self, value: &Value<S>, field: Field) -> Option<u32> {
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

    pub(super) fn choice<T: Copy>(&mut self, value: &Value<S>, choices: &[(&'static str, T)]) -> Option<T> {
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

    pub(super) fn mistake(&mut self, span: &S, message: String) {
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
