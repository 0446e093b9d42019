//! dispatch: 1
//! bind: 0:0 f32[96] ramp
//! bind: 0:1 f32[96] zeros
//! output: 0:1

struct Particle {
    position: vec2<f32>,
    velocity: vec2<f32>,
    mass: f32,
    age: u32,
}

@group(0) @binding(0) var<storage, read> before: array<Particle>;
@group(0) @binding(1) var<storage, read_write> after: array<Particle>;

fn advance(particle: ptr<function, Particle>, seconds: f32) {
    let velocity = &(*particle).velocity;
    (*velocity).y -= 9.81 * seconds;
    (*particle).position += *velocity * seconds;
    (*particle).age += 1u;
}

@compute @workgroup_size(16)
fn main(@builtin(local_invocation_index) i: u32) {
    var particle = before[i];
    for (var step = 0; step < 4; step++) {
        advance(&particle, 0.25);
    }
    after[i] = particle;
}
