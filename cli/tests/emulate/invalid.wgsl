var<private> table: array<u32, 4>;

@compute @workgroup_size(1)
fn main() {
    let x = table[4];
}
