//! dispatch: 1
//! bind: 0:0 f32[58] zeros
//! bind: 0:1 f32[8] zeros
//! bind: 0:2 i32[2] zeros
//! bind: 0:3 f32[16] zeros
//! bind: 0:4 f32[2] zeros
//! output: 0:4

// A walk through types, pointers, functions and statements.
enable f16;
struct GlobalConst { a: u32, b: vec3<u32>, c: i32 }
struct AlignedWrapper { @align(8) value: i32 }
struct Bar {
    m: mat4x3<f32>,
    ms: array<mat2x2<f32>, 2>,
    at: atomic<i32>,
    ats: array<atomic<i32>, 10>,
    arr: array<vec2<u32>, 2>,
    data: array<AlignedWrapper>,
}
@group(0) @binding(0) var<storage, read_write> bar: Bar;
struct Baz { m: mat3x2<f32> }
@group(0) @binding(1) var<uniform> baz: Baz;
@group(0) @binding(2) var<storage, read_write> qux: vec2<i32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;
struct MatArr { am: array<mat4x2<f32>, 2> }
@group(0) @binding(3) var<uniform> nested: MatArr;
var<private> gc: GlobalConst = GlobalConst(0u, vec3<u32>(0u, 0u, 0u), 0);
var<workgroup> wg: array<vec3<f16>, 4>;
var<workgroup> flags: array<atomic<u32>, 2>;
const TABLE = array<vec2<f32>, 3>(vec2(1.0), vec2(2.0), vec2(3.0));
alias Pair = array<i32, 2>;
fn read_ptr(p: ptr<function, u32>) -> u32 { return *p; }
fn arr_elem(a: array<array<f32, 10>, 5>) -> f32 { return a[4][9]; }
fn assign_ptr(p: ptr<function, u32>) { *p = 42u; }
fn assign_arr(p: ptr<function, array<vec4<f32>, 2>>) { *p = array<vec4<f32>, 2>(vec4<f32>(1.0), vec4<f32>(2.0)); }
fn elem(p: ptr<function, vec4<f32>>, i: u32) -> f32 { return (*p)[i]; }
fn sugar(p: ptr<function, GlobalConst>) -> u32 { p.a = 3u; return p.b.y + p.a; }
fn private_ptr(p: ptr<private, GlobalConst>) -> i32 { return (*p).c; }
fn nothing() { return; }
fn nest(n: u32) -> vec2<u32> { if (n == 0u) { return vec2(1u); } else { switch n { case 1: { return vec2(5u); } case 2, 3: { return vec2(6u); } default: { return vec2(7u); } } } }
@compute @workgroup_size(2)
fn main(@builtin(local_invocation_index) i: u32) {
    nothing();
    var foo = 0.0;
    let bazm = baz.m;
    foo = bar.m[3][0] + bazm[i][1] + nested.am[i][2u][1] + nested.am[0][3].x;
    bar.m[i % 4u][i] = foo;
    storageBarrier();
    if (i == 0u) {
        bar.m = mat4x3<f32>(vec3(0.0), vec3(1.0), vec3(2.0), vec3(3.0));
        bar.m[1] = vec3(1.0, 2.0, foo);
        bar.arr = array<vec2<u32>, 2>(vec2(0u), vec2(1u));
        bar.data[1].value = 1;
        qux = vec2<i32>();
        qux[1] += 5;
    }
    storageBarrier();
    let n = arrayLength(&bar.data);
    let last = bar.data[n - 1u].value;
    let p = &bar.arr[1];
    var c = array<i32, 5>(i32(foo), last, 3, 4, i32((*p).x));
    c[i + 1u] = 42;
    let copy = c;
    var v = vec4<f32>(f32(c[i]), vec2(1.0, 2.0), 3.0);
    v.y = 8.0; v[i] *= 2.0; v = v.wzyx;
    var u = 1u;
    assign_ptr(&u);
    var arr: array<vec4<f32>, 2>;
    assign_arr(&arr);
    var g = gc;
    g.b = vec3(1u, 2u, 3u);
    gc.c += 1;
    _ = read_ptr(&u);
    let t = TABLE[i];
    var big: array<array<f32, 10>, 5>;
    big[4][9] = 2.5;
    wg[i] = vec3<f16>(1.0h, f16(foo), 2.0h);
    atomicStore(&flags[i], 4u);
    workgroupBarrier();
    atomicAdd(&bar.ats[i], 3);
    atomicMin(&bar.at, -4);
    let xs = vec3<f32>(wg[1u - i]);
    let b = vec2<bool>(i == 0u, t.x > 1.0);
    let sel = select(vec2(1.0), t, b);
    var k = 0;
    loop { if k > 3 { break; } k++; continuing { k += 1; break if k > 100; } }
    var pr: Pair = Pair(1, 2);
    pr[i] <<= 2u;
    let sw = nest(i);
    let total = f32(read_ptr(&u)) + arr_elem(big) + elem(&arr[1], 2u) + f32(sugar(&g)) + f32(private_ptr(&gc)) + f32(copy[2]) + v.x + xs.y + sel.x + f32(k + pr[1]) + f32(sw.y) + f32(dot(vec3(1, 2, 3), vec3(i32(i))));
    output[i] = total;
}
