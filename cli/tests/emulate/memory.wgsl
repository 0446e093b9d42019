@group(0) @binding(0) var<storage, read_write> result: array<u32>;

var<workgroup> tile: array<u32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32) {
    if (i < 32u) {
        tile[i] = i;
    }
    workgroupBarrier();
    let late = tile[i]; // fault: uninitialized_read
    workgroupBarrier();
    tile[i] = late;
    result[i] = tile[63u - i]; // fault: data_race
    result[i + 1u] = late; // fault: out_of_bounds data_race
}
