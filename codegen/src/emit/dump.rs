//! What a build generates, written down for who looks into it.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

pub use q4_kernel_types::DUMP_VARIABLE as VARIABLE;
use q4_kernel_types::GeneratedKernel;

use super::manifest;

/// A folder that was asked for and cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} cannot be written: {reason}; name another folder in {VARIABLE}, or leave it out", path.display())]
pub struct DumpError {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    pub reason: String,
}

/// The folder for what is generated for the crate that is being built, if somebody asked for it: one of its name, since a build has many.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    let dir = env::var_os(VARIABLE).filter(|value| !value.is_empty())?;
    let package = env::var_os("CARGO_PKG_NAME").unwrap_or_else(|| "generated".into());
    Some(PathBuf::from(dir).join(package))
}

/// Writes a kernel to a folder: the text of every variant, and a manifest under the kernel's name.
///
/// # Errors
/// The first file that cannot be written.
pub fn kernel(folder: &Path, kernel: &GeneratedKernel) -> Result<(), DumpError> {
    for (_, variant) in kernel.variants() {
        file(folder, &format!("{}.wgsl", variant.name), &variant.wgsl)?;
    }
    let manifest = format!("{:#}\n", manifest(std::slice::from_ref(kernel)));
    file(folder, &format!("{}.json", kernel.name), &manifest)
}

/// Writes one file to a folder, which is made if it is not there.
///
/// # Errors
/// If it cannot be written.
pub fn file(folder: &Path, name: &str, text: &str) -> Result<(), DumpError> {
    let path = folder.join(name);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, text))
        .map_err(|error| DumpError {
            path,
            reason: error.to_string(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, KernelSpec, generate};

    #[test]
    fn every_text_and_the_manifest_are_written() {
        let generated = generate(&KernelSpec::new("Up", Format::q4gsw(32))).unwrap();
        let dir = env::temp_dir().join(format!("q4-codegen-dump-{}", std::process::id()));
        kernel(&dir, &generated).unwrap();
        for (_, variant) in generated.variants() {
            let text = fs::read_to_string(dir.join(format!("{}.wgsl", variant.name))).unwrap();
            assert_eq!(text, variant.wgsl);
        }
        let text = fs::read_to_string(dir.join("Up.json")).unwrap();
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["kernels"][0]["name"], "Up");
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let place = env::temp_dir().join(format!("q4-codegen-no-dump-{}", std::process::id()));
        fs::write(&place, "a file").unwrap();
        let error = file(&place, "a.wgsl", "").unwrap_err().to_string();
        assert!(error.contains("a.wgsl cannot be written: "), "{error}");
        assert!(
            error.ends_with("name another folder in Q4_DUMP, or leave it out"),
            "{error}"
        );
        fs::remove_file(place).unwrap();
    }
}
