// Fused multiply-adds, as many as the units take: chains that wait for nobody but themselves.

// Times that each lane goes through the loop.
override ROUNDS: u32;

@group(0) @binding(0) var<storage, read_write> sums: array<f32>;

struct Chains {
    a: vec4<f32>,
    b: vec4<f32>,
    c: vec4<f32>,
    d: vec4<f32>,
    e: vec4<f32>,
    f: vec4<f32>,
    g: vec4<f32>,
    h: vec4<f32>,
}

// 32 of them.
fn once(chains: Chains, by: vec4<f32>, plus: vec4<f32>) -> Chains {
    return Chains(
        fma(chains.a, by, plus),
        fma(chains.b, by, plus),
        fma(chains.c, by, plus),
        fma(chains.d, by, plus),
        fma(chains.e, by, plus),
        fma(chains.f, by, plus),
        fma(chains.g, by, plus),
        fma(chains.h, by, plus),
    );
}

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    // No compiler knows these. The sums stay near 2, whatever the lane began with.
    let seed = f32(id.x % 64u) * 0.0078125;
    let by = vec4<f32>(0.5, 0.5, 0.5, 0.5) + seed * 0.0001;
    let plus = vec4<f32>(1.0, 1.0, 1.0, 1.0) - seed * 0.0001;
    var chains = Chains(plus, plus + 1.0, plus + 2.0, plus + 3.0, plus + 4.0, plus + 5.0, plus + 6.0, plus + 7.0);
    for (var round = 0u; round < ROUNDS; round += 1u) {
        chains = once(chains, by, plus);
        chains = once(chains, by, plus);
        chains = once(chains, by, plus);
        chains = once(chains, by, plus);
        chains = once(chains, by, plus);
        chains = once(chains, by, plus);
        chains = once(chains, by, plus);
        chains = once(chains, by, plus);
    }
    let sum = chains.a + chains.b + chains.c + chains.d + chains.e + chains.f + chains.g + chains.h;
    sums[id.x] = sum.x + sum.y + sum.z + sum.w;
}
