//! The `q4_kernel!` macro: parses a description, calls the generator, forwards what comes back.
//!
//! Use it through `q4_kernel`, whose macro of the same name says where the runtime is.
#![forbid(unsafe_code)]

mod expand;
mod parse;

use proc_macro::TokenStream;

/// Describes linear layers and generates their kernels. Use `q4_kernel::q4_kernel!`, which passes the path of the runtime as `[path]`.
#[proc_macro]
pub fn q4_kernel(input: TokenStream) -> TokenStream {
    expand::expand(input.into()).into()
}
