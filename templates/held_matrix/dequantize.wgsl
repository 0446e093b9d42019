{# Dequantisation of q4gsw to f16, two weights at a time and with one shift for eight of them. #}

// Two weights, before scaling, whose nibbles q + {{ zero_point }} stand lowest in each half: with these bits above an f16 is 1024 + q + {{ zero_point }}, exactly.
fn low_pair(nibbles: u32) -> vec2<f16> {
    return vec2<f16>(unpack2x16float(nibbles | 0x64006400u)) - (1024.0h + {{ zero_point }}.0h);
}

// Two whose nibbles stand next to the lowest: 1024 + 16 (q + {{ zero_point }}), of which a sixteenth is exact as well.
fn high_pair(nibbles: u32) -> vec2<f16> {
    return fma(vec2<f16>(unpack2x16float(nibbles | 0x64006400u)), vec2<f16>(0.0625h), vec2<f16>(-(64.0h + {{ zero_point }}.0h)));
}

{% include "common/split_scale.wgsl" %}
