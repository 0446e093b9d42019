//! A crate that knows q4-kernel under another name, without the prelude, and re-exports it.
#![no_implicit_prelude]

// The macro finds the runtime by itself,
::quant::q4_kernel! {
    /// Found through the macro's own crate.
    pub kernel Found { format: q4gsw { group_size: 32 }, k: 64, n: 16 }
}

pub use ::quant as engine;

// or is told where it is, as those who re-export it do.
::quant::q4_kernel! {
    crate = crate::engine;

    /// Named by a path.
    pub kernel Named { format: q4gsw { group_size: 32 }, k: 64, n: 16, decode: coop4 { columns: 1 } }
}

/// Everything shadowed that careless generated code would name.
#[allow(dead_code, missing_docs, non_camel_case_types, clippy::upper_case_acronyms)]
pub mod shadowed {
    pub struct Result;
    pub struct Option;
    pub struct Some;
    pub struct Ok;
    pub struct String;
    pub struct u32;
    pub struct str;
    pub mod core {}
    pub mod std {}

    ::quant::q4_kernel! {
        pub kernel AmongShadows { format: q4gsw { group_size: 32 } }
    }
}
