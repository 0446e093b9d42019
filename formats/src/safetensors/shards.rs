//! Models whose tensors are in several files: an index in JSON says in which.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use serde::Deserialize;

use super::tensors::Tensors;
use crate::{FileError, Problem, file::Source};

/// The key of the index.
const MARK: &[u8] = b"\"weight_map\"";

/// What is read of `model.safetensors.index.json`.
#[derive(Deserialize)]
struct Index {
    /// For each tensor, the file that has it.
    weight_map: BTreeMap<String, String>,
}

/// Whether a file is the index of others, be it whole or not.
pub(super) fn recognises(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{") && bytes.windows(MARK.len()).any(|window| window == MARK)
}

/// The tensors of all files that an index names.
pub(super) fn open(index: Source) -> Result<Tensors, FileError> {
    let Index { weight_map } = serde_json::from_slice(index.bytes()).map_err(|error| {
        let what = format!("the index of tensors cannot be read: {error}");
        index.error(None, 0, Problem::Malformed(what))
    })?;
    let mut shards = BTreeMap::<PathBuf, BTreeSet<&str>>::new();
    for (tensor, file) in &weight_map {
        let path = index.beside(Some(tensor), 0, file)?;
        shards.entry(path).or_default().insert(tensor);
    }
    let mut tensors = Tensors::new(index);
    for (path, names) in shards {
        tensors.add(Source::open(&path)?, &names)?;
    }
    Ok(tensors)
}
