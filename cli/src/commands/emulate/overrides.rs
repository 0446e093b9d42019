//! Pipeline-overridable constants: what the module has against what was given.

use std::collections::HashMap;

use naga::{
    Module, ScalarKind, ShaderStage, TypeInner,
    compact::{KeepUnused, compact},
    front::wgsl,
};

use super::{arguments::Override, element::ElementType, error::EmulateError};

/// The values by the keys that naga knows the constants by. None of a text that is not WGSL, which compiling it will tell.
pub(super) fn values(
    text: &str,
    given: &[Override],
    file: &str,
) -> Result<HashMap<String, f64>, EmulateError> {
    let mut values = HashMap::new();
    if given.is_empty() {
        return Ok(values);
    }
    let Ok(module) = &wgsl::parse_str(text) else {
        return Ok(values);
    };
    for Override { name, value } in given {
        let constant = constants(module)
            .find(|constant| constant.name.as_ref() == Some(name) || key(constant) == *name)
            .ok_or_else(|| EmulateError::UnknownOverride {
                file: file.to_owned(),
                name: name.clone(),
                known: constants(module)
                    .map(|constant| described(module, constant))
                    .collect(),
            })?;
        let value = parse(scalar(module, constant), value).map_err(|reason| EmulateError::OverrideValue {
            name: name.clone(),
            reason,
        })?;
        if values.insert(key(constant), value).is_some() {
            return Err(EmulateError::OverriddenTwice(name.clone()));
        }
    }
    Ok(values)
}

/// Names of the constants that the entry point, or the only one, needs and that have no value, and those in words.
pub(super) fn missing(
    text: &str,
    entry: Option<&str>,
    values: &HashMap<String, f64>,
) -> Vec<(String, String)> {
    let Ok(mut module) = wgsl::parse_str(text) else {
        return Vec::new();
    };
    module
        .entry_points
        .retain(|point| point.stage == ShaderStage::Compute && entry.is_none_or(|entry| point.name == entry));
    compact(&mut module, KeepUnused::No);
    constants(&module)
        .filter(|constant| constant.init.is_none() && !values.contains_key(&key(constant)))
        .map(|constant| (name(constant), described(&module, constant)))
        .collect()
}

fn constants(module: &Module) -> impl Iterator<Item = &naga::Override> {
    module.overrides.iter().map(|(_, constant)| constant)
}

/// What naga knows a constant by: one with an `@id` by that alone.
fn key(constant: &naga::Override) -> String {
    constant.id.map_or_else(|| name(constant), |id| id.to_string())
}

fn name(constant: &naga::Override) -> String {
    constant.name.clone().unwrap_or_default()
}

fn described(module: &Module, constant: &naga::Override) -> String {
    let ty = match scalar(module, constant) {
        Some(Scalar::Bool) => "bool",
        Some(Scalar::Number(ty)) => ty.name(),
        None => return format!("`{}`", name(constant)),
    };
    format!("`{}` ({ty})", name(constant))
}

/// The types that a constant can have.
#[derive(Clone, Copy, Debug)]
enum Scalar {
    Bool,
    Number(ElementType),
}

fn scalar(module: &Module, constant: &naga::Override) -> Option<Scalar> {
    let TypeInner::Scalar(scalar) = module.types[constant.ty].inner else {
        return None;
    };
    Some(match (scalar.kind, scalar.width) {
        (ScalarKind::Bool, _) => Scalar::Bool,
        (ScalarKind::Uint, 4) => Scalar::Number(ElementType::U32),
        (ScalarKind::Sint, 4) => Scalar::Number(ElementType::I32),
        (ScalarKind::Float, 4) => Scalar::Number(ElementType::F32),
        (ScalarKind::Float, 2) => Scalar::Number(ElementType::F16),
        _ => return None,
    })
}

/// Reads a value of the constant's type; naga would cut fractions off.
fn parse(ty: Option<Scalar>, text: &str) -> Result<f64, String> {
    match ty {
        Some(Scalar::Bool) => match text {
            "true" | "1" => Ok(1.0),
            "false" | "0" => Ok(0.0),
            _ => Err(format!("`{text}` is no bool: that is true or false")),
        },
        Some(Scalar::Number(ty)) => ty.bits(text).map(|bits| ty.element(bits).value()),
        None => text.parse().map_err(|_| format!("`{text}` is no number")),
    }
}
