//! Embeds the templates, so that a published crate carries them and no list of files has to be kept.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    let root = templates_dir()?;
    println!("cargo::rerun-if-changed={}", root.display());

    let mut files = Vec::new();
    for family in sorted_entries(&root)? {
        for file in sorted_entries(&family)? {
            println!("cargo::rerun-if-changed={}", file.display());
            files.push(file);
        }
    }

    let mut table = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(&root)?.to_string_lossy().replace('\\', "/");
        table.push_str(&format!(
            "    ({name:?}, include_str!({:?})),\n",
            file.to_string_lossy()
        ));
    }
    table.push(']');
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("templates.rs"), table)?;
    Ok(())
}

/// `templates` in the crate: a folder in the published crate, a link to the workspace's folder in the repository. Where git
/// could not make links, the workspace's folder is found directly.
fn templates_dir() -> Result<PathBuf, Box<dyn Error>> {
    let manifest = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let candidates = [manifest.join("templates"), manifest.join("../templates")];
    match candidates.iter().find(|path| path.is_dir()) {
        Some(path) => Ok(path.canonicalize()?),
        None => Err(format!("no templates folder; looked for {candidates:?}").into()),
    }
}

fn sorted_entries(dir: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut entries = fs::read_dir(dir)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>, std::io::Error>>()?;
    entries.sort();
    Ok(entries)
}
