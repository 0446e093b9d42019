//! The uniform that every kernel reads.

/// One field of [`Params`], as the templates and the layout check need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParamField {
    /// Name of the field in Rust.
    pub field: &'static str,
    /// Name of the field in WGSL.
    pub name: &'static str,
    /// Byte offset in the uniform.
    pub offset: usize,
    /// What it holds.
    pub meaning: &'static str,
}

/// Declares the struct and the table of its WGSL fields together, so that neither can miss a field of the other.
macro_rules! params {
    ($($(#[$attribute:meta])* $field:ident = $wgsl:literal: $meaning:literal,)*) => {
        /// The uniform that every kernel reads, at [`Binding::Params`](crate::layout::Binding::Params).
        ///
        /// The first seven fields are those of the original contract. The rest lets one dispatch serve a window of a larger
        /// multiplication: weights split over N, inputs and outputs split over M.
        #[repr(C)]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, bytemuck::Pod, bytemuck::Zeroable)]
        pub struct Params {
            $(#[doc = $meaning] $(#[$attribute])* pub $field: u32,)*
        }

        impl Params {
            /// Every field, in order.
            pub const FIELDS: &[ParamField] = &[
                $(ParamField {
                    field: stringify!($field),
                    name: $wgsl,
                    offset: core::mem::offset_of!(Params, $field),
                    meaning: $meaning,
                },)*
            ];
        }
    };
}

params! {
    m = "M": "rows of this dispatch",
    n = "N": "columns of this dispatch",
    k = "K": "columns of the input",
    k_packed = "K_packed": "bytes of one row of weights",
    group_size = "group_size": "consecutive k that share a scale",
    padded_n = "padded_N": "scales of one group, padding included",
    has_bias = "has_bias": "1 where a bias is bound, 0 where a dummy is",
    output_stride = "output_stride": "elements from one row of the output to the next",
    input_offset = "input_offset": "elements before the first input of this dispatch",
    output_offset = "output_offset": "elements before the first output of this dispatch",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_tightly_packed_words_in_contract_order() {
        let names: Vec<_> = Params::FIELDS.iter().map(|field| field.name).collect();
        assert_eq!(
            names[..7],
            ["M", "N", "K", "K_packed", "group_size", "padded_N", "has_bias"]
        );
        for (index, field) in Params::FIELDS.iter().enumerate() {
            assert_eq!(field.offset, index * size_of::<u32>(), "{}", field.name);
        }
        assert_eq!(size_of::<Params>(), Params::FIELDS.len() * size_of::<u32>());
    }
}
