#!/usr/bin/env bash
# Builds the WebAssembly example into examples/wasm/pkg.
#
# Where rustup has the target, with the toolchain at hand. Where it has not, Debian's second toolchain builds the standard library along.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=wasm32-unknown-unknown
package=q4-kernel-wasm-example
built=target/$target/debug/q4_kernel_wasm_example.wasm

if rustc --print target-libdir --target $target 2>/dev/null | xargs -r test -d ||
    { command -v rustup >/dev/null && rustup target add $target; }; then
    cargo build -p $package --target $target
else
    for tool in rustc cargo wasm-ld; do
        test -x /usr/bin/$tool || {
            echo "$target: rustup cannot add it, and Debian's toolchain is not there: apt install rustc-web cargo-web rust-web-src lld" >&2
            exit 1
        }
    done
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 /usr/bin/cargo build -Zbuild-std=std,panic_abort \
        -p $package --target $target --target-dir target/web
    built=target/web/$target/debug/q4_kernel_wasm_example.wasm
fi
cargo run --quiet -p q4-kernel-wasm-bindgen -- "$built" examples/wasm/pkg
