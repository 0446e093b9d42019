//! A fingerprint of the weights that a matrix stands for.

use sha2::{Digest, Sha256};

use super::Stored;

impl Stored<'_> {
    /// SHA-256 of the dequantised weights, in hexadecimal: f32 little-endian, row-major `[N, K]`, zeros positive.
    #[must_use]
    pub fn dequantized_sha256(&self) -> String {
        let mut digest = Sha256::new();
        let mut bytes = Vec::new();
        for row in (0..self.size().0).map_while(|n| self.row(n)) {
            bytes.clear();
            // Adding zero turns a negative zero into a positive one and nothing else into anything.
            bytes.extend(row.iter().flat_map(|weight| (weight + 0.0).to_le_bytes()));
            digest.update(&bytes);
        }
        digest
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}
