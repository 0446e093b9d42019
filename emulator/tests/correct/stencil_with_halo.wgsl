//! dispatch: 4
//! bind: 0:0 u32[100] ramp
//! bind: 0:1 u32[100] zeros
//! output: 0:1

// A tile with a halo: the edge lanes load the neighbours' elements, the last workgroup is cut off.
@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

const WIDTH: u32 = 32u;

var<workgroup> tile: array<u32, WIDTH + 2u>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(global_invocation_id) id: vec3<u32>) {
    let last = arrayLength(&input) - 1u;
    tile[lane + 1u] = input[min(id.x, last)];
    if (lane == 0u) {
        tile[0] = input[select(id.x - 1u, 0u, id.x == 0u)];
    }
    if (lane == WIDTH - 1u) {
        tile[WIDTH + 1u] = input[min(id.x + 1u, last)];
    }
    workgroupBarrier();
    if (id.x <= last) {
        output[id.x] = tile[lane] + 2u * tile[lane + 1u] + tile[lane + 2u];
    }
}
