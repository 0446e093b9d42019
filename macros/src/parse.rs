//! Tokens -> descriptions. What the fields mean is the generator's business.

use proc_macro2::{Span, TokenStream, TokenTree};
use q4_kernel_codegen::{
    emit::rust::Item,
    spec::description::{Description, Entry, Value},
};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Ident, LitInt, Path, Token, Visibility, braced, bracketed,
    parse::{Parse, ParseStream},
    token,
};

/// Everything between the parentheses of the macro.
pub(crate) struct Input {
    /// The path of the runtime crate.
    pub(crate) krate: TokenStream,
    pub(crate) kernels: Vec<Kernel>,
    /// What kept the rest from being parsed.
    pub(crate) error: Option<syn::Error>,
}

/// `/// docs  pub kernel Name { fields }`
pub(crate) struct Kernel {
    pub(crate) item: Item,
    pub(crate) description: Description<Span>,
    /// What kept fields from being parsed.
    pub(crate) errors: Vec<syn::Error>,
}

mod keyword {
    syn::custom_keyword!(kernel);
}

impl Parse for Input {
    /// Never fails as a whole: kernels before a mistake are kept.
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let facade;
        bracketed!(facade in input);
        let mut krate: TokenStream = facade.parse()?;
        let mut kernels = Vec::new();
        let rest = |krate: &mut TokenStream, kernels: &mut Vec<Kernel>| {
            if input.peek(Token![crate]) && input.peek2(Token![=]) {
                input.parse::<Token![crate]>()?;
                input.parse::<Token![=]>()?;
                *krate = input.call(Path::parse_mod_style)?.into_token_stream();
                input.parse::<Token![;]>()?;
            }
            if input.is_empty() {
                return Err(input.error(
                    "a kernel is expected, as in `pub kernel UpProj { format: q4gsw { group_size: 32 } }`",
                ));
            }
            while !input.is_empty() {
                kernels.push(input.parse()?);
            }
            Ok(())
        };
        let error = rest(&mut krate, &mut kernels).err();
        if error.is_some() {
            // What follows a mistake outside of any kernel cannot be made sense of.
            input.parse::<TokenStream>()?;
        }
        Ok(Self {
            krate,
            kernels,
            error,
        })
    }
}

impl Parse for Kernel {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility: Visibility = input.parse()?;
        input.parse::<keyword::kernel>()?;
        let name: Ident = input.parse()?;
        let content;
        braced!(content in input);
        let mut errors = Vec::new();
        let fields = entries(&content, &mut errors);
        Ok(Self {
            description: Description {
                name: name.to_string(),
                span: name.span(),
                fields,
            },
            item: Item {
                attributes: quote!(#(#attributes)*),
                visibility: visibility.into_token_stream(),
                name,
            },
            errors,
        })
    }
}

/// `key: value, ...`; a mistake in one entry does not hide the others.
fn entries(input: ParseStream<'_>, errors: &mut Vec<syn::Error>) -> Vec<Entry<Span>> {
    let mut entries = Vec::new();
    while !input.is_empty() {
        match entry(input, errors) {
            Ok(entry) => entries.push(entry),
            Err(error) => {
                errors.push(error);
                skip_to_comma(input);
            }
        }
        if !input.is_empty() && input.parse::<Token![,]>().is_err() {
            errors.push(input.error("a comma is expected between fields"));
            skip_to_comma(input);
            let _ = input.parse::<Token![,]>();
        }
    }
    entries
}

fn entry(input: ParseStream<'_>, errors: &mut Vec<syn::Error>) -> syn::Result<Entry<Span>> {
    let key: Ident = input.call(syn::ext::IdentExt::parse_any)?;
    input.parse::<Token![:]>()?;
    Ok(Entry {
        key: key.to_string(),
        span: key.span(),
        value: value(input, errors)?,
    })
}

fn value(input: ParseStream<'_>, errors: &mut Vec<syn::Error>) -> syn::Result<Value<Span>> {
    if input.peek(LitInt) && (input.peek2(Token![,]) || is_last(input)) {
        let literal: LitInt = input.parse()?;
        return Ok(match literal.base10_parse() {
            Ok(number) if matches!(literal.suffix(), "" | "u32") => Value::Integer(number, literal.span()),
            _ => Value::Other(literal.to_string(), literal.span()),
        });
    }
    if input.peek(Ident) {
        let word: Ident = input.parse()?;
        let fields = if input.peek(token::Brace) {
            let content;
            braced!(content in input);
            entries(&content, errors)
        } else {
            Vec::new()
        };
        return Ok(Value::Word(word.to_string(), word.span(), fields));
    }
    // An expression of some kind: up to the next comma.
    let span = input.span();
    let tokens = skip_to_comma(input);
    if tokens.is_empty() {
        return Err(syn::Error::new(span, "a value is expected"));
    }
    Ok(Value::Other(tokens.to_string(), span))
}

/// Whether one token is left.
fn is_last(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    fork.parse::<TokenTree>().is_ok() && fork.is_empty()
}

fn skip_to_comma(input: ParseStream<'_>) -> TokenStream {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        // There is a token, and any token is a tree.
        let Ok(tree) = input.parse::<TokenTree>() else {
            break;
        };
        tokens.extend([tree]);
    }
    tokens
}
