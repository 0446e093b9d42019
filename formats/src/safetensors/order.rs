//! Input features whose groups are not consecutive, as layers have them that were quantised in order of activation.

use super::tensors::Tensors;
use crate::{FileError, LayerShape};

/// The input features sorted by their groups, if they are not so already. `group_of` is what the tensor `index` holds.
pub(super) fn sorted(
    tensors: &Tensors,
    index: &str,
    group_of: &[u32],
    shape: LayerShape,
) -> Result<Option<Vec<u32>>, FileError> {
    let LayerShape { k, group_size, .. } = shape;
    let groups = (k / group_size) as usize;
    let mut members = vec![0_u32; groups];
    for (feature, group) in group_of.iter().enumerate() {
        match members.get_mut(*group as usize) {
            Some(count) => *count += 1,
            None => {
                let what = format!("input feature {feature} is in group {group}, and there are {groups}");
                return Err(tensors.malformed(index, what));
            }
        }
    }
    if let Some(group) = members.iter().position(|count| *count != group_size) {
        let what = format!(
            "group {group} has {} input features; groups of one size are read, {group_size} here",
            members[group]
        );
        return Err(tensors.unsupported(index, what));
    }
    if group_of.is_sorted() {
        return Ok(None);
    }
    let mut order: Vec<u32> = (0..k).collect();
    order.sort_by_key(|feature| group_of[*feature as usize]);
    Ok(Some(order))
}
