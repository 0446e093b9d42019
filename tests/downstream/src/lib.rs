//! A crate that uses q4-kernel as a user would: the macro, a build script, a spec file.
#![deny(missing_docs, unreachable_pub, unused)]

use q4_kernel::q4_kernel;

q4_kernel! {
    /// An up-projection, everything known.
    #[must_use]
    pub kernel Up {
        format: q4gsw { group_size: 32 },
        k: 256, n: 96,
        decode: coop4 { width: 64, columns: 8 },
        prefill: tile { m: 64, n: 64, k: 16 },
    }

    /// Any layer at all.
    pub kernel AnyLayer { format: q4gsw }
}

/// Kernels that a build script generated.
pub mod at_build_time {
    include!(concat!(env!("OUT_DIR"), "/q4_kernels.rs"));
}

/// A private kernel in a module.
pub mod module {
    q4_kernel::q4_kernel! {
        kernel Hidden { format: q4gsw { group_size: 128 }, k: 50, bias: never }
    }

    /// The only text of the kernel.
    #[must_use]
    pub fn text() -> &'static str {
        Hidden::PREFILL_WGSL
    }
}

/// A kernel inside a function.
#[must_use]
pub fn local_kernel_name() -> &'static str {
    q4_kernel! {
        kernel Local { format: q4gsw { group_size: 32 } }
    }
    &Local::KERNEL.name
}
