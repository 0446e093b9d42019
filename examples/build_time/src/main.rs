//! Two layers of a feed-forward block whose kernels a build script generated. The WGSL lies in `OUT_DIR`, with a manifest of it.
//!
//! ```console
//! $ cargo run -p q4-kernel-build-time-example
//! ```

use std::error::Error;

use q4_kernel::{
    Gpu, Linear, Shape,
    conformance::{Case, Placement, check},
    reference::samples::Data,
};

/// What `build.rs` wrote.
mod kernels {
    include!(concat!(env!("OUT_DIR"), "/q4_kernels.rs"));
}

use kernels::{DownProj, UpProj};

fn main() -> Result<(), Box<dyn Error>> {
    let gpu = Gpu::new()?;
    let (up, down) = (UpProj::new(&gpu)?, DownProj::new(&gpu)?);
    let layers: [(&Linear, u32, u32, u32); 2] = [
        (up.linear(), UpProj::N, UpProj::K, UpProj::GROUP_SIZE),
        (down.linear(), DownProj::N, DownProj::K, DownProj::GROUP_SIZE),
    ];
    for (linear, n, k, group_size) in layers {
        for m in [1, 20] {
            let case = Case {
                shape: Shape { m, n, k, group_size },
                bias: false,
                data: Data::Random { seed: 3 },
                placement: Placement::Aligned,
            };
            let outcome = check(linear, &case)?;
            if !outcome.agrees() {
                return Err(format!("{}: {outcome:?}", case.shape).into());
            }
            println!(
                "{}, {m} rows by {}: off by {:.1e} at most",
                linear.kernel().name,
                outcome.variant,
                outcome.comparison.max_absolute
            );
        }
    }
    Ok(())
}
