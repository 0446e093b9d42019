//! Numbers of groups in the order that [`Quantized`](crate::Quantized) has them, from the orders of files.

use q4_kernel_types::layout;

use crate::LayerShape;

/// `[groups, padded_N]`, each number by its group and column, the padding being zeros.
pub(crate) fn grid<T: Copy + Default>(shape: LayerShape, value: impl Fn(usize, usize) -> T) -> Vec<T> {
    let LayerShape { n, k, group_size } = shape;
    let padded_n = layout::padded_n(n) as usize;
    let mut values = vec![T::default(); layout::groups(k, group_size) as usize * padded_n];
    for (group, row) in values.chunks_exact_mut(padded_n).enumerate() {
        for (column, slot) in row[..n as usize].iter_mut().enumerate() {
            *slot = value(group, column);
        }
    }
    values
}

/// The same from `[N, groups]`.
pub(crate) fn from_columns<T: Copy + Default>(shape: LayerShape, values: &[T]) -> Vec<T> {
    let groups = layout::groups(shape.k, shape.group_size) as usize;
    grid(shape, |group, column| values[column * groups + group])
}

/// The same from `[groups, N]`.
pub(crate) fn from_groups<T: Copy + Default>(shape: LayerShape, values: &[T]) -> Vec<T> {
    grid(shape, |group, column| values[group * shape.n as usize + column])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_of_files_come_to_the_same() {
        let shape = LayerShape {
            n: 3,
            k: 4,
            group_size: 2,
        };
        let expected = [1, 2, 3, 0, 4, 5, 6, 0];
        assert_eq!(from_columns(shape, &[1, 4, 2, 5, 3, 6]), expected);
        assert_eq!(from_groups(shape, &[1, 2, 3, 4, 5, 6]), expected);
    }
}
