//! dispatch: 1
//! bind: 0:0 u32[128] ramp
//! bind: 0:1 u32[43] zeros
//! output: 0:1

// Keeps the multiples of three in their order: each lane counts its own, a scan gives the place of each.
@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> kept: array<u32>;

const EACH: u32 = 8u;

var<workgroup> counts: array<u32, 16>;

@compute @workgroup_size(16)
fn main(@builtin(local_invocation_index) lane: u32) {
    var mine: array<u32, EACH>;
    var count = 0u;
    for (var i = 0u; i < EACH; i++) {
        let value = input[lane * EACH + i];
        if (value % 3u == 0u) {
            mine[count] = value;
            count++;
        }
    }
    counts[lane] = count;
    workgroupBarrier();
    var place = 0u;
    for (var other = 0u; other < lane; other++) {
        place += counts[other];
    }
    for (var i = 0u; i < count; i++) {
        kept[place + i] = mine[i];
    }
}
