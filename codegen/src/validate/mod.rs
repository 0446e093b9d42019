//! WGSL -> validated naga module, under exactly the features that the variant claims.

use naga::{
    front::wgsl,
    valid::{ModuleInfo, ValidationFlags, Validator},
};
use q4_kernel_types::{Configuration, Feature, Variant};
use wgpu_types::{DownlevelFlags, Features};

use crate::render::{Rendered, TemplateLine};

/// A module that naga accepted, and what naga found out about it.
pub struct Validated {
    /// The module.
    pub module: naga::Module,
    /// naga's facts about it.
    pub info: ModuleInfo,
}

/// Why naga refused the text of a variant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{variant}` does not validate{}\nparameters: {parameters}\n{report}", origin_note(.origin.as_ref()))]
pub struct ValidationError {
    /// The variant.
    pub variant: String,
    /// What it is specialised on.
    pub parameters: String,
    /// The template line that the offending text came from, where naga gave a location.
    pub origin: Option<TemplateLine>,
    /// naga's report, with the line of the emitted text.
    pub report: String,
}

/// Parses and validates `rendered` as the device will: with wgpu's own validator, for the claimed features and no others.
///
/// # Errors
/// naga's first complaint, with the template line it goes back to.
pub fn validate(configuration: &Configuration, rendered: &Rendered) -> Result<Validated, ValidationError> {
    let name = configuration.name();
    let path = format!("{name}.wgsl");
    let source = &rendered.wgsl;
    let error = |line: Option<u32>, report: String| ValidationError {
        variant: name.clone(),
        parameters: configuration.to_string(),
        origin: line.and_then(|line| rendered.origin(line)).cloned(),
        report,
    };

    let module = wgsl::parse_str(source).map_err(|parse| {
        let line = parse.location(source).map(|location| location.line_number);
        error(line, parse.emit_to_string_with_path(source, &path))
    })?;
    let info = validator(&configuration.features())
        .validate(&module)
        .map_err(|invalid| {
            let line = invalid.location(source).map(|location| location.line_number);
            error(line, invalid.emit_to_string_with_path(source, &path))
        })?;
    Ok(Validated { module, info })
}

/// As [`validate`], of a text that is there already and whose template lines nobody asks for.
///
/// # Errors
/// As [`validate`].
pub fn validate_variant(variant: &Variant) -> Result<Validated, ValidationError> {
    validate(&variant.configuration, &Rendered::of_text(&variant.wgsl))
}

/// Whether naga accepts a module under these features.
pub(crate) fn is_valid_under(module: &naga::Module, features: &[Feature]) -> bool {
    validator(features).validate(module).is_ok()
}

/// The very validator that wgpu makes for a device with these features.
fn validator(features: &[Feature]) -> Validator {
    let features = features
        .iter()
        .fold(Features::empty(), |all, feature| all | feature.wgpu());
    wgpu_naga_bridge::create_validator(features, DownlevelFlags::compliant(), ValidationFlags::all())
}

fn origin_note(origin: Option<&TemplateLine>) -> String {
    origin.map_or_else(String::new, |line| format!(" at {line}"))
}
