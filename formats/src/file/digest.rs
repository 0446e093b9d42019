//! A fingerprint of the weights that a matrix stands for.

use std::borrow::Cow;

use q4_kernel_types::sha256;

use super::Stored;

impl Stored<'_> {
    /// SHA-256 of the dequantised weights, in hexadecimal: f32 little-endian, row-major `[N, K]`, zeros positive.
    #[must_use]
    pub fn dequantized_sha256(&self) -> String {
        let rows = (0..self.size().0).map_while(|n| self.row(n));
        // Adding zero turns a negative zero into a positive one and nothing else into anything.
        let bytes = |row: Cow<'_, [f32]>| -> Vec<u8> {
            row.iter()
                .flat_map(|weight| (weight + 0.0).to_le_bytes())
                .collect()
        };
        sha256(rows.map(bytes))
    }
}
