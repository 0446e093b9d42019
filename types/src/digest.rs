//! Fingerprints, as texts of kernels, tables and weights have them.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// SHA-256 in hexadecimal of what pieces make one after the other.
#[must_use]
pub fn sha256<Piece: AsRef<[u8]>>(pieces: impl IntoIterator<Item = Piece>) -> String {
    let mut digest = Sha256::new();
    for piece in pieces {
        digest.update(piece);
    }
    digest.finalize().iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standard_however_the_text_is_cut() {
        // FIPS 180-2, appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(["abc"]), abc);
        assert_eq!(sha256(["a", "", "bc"]), abc);
    }
}
