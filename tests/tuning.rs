//! Routing follows what was measured, as far as the device and the shape allow, and says so.

use std::borrow::Cow;

use q4_kernel::{
    Bias, DispatchError, Encoding, GeneratedKernel, Gpu, GpuOptions, GroupSize, KernelError, LayerShape,
    Linear, NumericClass, RouteSource, ScaleLayout, Shape, TuningSource, UploadError, Variant, Verdict,
    conformance::{Case, Placement, check},
    reference::samples::{Data, sample},
    standard,
    tuning::{Entry, Measured, Origin, Table, TableError},
    variant,
};
use q4_kernel_tests::{gpu, open};

const LAYER: LayerShape = LayerShape {
    n: 96,
    k: 256,
    group_size: 32,
};

fn shape(m: u32) -> Shape {
    let LayerShape { n, k, group_size } = LAYER;
    Shape { m, n, k, group_size }
}

fn entry(m: u32, candidates: &[(&str, u64)]) -> Entry {
    Entry {
        shape: shape(m),
        numeric: NumericClass::Exact,
        scales: ScaleLayout::default(),
        candidates: candidates
            .iter()
            .map(|(kind, nanoseconds)| Measured {
                kind: (*kind).to_owned(),
                nanoseconds: *nanoseconds,
            })
            .collect(),
    }
}

fn table(entries: Vec<Entry>) -> Table {
    Table::new(&gpu().device().adapter_info(), entries).unwrap()
}

/// The device of the other tests, with these entries.
fn tuned(entries: Vec<Entry>) -> Gpu {
    gpu().with_tuning(&TuningSource::Table(Box::new(table(entries))))
}

#[test]
fn the_fastest_measured_variant_runs_and_the_route_names_its_source() {
    let gpu = tuned(vec![
        entry(
            1,
            &[
                ("coop4_w128_c2_g32_shared", 4_000),
                ("coop4_w32_c1_g32_shared", 5_000),
            ],
        ),
        entry(4, &[("gemm_4x256x8_t4x4_g32", 7_000)]),
        entry(512, &[("gemm_32x32x8_t4x4_g32", 90_000)]),
    ]);
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    let untuned = Linear::new(&gpu.with_tuning(&TuningSource::Off), &standard()).unwrap();
    let built_in = |m| untuned.route(shape(m)).variant().to_owned();
    let (two, five) = (built_in(2), built_in(5));
    let expected = [
        (1, "coop4_w128_c2_g32_shared", Some((1, 4_000))),
        // No entry speaks of two rows.
        (2, two.as_str(), None),
        (3, "gemm_4x256x8_t4x4_g32", Some((4, 7_000))),
        (4, "gemm_4x256x8_t4x4_g32", Some((4, 7_000))),
        (5, five.as_str(), None),
        (300, "gemm_32x32x8_t4x4_g32", Some((512, 90_000))),
    ];
    for (m, name, measured) in expected {
        let routing = kernel.route(shape(m));
        let source = match measured {
            None => RouteSource::BuiltIn,
            Some((m, nanoseconds)) => RouteSource::Measured {
                table: Origin::Given,
                shape: shape(m),
                nanoseconds,
            },
        };
        assert_eq!((routing.variant(), &routing.source), (name, &source), "{routing}");
        let case = Case {
            shape: shape(m),
            bias: true,
            data: Data::Exact,
            placement: Placement::Unaligned,
        };
        let outcome = check(&kernel, &case).unwrap();
        assert!(outcome.agrees(), "{outcome:?}");
        assert_eq!(outcome.variant, name, "what the route says is what runs");
    }
    assert_eq!(
        kernel.route(shape(3)).to_string(),
        "M=3 N=96 K=256 group_size=32: gemm_4x256x8_t4x4_g32\n  \
         prefill: `gemm_4x256x8_t4x4_g32` is the fastest that runs here and serves the shape: 7µs at \
         M=4 N=96 K=256 group_size=32, says the program's table"
    );
}

#[test]
fn where_nothing_was_measured_rows_of_one_small_tile_take_small_tiles() {
    let (small, large) = ("staged_32x64x16_t4x8_t2_g32", "staged_64x64x16_t8x8_g32");
    let untuned = Linear::new(&gpu().with_tuning(&TuningSource::Off), &standard()).unwrap();
    for (m, name) in [(17, small), (32, small), (33, large), (300, large)] {
        let routing = untuned.route(shape(m));
        assert_eq!(
            (routing.variant(), &routing.source),
            (name, &RouteSource::BuiltIn),
            "{routing}"
        );
        let case = Case {
            shape: shape(m),
            bias: true,
            data: Data::Exact,
            placement: Placement::Unaligned,
        };
        let outcome = check(&untuned, &case).unwrap();
        assert!(outcome.agrees() && outcome.variant == name, "{outcome:?}");
    }
    // What was measured stands before it.
    let tuned = Linear::new(&tuned(vec![entry(24, &[(large, 1_000)])]), &standard()).unwrap();
    assert_eq!(tuned.route(shape(24)).variant(), large);
}

#[test]
fn what_cannot_run_is_passed_over_however_fast_it_was() {
    // The first is of no kernel, the second is for other groups, and the third needs a K that the layer does not have.
    let names = [
        "some_other_1",
        "coop4_w64_c4_g64_shared",
        "gemm_32x64x32_t4x8_g32",
    ];
    let fast = names.map(|name| (name, 1));
    let gpu = tuned(vec![entry(
        1,
        &[&fast[..], &[("coop4_w64_c2_g32_shared", 2)]].concat(),
    )]);
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    let odd = Shape { k: 264, ..shape(1) };
    let routing = kernel.route(odd);
    assert_eq!(routing.variant(), "coop4_w64_c2_g32_shared");
    assert!(matches!(
        routing.source,
        RouteSource::Measured { nanoseconds: 2, .. }
    ));
    let first: Vec<_> = routing.considered.iter().take(3).collect();
    assert_eq!(first[0].variant, names[1]);
    assert_eq!(first[1].variant, names[2]);
    assert!(
        first[..2]
            .iter()
            .all(|considered| matches!(considered.verdict, Verdict::RuledOut(_)))
    );
    assert_eq!(first[2].verdict, Verdict::Chosen);

    // An entry of which nothing runs decides nothing.
    let gpu = tuned(vec![entry(1, &fast)]);
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    assert_eq!(kernel.route(odd).source, RouteSource::BuiltIn);
    assert_eq!(
        kernel.route(odd).variant(),
        Linear::new(&gpu.with_tuning(&TuningSource::Off), &standard())
            .unwrap()
            .route(odd)
            .variant()
    );
}

#[test]
fn a_table_of_another_adapter_or_a_damaged_file_is_refused_whole_and_the_reason_is_kept() {
    let mut other = gpu().device().adapter_info();
    other.device ^= 1;
    let entries = vec![entry(1, &[("coop4_w32_c1_g32_shared", 1)])];
    let foreign = Table::new(&other, entries.clone()).unwrap();
    let dir = std::env::temp_dir().join(format!("q4-kernel-refused-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("table.txt");
    let damaged = table(entries).text().replace("=1ns", "=2ns");
    std::fs::write(&path, damaged).unwrap();

    let sources = [
        (TuningSource::Table(Box::new(foreign)), "it is of the adapter "),
        (
            TuningSource::File(path.clone()),
            "line 8 has the digest of other contents",
        ),
        (
            TuningSource::File(dir.join("none.txt")),
            "none.txt cannot be read",
        ),
    ];
    for (source, reason) in sources {
        let gpu = open(&GpuOptions {
            tuning: source.clone(),
            ..GpuOptions::default()
        });
        assert!(gpu.tuning().tables().is_empty());
        let [refused] = gpu.tuning().refused() else {
            panic!("{:?}", gpu.tuning());
        };
        assert!(refused.reason.to_string().contains(reason), "{}", refused.reason);
        let routing = Linear::new(&gpu, &standard()).unwrap().route(shape(1));
        assert_eq!(routing.source, RouteSource::BuiltIn);
        assert_ne!(routing.variant(), "coop4_w32_c1_g32_shared");
    }
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn a_users_file_is_followed_on_the_device_of_an_engine() {
    let dir = std::env::temp_dir().join(format!("q4-kernel-followed-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("table.txt");
    let entries = vec![entry(1, &[("coop4_w32_c1_g32_shared", 1)])];
    std::fs::write(&path, table(entries).text()).unwrap();
    let engine = Gpu::from_wgpu(gpu().device().clone(), gpu().queue().clone());
    let gpu = engine.with_tuning(&TuningSource::File(path.clone()));
    let routing = Linear::new(&gpu, &standard()).unwrap().route(shape(1));
    assert_eq!(routing.variant(), "coop4_w32_c1_g32_shared");
    assert!(
        routing
            .to_string()
            .ends_with(&format!("says the user's table {}", path.display())),
        "{routing}"
    );
    assert!(
        matches!(&gpu.tuning().tables()[0].origin, Origin::File(file) if *file == path),
        "{:?}",
        gpu.tuning()
    );
    assert!(matches!(
        gpu.tuning().refused().first().map(|refused| &refused.reason),
        None | Some(TableError::Adapter { .. })
    ));
    std::fs::remove_dir_all(&dir).unwrap();
}

/// A kernel of one variant whose text does not compile.
fn broken(k: Option<u32>, n: Option<u32>) -> GeneratedKernel {
    let good = variant("gemm_32x32x8_t4x4_g32").unwrap();
    let broken = Variant {
        wgsl: Cow::Owned(good.wgsl.replace("fn main", "fn mai n")),
        ..good.clone()
    };
    GeneratedKernel {
        name: "broken".into(),
        k,
        n,
        group_size: GroupSize::Fixed(LAYER.group_size),
        bias: Bias::Optional,
        encoding: Encoding::Symmetric,
        scales: ScaleLayout::default(),
        decode: Vec::new().into(),
        few: Vec::new().into(),
        prefill: vec![broken].into(),
        others: Vec::new().into(),
    }
}

#[test]
fn a_refused_pipeline_is_reported_as_soon_as_the_shape_is_known() {
    let gpu = gpu();
    let is_broken = |error: &KernelError| matches!(error, KernelError::Pipeline { .. });
    let error = Linear::new(&gpu, &broken(Some(LAYER.k), Some(LAYER.n))).unwrap_err();
    assert!(is_broken(&error), "{error}");

    let late = Linear::new(&gpu, &broken(None, None)).unwrap();
    let layer = sample(1, LAYER, false, Data::Exact).unwrap().layer;
    let error = late.upload(&layer).unwrap_err();
    assert!(
        matches!(&error, UploadError::Kernel(error) if is_broken(error)),
        "{error}"
    );

    // Through another kernel the weights do reach the device.
    let weights = Linear::new(&gpu, &standard()).unwrap().upload(&layer).unwrap();
    let (x, y) = (
        gpu.output(LAYER.k as usize).unwrap(),
        gpu.output(LAYER.n as usize).unwrap(),
    );
    let error = late.prepare(&weights, &x, &y, 1).unwrap_err();
    assert!(
        matches!(&error, DispatchError::Kernel(error) if is_broken(error)),
        "{error}"
    );
}
