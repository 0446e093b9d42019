{# A scale in f16 without loss: what two numbers hold of it. #}
// What f16 holds of a scale, and what is left of it: together they scale as exactly as f32 does.
fn split_scale(scale: f32) -> vec2<f16> {
    let most = f16(scale);
    return vec2<f16>(most, f16(scale - f32(most)));
}

fn apply_scale(weights: vec4<f16>, scale: vec2<f16>) -> vec4<f16> {
    return fma(weights, vec4<f16>(scale.x), weights * scale.y);
}
