q4_kernel::q4_kernel! {
    pub kernel Up { format: q4gsw { group_size: 32 } }
}

fn run(up: &Up, pass: &mut q4_kernel::wgpu::ComputePass<'_>, weights: &q4_kernel::Weights, buffers: [&q4_kernel::wgpu::Buffer; 2]) {
    let _ = up.dispatch(pass, weights, buffers[0], buffers[1], "one");
}

fn main() {}
