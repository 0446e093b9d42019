//! What generation costs: the whole catalogue, which every build of the runtime pays, and one description, which every `q4_kernel!` pays
//! with every build of the crate it stands in.
//!
//! `cargo bench -p q4-kernel-codegen`. Build scripts and macros are built without optimisation unless a profile says otherwise, and take
//! several times as long then.
#![allow(clippy::unwrap_used, reason = "what fails here measures nothing")]
#![allow(missing_docs, reason = "the macros of criterion write public functions")]

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use q4_kernel_codegen::{
    Format, KernelSpec,
    emit::rust::{self, Item, Text},
    generate, generate_variant, lint, plan,
    render::Templates,
    types::{GroupSize, WeightFormat},
    validate,
};
use quote::quote;

fn catalogue(criterion: &mut Criterion) {
    let templates = Templates::embedded().unwrap();
    let catalogue = plan::catalogue();
    let mut group = criterion.benchmark_group("catalogue");
    // A second or so each.
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    group.bench_function("generate, validate and lint", |bencher| {
        bencher.iter(|| {
            for configuration in &catalogue {
                black_box(generate_variant(&templates, configuration).unwrap());
            }
        });
    });

    // The same by stages.
    group.bench_function("render", |bencher| {
        bencher.iter(|| {
            for configuration in &catalogue {
                black_box(templates.render(configuration).unwrap());
            }
        });
    });
    let rendered: Vec<_> = catalogue
        .iter()
        .map(|configuration| (configuration, templates.render(configuration).unwrap()))
        .collect();
    group.bench_function("validate", |bencher| {
        bencher.iter(|| {
            for (configuration, rendered) in &rendered {
                black_box(validate::validate(configuration, rendered).unwrap());
            }
        });
    });
    let validated: Vec<_> = rendered
        .iter()
        .map(|(configuration, rendered)| {
            (
                configuration,
                rendered,
                validate::validate(configuration, rendered).unwrap(),
            )
        })
        .collect();
    group.bench_function("lint", |bencher| {
        bencher.iter(|| {
            for (configuration, rendered, validated) in &validated {
                black_box(lint::lint(configuration, rendered, validated).unwrap());
            }
        });
    });
    group.finish();
}

/// A layer whose size is known, with the kernels that are chosen for it: what most uses of the macro are.
fn description(criterion: &mut Criterion) {
    let group_size = GroupSize::Fixed(32);
    let spec = KernelSpec::new("UpProj", Format::new(WeightFormat::default(), group_size))
        .k(2048)
        .n(8192);
    let mut group = criterion.benchmark_group("one description");
    group.bench_function("load the templates", |bencher| {
        bencher.iter(|| black_box(Templates::embedded().unwrap()));
    });
    group.bench_function("templates, generation and validation", |bencher| {
        bencher.iter(|| black_box(generate(black_box(&spec)).unwrap()));
    });
    let kernel = generate(&spec).unwrap();
    let (krate, item) = (quote!(::q4_kernel), Item::public("UpProj"));
    group.bench_function("emit Rust", |bencher| {
        bencher.iter(|| black_box(rust::kernel(&krate, &item, &kernel, Text::Literal)));
    });
    group.finish();
}

criterion_group!(benches, catalogue, description);
criterion_main!(benches);
