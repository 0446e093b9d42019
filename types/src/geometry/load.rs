//! The widest load of weights, which most families make, and the groups that split it.

use crate::{GroupSize, layout::WEIGHTS_PER_WORD};

/// Words of a column that a lane loads at once: 16 bytes.
pub const WORDS: u32 = 4;
/// Weights of a column that a lane loads at once.
pub const WEIGHTS: u32 = WORDS * WEIGHTS_PER_WORD;
/// Group sizes that split a load into equal parts of whole words, each with a scale of its own: where they are constants of a kernel, every family with
/// such loads serves them too.
pub const SHORT_GROUPS: [u32; 1] = [WEIGHTS / 2];

/// How many parts with a scale of their own a load has: one, unless its groups are known to be short.
#[must_use]
pub fn parts(group_size: GroupSize) -> u32 {
    match group_size {
        GroupSize::Fixed(size) if SHORT_GROUPS.contains(&size) => WEIGHTS / size,
        GroupSize::Fixed(_) | GroupSize::Runtime => 1,
    }
}

/// Whether no boundary of groups of this size, a constant of a kernel, splits one of these parts.
#[must_use]
pub fn fits(group_size: u32) -> bool {
    group_size.is_multiple_of(WEIGHTS) || SHORT_GROUPS.contains(&group_size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_groups_make_parts_of_whole_words() {
        for size in SHORT_GROUPS {
            assert!(fits(size));
            assert_eq!(parts(GroupSize::Fixed(size)) * size, WEIGHTS);
            assert!(size.is_multiple_of(WEIGHTS_PER_WORD));
        }
        assert_eq!(parts(GroupSize::Fixed(WEIGHTS)), 1);
        assert_eq!(parts(GroupSize::Runtime), 1);
        assert!(!fits(WEIGHTS_PER_WORD) && !fits(WEIGHTS + WEIGHTS / 2));
    }
}
