//! What a run compiles, written down for who looks into it.

use std::{
    env, fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use q4_kernel_types::DUMP_VARIABLE;

use crate::Variant;

/// The folder in it for what devices compile; generators write beside it.
const FOLDER: &str = "run";
/// The pipelines in the order in which they were compiled.
const LIST: &str = "pipelines.txt";

/// Writes the text of a pipeline that is about to be compiled, if somebody asked for it. A folder that cannot be written is no reason not to run.
pub(super) fn pipeline(variant: &Variant, adapter: &wgpu::AdapterInfo, checks: bool) {
    let Some(dir) = env::var_os(DUMP_VARIABLE).filter(|value| !value.is_empty()) else {
        return;
    };
    let dir = PathBuf::from(dir).join(FOLDER);
    if let Err(error) = write(&dir, variant, &adapter.name, checks) {
        tracing::warn!(%error, dir = %dir.display(), "{DUMP_VARIABLE} names a folder that cannot be written");
    }
}

fn write(dir: &Path, variant: &Variant, adapter: &str, checks: bool) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    fs::write(
        dir.join(format!("{}.wgsl", variant.name)),
        variant.wgsl.as_bytes(),
    )?;
    let checks = if checks {
        "checks inserted"
    } else {
        "checks left out"
    };
    let line = format!("{}  {}  {checks}  {adapter}\n", variant.fingerprint, variant.name);
    // In one piece, so that the lines of several threads and processes do not mix.
    fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(dir.join(LIST))?
        .write_all(line.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_and_the_list_grows() {
        let dir = env::temp_dir().join(format!("q4-kernel-dump-{}", std::process::id()));
        let [first, second] = [&crate::catalogue()[0], &crate::catalogue()[1]];
        write(&dir, first, "a", false).unwrap();
        write(&dir, second, "b", true).unwrap();
        let text = fs::read_to_string(dir.join(format!("{}.wgsl", first.name))).unwrap();
        assert_eq!(text, first.wgsl);
        let list = fs::read_to_string(dir.join(LIST)).unwrap();
        let expected = format!(
            "{}  {}  checks left out  a\n{}  {}  checks inserted  b\n",
            first.fingerprint, first.name, second.fingerprint, second.name
        );
        assert_eq!(list, expected);
        fs::remove_dir_all(dir).unwrap();
    }
}
