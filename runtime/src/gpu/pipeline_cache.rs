//! Compiled pipelines on disk, where the adapter can keep them (Vulkan).

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// Where compiled pipelines are kept between runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PipelineCacheDir {
    /// Where the variable `Q4_PIPELINE_CACHE` says (a folder, or `off`), else `q4-kernel` in the user's cache folder.
    #[default]
    Default,
    /// In this folder.
    Dir(PathBuf),
    /// Nowhere.
    Off,
}

/// The variable that names the folder.
const CACHE_VARIABLE: &str = "Q4_PIPELINE_CACHE";
/// What the files begin with, before the digest of the rest.
const MAGIC: &[u8] = b"q4-kernel pipelines 1\n";
const DIGEST_BYTES: usize = 32;

/// Contents of a cache file whose digest was right.
#[derive(Debug)]
pub(crate) struct VerifiedCacheData(Vec<u8>);

impl VerifiedCacheData {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl PipelineCacheDir {
    /// The file for an adapter that has the feature `PIPELINE_CACHE`; `None` where there is no cache.
    #[must_use]
    pub fn file(&self, info: &wgpu::AdapterInfo) -> Option<PathBuf> {
        let dir = match self {
            Self::Off => return None,
            Self::Dir(dir) => dir.clone(),
            Self::Default => match env::var_os(CACHE_VARIABLE) {
                Some(value) if value == "off" => return None,
                Some(value) if !value.is_empty() => PathBuf::from(value),
                _ => dirs::cache_dir()?.join("q4-kernel"),
            },
        };
        let key = wgpu::util::pipeline_cache_key(info)?;
        // A driver update makes old data useless; under a name of its own it is never even tried.
        let driver: String = format!("{} {}", info.driver, info.driver_info)
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        Some(dir.join(format!("{key}_{driver}.bin")))
    }
}

/// Reads a cache file. What is missing, damaged or of another version is as good as nothing; why is logged.
pub(super) fn read(path: &Path) -> Option<VerifiedCacheData> {
    let contents = match fs::read(path) {
        Ok(contents) => contents,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "the pipeline cache cannot be read; starting without");
            return None;
        }
    };
    let data = verified(&contents);
    if data.is_none() {
        tracing::warn!(path = %path.display(), "the pipeline cache is damaged or of another version; starting without");
    }
    data
}

/// Writes a cache file: first beside its place, then moved there, so that no reader sees half of it.
pub(super) fn write(path: &Path, data: &[u8]) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let contents = [MAGIC, Sha256::digest(data).as_slice(), data].concat();
    fs::write(&temporary, contents)
        .and_then(|()| fs::rename(&temporary, path))
        .inspect_err(|_| {
            // What is left of a failed attempt is of no use; that it cannot be removed either changes nothing.
            let _ = fs::remove_file(&temporary);
        })
}

fn verified(contents: &[u8]) -> Option<VerifiedCacheData> {
    let (digest, data) = contents.strip_prefix(MAGIC)?.split_at_checked(DIGEST_BYTES)?;
    (Sha256::digest(data).as_slice() == digest).then(|| VerifiedCacheData(data.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_undamaged_file_is_used() {
        let dir = env::temp_dir().join(format!("q4-kernel-cache-{}", std::process::id()));
        let path = dir.join("adapter.bin");
        assert!(read(&path).is_none(), "there is none yet");
        write(&path, b"pipelines").unwrap();
        assert_eq!(read(&path).unwrap().bytes(), b"pipelines");

        let good = fs::read(&path).unwrap();
        for damage in [good.len() - 1, MAGIC.len() + 3, 0] {
            let mut bad = good.clone();
            bad[damage] ^= 1;
            fs::write(&path, bad).unwrap();
            assert!(read(&path).is_none(), "byte {damage} was changed");
        }
        for length in [0, MAGIC.len(), good.len() - 1] {
            fs::write(&path, &good[..length]).unwrap();
            assert!(read(&path).is_none(), "cut to {length} bytes");
        }
        fs::remove_dir_all(&dir).unwrap();
    }
}
