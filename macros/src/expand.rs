//! Descriptions -> code, or errors and code that keeps the rest of the crate meaningful.

use proc_macro2::{Span, TokenStream};
use q4_kernel_codegen::{
    emit::rust::{self, FixedShape, Text},
    generate,
    spec::description::{self, Mistake},
    types::GroupSize,
};
use quote::quote;

use crate::parse::{Input, Kernel};

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let Input {
        krate,
        kernels,
        error,
    } = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let kernels = kernels.iter().map(|kernel| expand_kernel(&krate, kernel));
    let error = error.map(syn::Error::into_compile_error);
    quote!(#(#kernels)* #error)
}

fn expand_kernel(krate: &TokenStream, kernel: &Kernel) -> TokenStream {
    let Kernel {
        item,
        description,
        errors,
    } = kernel;
    let mut errors: Vec<TokenStream> = errors.iter().map(syn::Error::to_compile_error).collect();
    let mut fixed = FixedShape {
        k: None,
        n: None,
        group_size: GroupSize::Runtime,
    };
    match description::read(description) {
        Ok(spec) => {
            fixed = FixedShape {
                k: spec.k,
                n: spec.n,
                group_size: spec.group_size(),
            };
            match generate(&spec) {
                Ok(generated) if errors.is_empty() => {
                    return rust::kernel(krate, item, &generated, Text::Literal);
                }
                Ok(_) => {}
                Err(found) => errors.push(compile_error(description.span, &found.to_string())),
            }
        }
        Err(mistakes) => errors.extend(
            mistakes
                .into_iter()
                .map(|Mistake { span, message }| compile_error(span, &message)),
        ),
    }
    let fallback = rust::fallback(krate, item, fixed);
    quote!(#(#errors)* #fallback)
}

fn compile_error(span: Span, message: &str) -> TokenStream {
    syn::Error::new(span, message).into_compile_error()
}
