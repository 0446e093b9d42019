//! Structs, arrays, matrices and pointers in all address spaces.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may fail"
)]

#[path = "common/evaluate.rs"]
mod evaluate;

use evaluate::{evaluate, evaluate_with, run};
use q4_kernel_emulator::{Bindings, Buffer, CompileOptions, FaultKind, LaunchOptions, Program};

/// Values of `fn f(x: u32) -> u32` for 0..8.
fn values(items: &str) -> Vec<u32> {
    let input = (0..8).collect::<Vec<u32>>();
    let (output, report) = evaluate_with(items, ("u32", "u32"), "f(x)", &input);
    assert!(report.is_clean(), "{report}");
    output
}

fn of(reference: impl Fn(u32) -> u32) -> Vec<u32> {
    (0..8).map(reference).collect()
}

#[test]
fn pointers_into_arrays_of_structs() {
    let items = "
        struct Item { weight: u32, pair: vec2<u32>, list: array<u32, 3> }
        fn add(p: ptr<function, u32>, amount: u32) { *p += amount; }
        fn fill(item: ptr<function, Item>, x: u32) {
            (*item).weight = x;
            (*item).pair.y = x + 1u;
            for (var i = 0u; i < 3u; i++) { (*item).list[i] = x * i; }
            add(&(*item).list[x % 3u], 100u);
        }
        fn f(x: u32) -> u32 {
            var items: array<Item, 4>;
            fill(&items[x % 4u], x);
            let p = &items[x % 4u].list;
            var sum = 0u;
            for (var i = 0u; i < 3u; i++) { sum += (*p)[i]; }
            return sum + items[x % 4u].weight + items[x % 4u].pair[1] + items[(x + 1u) % 4u].weight;
        }";
    assert_eq!(values(items), of(|x| 3 * x + 100 + x + x + 1));
}

#[test]
fn whole_structs_and_arrays_are_values() {
    let items = "
        struct Point { x: u32, y: vec3<u32> }
        fn swap(p: Point) -> Point { return Point(p.y.x, vec3(p.x, p.y.zy)); }
        fn f(x: u32) -> u32 {
            var a = array<Point, 2>(Point(x, vec3(1u, 2u, 3u)), Point());
            a[1] = swap(a[0]);
            let copy = a;
            a[1].x = 77u;
            let same = Point(1u, vec3(x, 3u, 2u));
            return copy[1].x * 1000u + copy[1].y.x * 100u + copy[1].y.y * 10u + copy[1].y.z + same.x - 1u;
        }";
    assert_eq!(values(items), of(|x| 1000 + x * 100 + 32));
}

#[test]
fn constant_tables_are_indexed_by_lane() {
    let items = "
        const table = array<u32, 8>(3u, 1u, 4u, 1u, 5u, 9u, 2u, 6u);
        fn f(x: u32) -> u32 { let t = table; return t[x] * 10u + table[7u - x]; }";
    let table = [3, 1, 4, 1, 5, 9, 2, 6];
    assert_eq!(
        values(items),
        of(|x| table[x as usize] * 10 + table[7 - x as usize])
    );
}

#[test]
fn matrices_in_memory_and_in_registers() {
    let items = "
        fn f(x: u32) -> u32 {
            var m = mat3x2<f32>(1.0, 2.0, 3.0, 4.0, 5.0, 6.0);
            m[x % 3u][x % 2u] += 10.0;
            m[1] = m[1] * 2.0;
            let t = transpose(m);
            return u32(m[0].x + 10.0 * m[1].y + 100.0 * t[0][2] + 1000.0 * t[1].z);
        }";
    let reference = |x: u32| {
        let mut m = [[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]];
        m[x as usize % 3][x as usize % 2] += 10.0;
        m[1] = [m[1][0] * 2.0, m[1][1] * 2.0];
        (m[0][0] + 10.0 * m[1][1] + 100.0 * m[2][0] + 1000.0 * m[2][1]) as u32
    };
    assert_eq!(values(items), of(reference));
}

#[test]
fn matrix_products() {
    let input = [[1.0f32, 2.0, 3.0, 4.0]];
    let vector =
        |expression: &str| evaluate::<_, [f32; 4]>(("vec4<f32>", "vec4<f32>"), expression, &input)[0];
    let a = "mat2x2<f32>(x.xy, x.zw)";
    // Columns (1, 2) and (3, 4).
    assert_eq!(
        vector(&format!("vec4({a} * vec2(5.0, 6.0), vec2(5.0, 6.0) * {a})")),
        [23.0, 34.0, 17.0, 39.0]
    );
    assert_eq!(
        vector(&format!("vec4(({a} * {a})[0], ({a} * {a})[1])")),
        [7.0, 10.0, 15.0, 22.0]
    );
    assert_eq!(
        vector(&format!(
            "vec4(determinant({a}), ({a} * 2.0)[1], (2.0 * {a})[0].x)"
        )),
        [-2.0, 6.0, 8.0, 2.0]
    );
    assert_eq!(
        vector(&format!("vec4(({a} + {a})[1], ({a} - {a})[0])")),
        [6.0, 8.0, 0.0, 0.0]
    );
    let b = "mat4x4<f32>(vec4(2.0,0.0,0.0,0.0), vec4(0.0,3.0,1.0,0.0), vec4(0.0,0.0,4.0,0.0), vec4(1.0,0.0,0.0,5.0))";
    assert_eq!(vector(&format!("vec4(determinant({b}) * x.x)")), [120.0; 4]);
    assert_eq!(
        vector("(mat2x4<f32>(x, x.wzyx) * vec2(1.0, 10.0))"),
        [41.0, 32.0, 23.0, 14.0]
    );
    assert_eq!(
        vector("vec4(x * mat3x4<f32>(x, x, x.wzyx), 0.0)"),
        [30.0, 30.0, 20.0, 0.0]
    );
}

#[test]
fn host_layouts_with_padding_and_attributes() {
    let source = "
        struct Inner { a: f32, b: vec3<f32> }
        struct Data { head: u32, @align(32) item: Inner, @size(24) tail: vec2<f32>, m: mat2x3<f32>, rest: array<Inner> }
        @group(0) @binding(0) var<storage, read_write> data: Data;
        @group(0) @binding(1) var<storage, read_write> output: array<f32>;
        @compute @workgroup_size(1)
        fn main() {
            output[0] = f32(data.head);
            output[1] = data.item.b.z;
            output[2] = data.tail.y;
            output[3] = data.m[1].z;
            output[4] = data.rest[1].b.x;
            output[5] = f32(arrayLength(&data.rest));
            data.rest[1].a = 9.0;
            let copy = data.rest[1];
            output[6] = copy.a + copy.b.y;
        }";
    // head 0, item 32..64, tail 64..88, m 96..128, rest from 128 with a stride of 32.
    let mut words = vec![0f32; 128 / 4 + 2 * 8];
    words[0] = f32::from_bits(7);
    (words[14], words[17], words[30], words[44], words[45]) = (1.5, 2.5, 3.5, 4.5, 5.5);
    let program = Program::from_wgsl(source, &CompileOptions::default()).unwrap();
    let (data, output) = (Buffer::from_slice(&words), Buffer::zeroed(28));
    let mut bindings = Bindings::new()
        .with(0, 0, data.clone())
        .with(0, 1, output.clone());
    let report = program
        .launch(&mut bindings, [1, 1, 1], &LaunchOptions::default())
        .unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!(output.to_vec::<f32>(), [7.0, 1.5, 2.5, 3.5, 4.5, 2.0, 14.5]);
    assert_eq!(data.to_vec::<f32>()[40], 9.0);
    let info = &program.bindings()[0];
    assert_eq!(
        (info.ty.as_str(), info.element_stride, info.minimum_size),
        ("Data", 32, 160)
    );
}

#[test]
fn uniform_private_workgroup_and_immediate_variables() {
    let source = "
        struct Params { scale: f32, offset: vec2<f32> }
        @group(0) @binding(0) var<uniform> params: Params;
        @group(0) @binding(1) var<storage, read_write> output: array<f32>;
        var<private> p: array<f32, 4> = array(1.0, 2.0, 3.0, 4.0);
        var<private> q: vec2<f32>;
        var<workgroup> flags: array<bool, 4>;
        struct Push { bias: f32, index: u32 }
        var<immediate> push: Push;
        fn bump(value: ptr<private, vec2<f32>>) { (*value).y += 1.0; }
        @compute @workgroup_size(4)
        fn main(@builtin(local_invocation_index) i: u32) {
            let flag = &flags[i];
            *flag = i % 2u == 1u;
            workgroupBarrier();
            p[3u - i] *= params.scale;
            q.x = p[i];
            bump(&q);
            let r = &output[i];
            *r = q.x + q.y + params.offset.y + push.bias + select(0.0, 100.0, flags[3u - i]);
            if (i == push.index) { *r = -1.0; }
        }";
    let program = Program::from_wgsl(source, &CompileOptions::default()).unwrap();
    let output = Buffer::zeroed(16);
    let params = Buffer::from_slice(&[2f32, 0.0, 0.0, 0.5]);
    let mut bindings = Bindings::new().with(0, 0, params).with(0, 1, output.clone());
    let immediates = [0.25f32.to_le_bytes(), 3u32.to_le_bytes()].concat();
    let options = LaunchOptions {
        immediates,
        ..LaunchOptions::default()
    };
    let report = program
        .launch(
            &mut bindings,
            [2, 1, 1],
            &LaunchOptions {
                threads: None,
                ..options
            },
        )
        .unwrap();
    // Both workgroups write the same elements.
    assert!(
        report
            .faults
            .iter()
            .all(|fault| fault.kind == FaultKind::DataRace),
        "{report}"
    );
    assert_eq!(output.to_vec::<f32>(), [102.75, 3.75, 104.75, -1.0]);
    assert_eq!(program.immediate_bytes(), 8);
}

#[test]
fn private_variables_start_anew_in_every_workgroup() {
    let source = "
        @group(0) @binding(0) var<storage, read> input: array<u32>;
        @group(0) @binding(1) var<storage, read_write> output: array<u32>;
        var<private> counter: u32 = 5u;
        var<private> other: u32;
        @compute @workgroup_size(2)
        fn main(@builtin(global_invocation_id) id: vec3<u32>) {
            counter += input[0]; other += 1u;
            output[id.x] = counter * 10u + other;
        }";
    let program = Program::from_wgsl(source, &CompileOptions::default()).unwrap();
    let output = Buffer::zeroed(32);
    let mut bindings = Bindings::new()
        .with(0, 0, Buffer::from_slice(&[1u32]))
        .with(0, 1, output.clone());
    program
        .launch(&mut bindings, [4, 1, 1], &LaunchOptions::default())
        .unwrap();
    assert_eq!(output.to_vec::<u32>(), [61; 8]);
}

#[test]
fn halves_in_memory_do_not_disturb_their_neighbours() {
    let source = "
        enable f16;
        @group(0) @binding(0) var<storage, read> input: array<f16>;
        @group(0) @binding(1) var<storage, read_write> output: array<f16>;
        var<workgroup> tile: array<vec2<f16>, 32>;
        @compute @workgroup_size(64)
        fn main(@builtin(local_invocation_index) i: u32) {
            tile[i / 2u][i % 2u] = input[i] * 2.0h;
            workgroupBarrier();
            if (i % 3u != 0u) { output[i] = tile[(63u - i) / 2u][(63u - i) % 2u]; }
        }";
    let input = (0..64)
        .map(|i| half::f16::from_f32(i as f32).to_bits())
        .collect::<Vec<_>>();
    let (output, report) = run::<u16, u16>(source, &input, 64, &LaunchOptions::default());
    assert!(report.is_clean(), "{report}");
    for (i, bits) in output.into_iter().enumerate() {
        let expected = if i % 3 == 0 { 0.0 } else { 2.0 * (63 - i) as f32 };
        assert_eq!(half::f16::from_bits(bits).to_f32(), expected);
    }
}

#[test]
fn a_place_out_of_bounds_counts_only_when_it_is_used() {
    let source = "
        @group(0) @binding(0) var<storage, read> input: array<u32>;
        @group(0) @binding(1) var<storage, read_write> output: array<u32>;
        @compute @workgroup_size(8)
        fn main(@builtin(local_invocation_index) i: u32) {
            let p = &input[i * 2u];
            if (i * 2u < arrayLength(&input)) { output[i] = *p; }
        }";
    let (output, report) = run::<u32, u32>(source, &[1, 2, 3, 4, 5], 8, &LaunchOptions::default());
    assert!(report.is_clean(), "{report}");
    assert_eq!(output, [1, 3, 5, 0, 0, 0, 0, 0]);
}

#[test]
fn out_of_bounds_reads_are_zero_and_writes_are_skipped() {
    let source = "
        @group(0) @binding(0) var<storage, read> input: array<vec2<u32>>;
        @group(0) @binding(1) var<storage, read_write> output: array<u32>;
        @compute @workgroup_size(4)
        fn main(@builtin(local_invocation_index) i: u32) {
            let v = input[i];
            output[i + i] = v.x + v.y + 1u;
        }";
    let (output, report) = run::<u32, u32>(source, &[1, 2, 3, 4, 5, 6], 5, &LaunchOptions::default());
    assert_eq!(output, [4, 0, 8, 0, 12]);
    let found = report
        .faults
        .iter()
        .map(|f| (f.kind, f.message.as_str(), f.count))
        .collect::<Vec<_>>();
    let of = FaultKind::OutOfBounds;
    assert_eq!(
        found,
        [
            (of, "index 3 of `input`, which has 3 elements", 1),
            (of, "index 6 of `output`, which has 5 elements", 1)
        ]
    );
}

#[test]
fn variables_without_initialiser_are_followed_element_by_element() {
    let source = "
        struct Pair { a: u32, b: u32 }
        @group(0) @binding(0) var<storage, read> input: array<u32>;
        @group(0) @binding(1) var<storage, read_write> output: array<u32>;
        var<private> memory: array<u32, 4>;
        @compute @workgroup_size(4)
        fn main(@builtin(local_invocation_index) i: u32) {
            var list: array<Pair, 4>;
            list[i].a = input[i];
            memory[i] = 1u;
            var total = list[i].a + memory[i];
            if (i == 3u) { total += list[i].b; }
            if (i == 1u) { total += memory[2]; }
            output[i] = total;
        }";
    let options = CompileOptions {
        require_initialized_variables: true,
        ..CompileOptions::default()
    };
    let program = Program::from_wgsl(source, &options).unwrap();
    let bindings = Bindings::new()
        .with(0, 0, Buffer::from_slice(&[5u32; 4]))
        .with(0, 1, Buffer::zeroed(16));
    let report = program
        .launch(&mut bindings.duplicate(), [1, 1, 1], &LaunchOptions::default())
        .unwrap();
    let found = report
        .faults
        .iter()
        .map(|f| (f.kind, f.location.unwrap().line, f.lane))
        .collect::<Vec<_>>();
    let kind = FaultKind::UninitializedRead;
    assert_eq!(found, [(kind, 12, Some(3)), (kind, 13, Some(1))]);
    let lenient = Program::from_wgsl(source, &CompileOptions::default()).unwrap();
    assert!(
        lenient
            .launch(&mut bindings.duplicate(), [1, 1, 1], &LaunchOptions::default())
            .unwrap()
            .is_clean()
    );
}
