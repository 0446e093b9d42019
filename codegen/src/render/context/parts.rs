//! The parts of a load of weights that have a scale each.

use q4_kernel_types::{GroupSize, load};
use serde::Serialize;

use super::{Word, words};

/// Words of a load that share a scale.
#[derive(Serialize)]
pub(super) struct Part {
    pub(super) index: u32,
    /// What the names of its values and functions end with: nothing where it is the whole load.
    pub(super) suffix: String,
    /// Its first weight, within the load.
    k: u32,
    pub(super) words: Vec<Word>,
}

/// All words of a load, divided by group boundaries.
pub(super) fn parts(group_size: GroupSize) -> Vec<Part> {
    let count = load::parts(group_size);
    let of_part = load::WORDS / count;
    let mut all = words(load::WORDS);
    (0..count)
        .map(|index| {
            let rest = all.split_off(of_part as usize);
            Part {
                index,
                suffix: suffix(index, count),
                k: index * load::WEIGHTS / count,
                words: std::mem::replace(&mut all, rest),
            }
        })
        .collect()
}

/// What the names of one of several values end with: nothing where there is but one.
pub(super) fn suffix(index: u32, count: u32) -> String {
    if count == 1 {
        String::new()
    } else {
        format!("_{index}")
    }
}
