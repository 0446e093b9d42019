//! Rust source: a typed struct per kernel, and tables of variants.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use q4_kernel_types::{
    Bias, Configuration, Encoding, GeneratedKernel, GroupSize, NumericClass, Params, Route, ScaleFormat,
    ScaleLayout, ScaleOrder, Variant,
};
use quote::{format_ident, quote};

use super::geometry;

/// Where the text of a kernel stands in the emitted source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// As a string literal.
    Literal,
    /// As `NAME.wgsl` in `OUT_DIR`.
    OutDir,
}

/// What the user wrote around the name of a kernel.
#[derive(Clone, Debug)]
pub struct Item {
    /// Doc comments and other attributes.
    pub attributes: TokenStream,
    /// `pub`, or nothing.
    pub visibility: TokenStream,
    /// The name of the type, with the user's span.
    pub name: Ident,
}

impl Item {
    /// A public type without attributes.
    #[must_use]
    pub fn public(name: &str) -> Self {
        Self {
            attributes: TokenStream::new(),
            visibility: quote!(pub),
            name: Ident::new(name, Span::call_site()),
        }
    }
}

/// The typed struct of one kernel. `krate` is the path of the runtime crate.
#[must_use]
pub fn kernel(krate: &TokenStream, item: &Item, kernel: &GeneratedKernel, text: Text) -> TokenStream {
    let mut texts = TokenStream::new();
    let mut tables = Vec::new();
    for route in Route::ALL {
        let mut table = Vec::new();
        for (index, variant) in kernel.on(route).iter().enumerate() {
            let constant = text_constant(route, index);
            let doc = text_doc(route, index, variant, text);
            let source = source(variant, text);
            texts.extend(quote! {
                #[doc = #doc]
                pub const #constant: &'static ::core::primitive::str = #source;
            });
            table.push(variant_value(krate, variant, &quote!(Self::#constant)));
        }
        tables.push(quote!(&[#(#table),*]));
    }
    let [decode, few, prefill] = [&tables[0], &tables[1], &tables[2]];
    let GeneratedKernel {
        name,
        k,
        n,
        group_size,
        bias,
        encoding,
        scales,
        ..
    } = kernel;
    let (k_option, n_option) = (option(*k), option(*n));
    let (group_value, bias_value) = (group_size_value(krate, *group_size), bias_value(krate, *bias));
    let (encoding_value, scales_value) = (encoding_value(krate, *encoding), scales_value(krate, *scales));
    let constants = quote! {
        #texts

        const DECODE: &'static [#krate::Variant] = #decode;
        const FEW: &'static [#krate::Variant] = #few;
        const PREFILL: &'static [#krate::Variant] = #prefill;

        /// Every variant of this kernel and the facts about the layer that were known at build time.
        pub const KERNEL: &'static #krate::GeneratedKernel = &#krate::GeneratedKernel {
            name: #krate::__private::Cow::Borrowed(#name),
            k: #k_option,
            n: #n_option,
            group_size: #group_value,
            bias: #bias_value,
            encoding: #encoding_value,
            scales: #scales_value,
            decode: #krate::__private::Cow::Borrowed(Self::DECODE),
            few: #krate::__private::Cow::Borrowed(Self::FEW),
            prefill: #krate::__private::Cow::Borrowed(Self::PREFILL),
            others: #krate::__private::Cow::Borrowed(&[]),
        };
    };
    let summary = summary_doc(kernel);
    let fixed = FixedShape {
        k: *k,
        n: *n,
        group_size: *group_size,
    };
    let layout = params_layout(krate);
    let item = typed_struct(krate, item, &summary, fixed, &constants);
    quote! {
        #item
        #layout
    }
}

/// The same items without any kernel, for the code around a description that has mistakes: the compiler then reports the mistakes
/// and not every use of the type.
#[must_use]
pub fn fallback(krate: &TokenStream, item: &Item, fixed: FixedShape) -> TokenStream {
    let name = item.name.to_string();
    let scales = scales_value(krate, ScaleLayout::default());
    let constants = quote! {
        pub const DECODE_WGSL: &'static ::core::primitive::str = "";
        pub const PREFILL_WGSL: &'static ::core::primitive::str = "";
        pub const KERNEL: &'static #krate::GeneratedKernel = &#krate::GeneratedKernel {
            name: #krate::__private::Cow::Borrowed(#name),
            k: #krate::__private::None,
            n: #krate::__private::None,
            group_size: #krate::GroupSize::Runtime,
            bias: #krate::Bias::Optional,
            encoding: #krate::Encoding::Symmetric,
            scales: #scales,
            decode: #krate::__private::Cow::Borrowed(&[]),
            few: #krate::__private::Cow::Borrowed(&[]),
            prefill: #krate::__private::Cow::Borrowed(&[]),
            others: #krate::__private::Cow::Borrowed(&[]),
        };
    };
    typed_struct(
        krate,
        item,
        " The description of this kernel has mistakes.",
        fixed,
        &constants,
    )
}

/// A table of variants, as an expression of type `&'static [Variant]`.
#[must_use]
pub fn table(krate: &TokenStream, variants: &[Variant], text: Text) -> TokenStream {
    let values = variants
        .iter()
        .map(|variant| variant_value(krate, variant, &source(variant, text)));
    quote!(&[#(#values),*])
}

/// The part of a layer's shape that is known at build time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedShape {
    /// Input features.
    pub k: Option<u32>,
    /// Output features.
    pub n: Option<u32>,
    /// Consecutive k that share a scale.
    pub group_size: GroupSize,
}

fn typed_struct(
    krate: &TokenStream,
    item: &Item,
    summary: &str,
    fixed: FixedShape,
    constants: &TokenStream,
) -> TokenStream {
    let Item {
        attributes,
        visibility,
        name,
    } = item;
    // What the user wrote and what is added are paragraphs of their own.
    let paragraph = (!attributes.is_empty()).then(|| quote!(#[doc = ""]));
    let group_size = match fixed.group_size {
        GroupSize::Fixed(size) => Some(size),
        GroupSize::Runtime => None,
    };
    let dimension = |constant: &str, meaning: &str, value: Option<u32>| {
        let constant = format_ident!("{constant}");
        value.map(|value| {
            quote! {
                #[doc = #meaning]
                pub const #constant: ::core::primitive::u32 = #value;
            }
        })
    };
    let dimensions = [
        dimension("K", " Input features.", fixed.k),
        dimension("N", " Output features.", fixed.n),
        dimension(
            "GROUP_SIZE",
            " Consecutive input features that share a scale.",
            group_size,
        ),
    ];
    let route = match (fixed.n, fixed.k, group_size) {
        (Some(_), Some(_), Some(_)) => quote! {
            /// Says which variant runs for `rows` rows, and why.
            #[must_use]
            pub fn route(&self, rows: ::core::primitive::u32) -> #krate::Routing {
                self.linear.route(#krate::Shape { m: rows, n: Self::N, k: Self::K, group_size: Self::GROUP_SIZE })
            }
        },
        _ => quote! {
            /// Says which variant runs for `rows` rows of these weights, and why.
            #[must_use]
            pub fn route(&self, rows: ::core::primitive::u32, weights: &#krate::Weights) -> #krate::Routing {
                self.linear.route(#krate::Shape {
                    m: rows,
                    n: weights.n(),
                    k: weights.k(),
                    group_size: weights.group_size(),
                })
            }
        },
    };
    quote! {
        #attributes
        #paragraph
        #[doc = #summary]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #visibility struct #name {
            linear: #krate::Linear,
        }

        #[allow(dead_code, unreachable_pub)]
        impl #name {
            #(#dimensions)*
            #constants

            /// Readies the kernel. Its pipelines are created now if K, N and the group size are fixed, and by `upload` if they are not; they are
            /// shared with every other kernel of `gpu` that has the same text.
            ///
            /// # Errors
            /// If the device can run no variant of a route, or refuses a pipeline.
            pub fn new(gpu: &#krate::Gpu) -> #krate::__private::Result<Self, #krate::KernelError> {
                #krate::__private::Result::Ok(Self { linear: #krate::Linear::new(gpu, Self::KERNEL)? })
            }

            /// Copies weights to the device, after checking them against this kernel.
            ///
            /// # Errors
            /// If the weights break the contract of their format, are not of this kernel's shape or do not fit the device.
            pub fn upload(
                &self,
                quantized: &#krate::Quantized<'_>,
            ) -> #krate::__private::Result<#krate::Weights, #krate::UploadError> {
                self.linear.upload(quantized)
            }

            /// Records `y[rows, N] = x[rows, K] * weights^T (+ bias)` into `pass`.
            ///
            /// `rows` is a number, or [`Rows::One`](#krate::Rows::One) to choose the decode kernel at compile time.
            ///
            /// # Errors
            /// If a buffer is too small, lacks `STORAGE` usage or is both `x` and `y`, or if the weights are of another shape.
            pub fn dispatch<'a>(
                &self,
                pass: &mut #krate::__private::wgpu::ComputePass<'_>,
                weights: &#krate::Weights,
                x: impl #krate::__private::Into<#krate::Operand<'a>>,
                y: impl #krate::__private::Into<#krate::Operand<'a>>,
                rows: impl #krate::RowCount,
            ) -> #krate::__private::Result<(), #krate::DispatchError> {
                self.linear.dispatch(pass, weights, x, y, rows)
            }

            #route

            /// The kernel behind the type, for code that handles kernels of several types alike.
            #[must_use]
            pub fn linear(&self) -> &#krate::Linear {
                &self.linear
            }
        }
    }
}

/// Host and shader agree on `Params` only if the runtime that the text is compiled into has the layout that the text has.
fn params_layout(krate: &TokenStream) -> TokenStream {
    let checks = Params::FIELDS.iter().map(|field| {
        let (ident, offset) = (
            format_ident!("{}", field.field),
            Literal::usize_suffixed(field.offset),
        );
        let message = format!("offset of Params.{} does not match WGSL", field.name);
        quote!(::core::assert!(::core::mem::offset_of!(#krate::Params, #ident) == #offset, #message);)
    });
    quote!(const _: () = { #(#checks)* };)
}

/// `DECODE_WGSL` for the preferred variant of the route, `DECODE_WGSL_2` for the next.
fn text_constant(route: Route, index: usize) -> Ident {
    let route = route.to_string().to_uppercase();
    match index {
        0 => format_ident!("{route}_WGSL"),
        _ => format_ident!("{route}_WGSL_{}", index + 1),
    }
}

fn source(variant: &Variant, text: Text) -> TokenStream {
    let wgsl = &variant.wgsl;
    let file = format!("/{}.wgsl", variant.name);
    match text {
        Text::Literal => quote!(#wgsl),
        Text::OutDir => quote!(::core::include_str!(
            ::core::concat!(::core::env!("OUT_DIR"), #file)
        )),
    }
}

/// What the constant of a text says of it, with the text itself.
fn text_doc(route: Route, index: usize, variant: &Variant, text: Text) -> TokenStream {
    let choice = if index == 0 {
        format!("WGSL of the {route} route.")
    } else {
        format!("WGSL of the {route} route where the device or the shape rules the variants before it out.")
    };
    let needs = variant.needs();
    let features: Vec<_> = needs.features.iter().map(|feature| feature.name()).collect();
    let facts = format!(
        " {choice}\n\n\
         `{}`, numeric class {}, serves {}, {} invocations and {} bytes of workgroup memory per workgroup, features: {}.\n\
         Costs {}. Dispatched with {}.\n\n```wgsl\n",
        variant.name,
        variant.configuration.numeric,
        variant.configuration.constraints(),
        needs.workgroup_size,
        needs.workgroup_bytes,
        if features.is_empty() {
            "none".to_owned()
        } else {
            features.join(", ")
        },
        variant.configuration.work(),
        variant.configuration.geometry.dispatch(),
    );
    match text {
        Text::Literal => {
            let doc = format!("{facts}{}```", variant.wgsl);
            quote!(#doc)
        }
        Text::OutDir => {
            let source = source(variant, text);
            quote!(::core::concat!(#facts, #source, "```"))
        }
    }
}

fn summary_doc(kernel: &GeneratedKernel) -> String {
    let dimension =
        |value: Option<u32>| value.map_or_else(|| "given at run time".to_owned(), |v| v.to_string());
    let mut doc = format!(
        " A 4-bit linear layer: {} weights, K {}, N {}, group size {}.\n\n| route | variant | serves | needs |\n|---|---|---|---|\n",
        match kernel.encoding {
            Encoding::Symmetric => "q4gsw",
            other => other.name(),
        },
        dimension(kernel.k),
        dimension(kernel.n),
        match kernel.group_size {
            GroupSize::Fixed(size) => size.to_string(),
            GroupSize::Runtime => dimension(None),
        },
    );
    for (route, variant) in kernel.variants() {
        let needs = variant.needs();
        let mut needed = vec![format!("{} invocations", needs.workgroup_size)];
        needed.extend(needs.features.iter().map(ToString::to_string));
        let serves = variant.configuration.constraints();
        doc.push_str(&format!(
            "| {route} | `{}` | {serves} | {} |\n",
            variant.name,
            needed.join(", ")
        ));
    }
    doc
}

fn variant_value(krate: &TokenStream, variant: &Variant, wgsl: &TokenStream) -> TokenStream {
    let Variant {
        name,
        configuration,
        workgroup_bytes,
        fingerprint,
        ..
    } = variant;
    let configuration = configuration_value(krate, configuration);
    quote! {
        #krate::Variant {
            name: #krate::__private::Cow::Borrowed(#name),
            configuration: #configuration,
            wgsl: #krate::__private::Cow::Borrowed(#wgsl),
            workgroup_bytes: #workgroup_bytes,
            fingerprint: #krate::__private::Cow::Borrowed(#fingerprint),
        }
    }
}

fn configuration_value(krate: &TokenStream, configuration: &Configuration) -> TokenStream {
    let geometry = geometry::value(krate, configuration.geometry);
    let group_size = group_size_value(krate, configuration.group_size);
    let k = option(configuration.k);
    let k = quote!(#k);
    let bias = bias_value(krate, configuration.bias);
    let numeric = numeric_value(krate, configuration.numeric);
    let encoding = encoding_value(krate, configuration.encoding);
    let scales = scales_value(krate, configuration.scales);
    quote! {
        #krate::Configuration {
            geometry: #geometry,
            group_size: #group_size,
            k: #k,
            bias: #bias,
            numeric: #numeric,
            encoding: #encoding,
            scales: #scales,
        }
    }
}

fn group_size_value(krate: &TokenStream, group_size: GroupSize) -> TokenStream {
    match group_size {
        GroupSize::Fixed(size) => quote!(#krate::GroupSize::Fixed(#size)),
        GroupSize::Runtime => quote!(#krate::GroupSize::Runtime),
    }
}

fn bias_value(krate: &TokenStream, bias: Bias) -> TokenStream {
    let bias = match bias {
        Bias::Optional => quote!(Optional),
        Bias::Never => quote!(Never),
        Bias::Always => quote!(Always),
    };
    quote!(#krate::Bias::#bias)
}

fn numeric_value(krate: &TokenStream, numeric: NumericClass) -> TokenStream {
    let numeric = match numeric {
        NumericClass::F16Multiply => quote!(F16Multiply),
        NumericClass::Int8Activations => quote!(Int8Activations),
        // A new class must be added here before it can be generated.
        NumericClass::Exact | _ => quote!(Exact),
    };
    quote!(#krate::NumericClass::#numeric)
}

fn encoding_value(krate: &TokenStream, encoding: Encoding) -> TokenStream {
    let encoding = match encoding {
        Encoding::Symmetric => quote!(Symmetric),
        Encoding::ZeroPoint => quote!(ZeroPoint),
        Encoding::Minimum => quote!(Minimum),
        Encoding::Codebook => quote!(Codebook),
    };
    quote!(#krate::Encoding::#encoding)
}

fn scales_value(krate: &TokenStream, scales: ScaleLayout) -> TokenStream {
    let format = match scales.format {
        ScaleFormat::F32 => quote!(F32),
        ScaleFormat::F16 => quote!(F16),
        ScaleFormat::Bf16 => quote!(Bf16),
        ScaleFormat::E8m0 => quote!(E8m0),
        ScaleFormat::E4m3 => quote!(E4m3),
    };
    let order = match scales.order {
        ScaleOrder::Groups => quote!(Groups),
        ScaleOrder::Columns => quote!(Columns),
    };
    quote!(#krate::ScaleLayout { format: #krate::ScaleFormat::#format, order: #krate::ScaleOrder::#order, })
}

fn option(value: Option<u32>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}
