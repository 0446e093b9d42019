//! Kernels for engines in C and all that can read a C header: the header, a file for each variant and language, and a manifest.
//!
//! The functions of `q4.h` name no number of the layout or of a kernel: those stand in the generated parts around it, from the values that the texts
//! were rendered from.

mod header;

use q4_kernel_types::{GeneratedKernel, InputFormat, Variant};
use serde_json::{Value, json};

use super::{
    Inexpressible,
    back_end::{BackEnd, BackEndError, Checks, spirv_words},
    manifest,
};

/// Files for a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Names and contents.
    pub files: Vec<(String, Vec<u8>)>,
    /// What a language has no words for.
    pub left_out: Vec<Inexpressible>,
}

/// A variant and the files that it is written in.
struct Written<'a> {
    variant: &'a Variant,
    /// By language, in the order of [`LANGUAGES`]; `None` where the language has no words for it.
    files: [Option<String>; 4],
}

/// The languages, by the names that header and manifest give them, and how their files end.
const LANGUAGES: [(&str, &str); 4] = [
    ("spirv", "spv"),
    ("msl", "metal"),
    ("hlsl", "hlsl"),
    ("wgsl", "wgsl"),
];

/// Writes kernels for C. All run-time checks are in the texts: nobody here enforces the constraints that unchecked texts rely on.
///
/// # Errors
/// If naga refuses a text.
pub fn package(kernels: &[GeneratedKernel]) -> Result<Package, BackEndError> {
    let mut written: Vec<Written<'_>> = Vec::new();
    let mut package = Package {
        files: Vec::new(),
        left_out: Vec::new(),
    };
    let kernels: Vec<GeneratedKernel> = kernels
        .iter()
        .map(|kernel| without_rounded_inputs(kernel, &mut package.left_out))
        .collect();
    let kernels = kernels.as_slice();
    for (_, variant) in kernels.iter().flat_map(GeneratedKernel::variants) {
        // Descriptions share variants.
        if !written.iter().any(|known| known.variant.name == variant.name) {
            written.push(write(variant, &mut package)?);
        }
    }
    let header = header::header(kernels, &written);
    package
        .files
        .push(("q4_kernels.h".to_owned(), header.into_bytes()));
    let manifest = format!("{:#}\n", with_files(manifest(kernels), &written));
    package
        .files
        .push(("q4_kernels.json".to_owned(), manifest.into_bytes()));
    Ok(package)
}

/// A kernel without the variants before which the runtime rounds inputs: the header has no such pass.
fn without_rounded_inputs(kernel: &GeneratedKernel, left_out: &mut Vec<Inexpressible>) -> GeneratedKernel {
    let mut served = |variants: &[Variant]| {
        let (rounded, served): (Vec<_>, Vec<_>) = variants
            .iter()
            .cloned()
            .partition(|variant| variant.configuration.geometry.input_format() == InputFormat::F16);
        left_out.extend(rounded.into_iter().map(|variant| Inexpressible {
            variant: variant.name.into_owned(),
            target: "c",
            reason: "its inputs are rounded by a pass before it, which only the runtime has".to_owned(),
        }));
        served.into()
    };
    GeneratedKernel {
        decode: served(&kernel.decode),
        few: served(&kernel.few),
        prefill: served(&kernel.prefill),
        others: served(&kernel.others),
        ..kernel.clone()
    }
}

fn write<'a>(variant: &'a Variant, package: &mut Package) -> Result<Written<'a>, BackEndError> {
    let mut files = [const { None }; 4];
    for (place, (language, suffix)) in files.iter_mut().zip(LANGUAGES) {
        let contents = match language {
            "spirv" => spirv_words(variant, Checks::Inserted)
                .map(|words| words.into_iter().flat_map(u32::to_le_bytes).collect()),
            "msl" => BackEnd::Msl
                .text(variant, Checks::Inserted)
                .map(String::into_bytes),
            "hlsl" => BackEnd::Hlsl
                .text(variant, Checks::Inserted)
                .map(String::into_bytes),
            _ => Ok(variant.wgsl.as_bytes().to_vec()),
        };
        match contents {
            Ok(contents) => {
                let name = format!("{}.{suffix}", variant.name);
                package.files.push((name.clone(), contents));
                *place = Some(name);
            }
            Err(BackEndError::Inexpressible(reason)) => package.left_out.push(reason),
            Err(error) => return Err(error),
        }
    }
    Ok(Written { variant, files })
}

/// The manifest with the files of every variant.
fn with_files(mut manifest: Value, written: &[Written<'_>]) -> Value {
    let kernels = manifest.get_mut("kernels").and_then(Value::as_array_mut);
    let variants = kernels
        .into_iter()
        .flatten()
        .filter_map(|kernel| kernel.get_mut("variants")?.as_array_mut())
        .flatten();
    for variant in variants {
        let Some(found) = written
            .iter()
            .find(|written| variant["name"] == *written.variant.name)
        else {
            continue;
        };
        let files: serde_json::Map<String, Value> = LANGUAGES
            .iter()
            .zip(&found.files)
            .map(|((language, _), file)| ((*language).to_owned(), json!(file)))
            .collect();
        variant["files"] = Value::Object(files);
    }
    manifest
}
