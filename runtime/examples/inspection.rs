//! What runs, what it needs and what it costs, without running it. `cargo q4 show`, `report` and `explain` say more of the same.
//!
//! ```console
//! $ cargo run -p q4-kernel --example inspection
//! ```
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::error::Error;

use q4_kernel::{Gpu, Verdict, q4_kernel, variant};

q4_kernel! {
    /// A layer of Llama 3.2 1B.
    kernel UpProj {
        format: q4gsw { group_size: 32 },
        k: 2048, n: 8192,
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    // Every text of a description is a documented constant of its type.
    println!("{}", UpProj::DECODE_WGSL.lines().next().unwrap_or_default());
    for (route, variant) in UpProj::KERNEL.variants() {
        let configuration = variant.configuration;
        println!("{route}: {}, {}", variant.name, configuration.constraints());
        println!(
            "    {}; {}",
            configuration.work(),
            configuration.geometry.dispatch()
        );
        println!(
            "    text {}, {} bytes of workgroup memory",
            &variant.fingerprint[..8],
            variant.workgroup_bytes
        );
    }

    // What the device at hand makes of it, and why it takes nothing else.
    let gpu = Gpu::new()?;
    let up = UpProj::new(&gpu)?;
    let routing = up.route(1);
    for considered in &routing.considered {
        if let Verdict::RuledOut(reason) = &considered.verdict {
            println!("{} is ruled out: {reason}", considered.variant);
        }
    }
    println!("one row is multiplied by {}", routing.variant());

    // The standard catalogue has names, and texts that were verified run without the checks that wgpu would add.
    let known = variant("gemv_w128_c8_g32_subgroup").ok_or("the catalogue has it")?;
    println!(
        "{} runs without run-time checks here: {}",
        known.name,
        gpu.runs_unchecked(known)
    );
    Ok(())
}
