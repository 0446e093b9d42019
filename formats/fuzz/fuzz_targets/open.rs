//! Opens bytes as a file of any container and loads every matrix, which must neither panic nor hang.
//!
//! ```sh
//! cd formats/fuzz
//! mkdir -p corpus/open && cp ../tests/data/minilm-* corpus/open
//! cargo +nightly fuzz run open
//! ```
//!
//! `tests/fuzz.rs` does the same with changed files and a stable toolchain, for `Q4_FUZZ_SECONDS`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use q4_kernel_formats::Model;

fuzz_target!(|data: &[u8]| {
    let Ok(model) = Model::from_bytes(data.to_vec()) else { return };
    for matrix in model.matrices() {
        let _ = model.load(&matrix.name);
    }
});
