//! Writes the JavaScript around a WebAssembly module: what `wasm-bindgen --target web` does, by the version that `Cargo.lock` has.
//!
//! ```console
//! $ cargo build -p q4-kernel-wasm-example --target wasm32-unknown-unknown --release
//! $ cargo run -p q4-kernel-wasm-bindgen -- target/wasm32-unknown-unknown/release/q4_kernel_wasm_example.wasm examples/wasm/pkg
//! ```

use std::{env, error::Error};

use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [module, folder] = arguments.as_slice() else {
        return Err("give the WebAssembly module and the folder to write to".into());
    };
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(module)
        .web(true)?
        .typescript(true)
        .omit_default_module_path(false);
    Ok(bindgen.generate(folder)?)
}
