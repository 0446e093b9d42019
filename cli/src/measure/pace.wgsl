// A chain of operations of which each waits for the one before: how long it takes says how fast processors are clocked, and nothing else.

// Times through the loop.
override ROUNDS: u32;

@group(0) @binding(0) var<storage, read_write> states: array<u32>;

@compute @workgroup_size(32)
fn main(@builtin(local_invocation_index) lane: u32) {
    // Marsaglia's xorshift, which no compiler shortens and which never leaves zero.
    var state = states[lane] | (lane + 1u);
    for (var round = 0u; round < ROUNDS; round += 1u) {
        state ^= state << 13u;
        state ^= state >> 17u;
        state ^= state << 5u;
    }
    states[lane] = state;
}
