//! Generation at build time: what it writes, and how it fails.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use q4_kernel_codegen::{Coop4Spec, Format, KernelSpec, build::Builder, generate};

/// A folder of the test's own, gone when the test ends well.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Self {
        let dir = env::temp_dir().join(format!("q4-kernel-{test}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn up() -> KernelSpec {
    KernelSpec::new("Up", Format::q4gsw(32)).k(64)
}

/// With the GEMV whose templates the tests break.
fn up_with_coop4() -> KernelSpec {
    up().decode(Coop4Spec::default())
}

#[test]
fn the_texts_on_disk_are_those_of_the_one_generator() {
    let scratch = Scratch::new("texts");
    Builder::new().kernel(up()).write_to(&scratch.0).unwrap();
    let kernel = generate(&up()).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&scratch.read("q4_kernels.json")).unwrap();
    let listed = manifest["kernels"][0]["variants"].as_array().unwrap();
    assert_eq!(listed.len(), kernel.variants().count());
    for ((route, variant), listed) in kernel.variants().zip(listed) {
        assert_eq!(scratch.read(listed["file"].as_str().unwrap()), variant.wgsl);
        assert_eq!(listed["route"], route.to_string());
        assert_eq!(listed["fingerprint"], *variant.fingerprint);
    }
}

#[test]
fn every_file_that_was_read_is_named_for_cargo() {
    let scratch = Scratch::new("read");
    let spec = scratch.write("kernels.toml", "[Down]\nformat.q4gsw.group_size = 32\n");
    let template = scratch.write("overrides/coop4/store.wgsl", &template("coop4/store.wgsl"));
    let read = Builder::new()
        .spec_file(&spec)
        .templates(scratch.0.join("overrides"))
        .write_to(&scratch.0)
        .unwrap();
    assert_eq!(read, [template, scratch.0.join("overrides"), spec]);
    assert!(scratch.read("q4_kernels.rs").contains("pub struct Down"));
}

#[test]
fn a_template_that_naga_refuses_is_reported_with_its_line_and_the_parameters() {
    let scratch = Scratch::new("naga");
    let broken = template("coop4/inner_product.wgsl").replace("sum_0 += scale_0 *", "sum_0 += 1u *");
    let line = 1 + broken.lines().position(|line| line.contains("1u *")).unwrap();
    scratch.write("coop4/inner_product.wgsl", &broken);
    let one_column = q4_kernel_codegen::Coop4Spec {
        columns: Some(1),
        ..Default::default()
    };
    let error = Builder::new()
        .kernel(up().decode(one_column))
        .templates(&scratch.0)
        .write_to(&scratch.0)
        .unwrap_err();

    // What cargo shows when a build script's `main` returns the error.
    let shown = format!("{error:?}");
    assert!(shown.starts_with("kernel `Up` cannot be generated\n"), "{shown}");
    let head = format!(
        "`coop4_w64_c1_g32_subgroup_k64` does not validate at templates/coop4/inner_product.wgsl:{line}\n"
    );
    assert!(shown.contains(&head), "{shown}");
    assert!(
        shown.contains("\nparameters: coop4 { width: 64, columns: 1, words: 1, reduction: subgroup }, group size 32, k: 64, bias: optional, numeric: exact\n"),
        "{shown}"
    );
    assert!(shown.contains("coop4_w64_c1_g32_subgroup_k64.wgsl:"), "{shown}");
    assert!(
        shown.contains("`coop4_w64_c1_g32_shared_k64` does not validate"),
        "both variants are reported: {shown}"
    );
}

#[test]
fn a_template_that_tera_refuses_is_reported_with_its_line() {
    let scratch = Scratch::new("tera");
    scratch.write(
        "coop4/store.wgsl",
        "{# A store. #}\n{% for block in blocks %}\n{{ block.wdith }}\n{% endfor %}\n",
    );
    let error = Builder::new()
        .kernel(up_with_coop4())
        .templates(&scratch.0)
        .write_to(&scratch.0)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("`coop4_w64_c4_g32_subgroup_k64` cannot be rendered"),
        "{error}"
    );
    assert!(error.contains("coop4/store.wgsl:3"), "{error}");
    assert!(error.contains("{{ block.wdith }}"), "{error}");
    assert!(
        !error.contains('\u{E000}'),
        "the marks of provenance are not shown"
    );

    scratch.write("coop4/store.wgsl", "{% if %}\n");
    let error = Builder::new()
        .kernel(up_with_coop4())
        .templates(&scratch.0)
        .write_to(&scratch.0)
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("the templates do not parse\n"), "{error}");
    assert!(error.contains("coop4/store.wgsl:1"), "{error}");
}

#[test]
fn a_text_that_asks_for_more_than_the_variant_claims_is_refused() {
    let scratch = Scratch::new("claims");
    let greedy = template("coop4/reduction_shared.wgsl") + "let claimed = subgroupAdd(1u);\n";
    scratch.write("coop4/reduction_shared.wgsl", &greedy);
    let error = Builder::new()
        .kernel(up_with_coop4())
        .templates(&scratch.0)
        .write_to(&scratch.0)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(
            "`coop4_w64_c4_g32_shared_k64` does not validate at templates/coop4/reduction_shared.wgsl"
        ),
        "{error}"
    );
    assert!(error.contains("SUBGROUP"), "{error}");
}

#[test]
fn a_params_layout_that_the_host_does_not_have_is_refused() {
    let scratch = Scratch::new("params");
    let shifted =
        template("common/declarations.wgsl").replace("struct Params {", "struct Params {\n    extra: u32,");
    scratch.write("common/declarations.wgsl", &shifted);
    let error = Builder::new()
        .kernel(up_with_coop4())
        .templates(&scratch.0)
        .write_to(&scratch.0)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("`Params.M` is at byte 4 in WGSL and at byte 0 on the host"),
        "{error}"
    );
    assert!(
        error.contains("`Params.extra` is at byte 0 in WGSL and nowhere on the host"),
        "{error}"
    );
}

#[test]
fn too_much_workgroup_memory_is_refused_at_build_time() {
    let scratch = Scratch::new("memory");
    let greedy = template("coop4/kernel.wgsl")
        .replace(
            "@compute",
            "var<workgroup> greedy: array<u32, 20000>;\n\n@compute",
        )
        .replace("let words =", "greedy[lane] = 0u;\n    let words =");
    scratch.write("coop4/kernel.wgsl", &greedy);
    let error = Builder::new()
        .kernel(up_with_coop4())
        .templates(&scratch.0)
        .write_to(&scratch.0)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("bytes of workgroup memory exceed 65536"),
        "{error}"
    );
}

#[test]
fn a_barrier_that_not_all_lanes_reach_is_refused_with_its_line() {
    let scratch = Scratch::new("barrier");
    let hanging = template("coop4/store.wgsl") + "workgroupBarrier();\n";
    let line = hanging.lines().count();
    scratch.write("coop4/store.wgsl", &hanging);
    let error = Builder::new()
        .kernel(up_with_coop4())
        .templates(&scratch.0)
        .write_to(&scratch.0)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(&format!(
            "(templates/coop4/store.wgsl:{line}): a barrier stands in control flow that is not uniform"
        )),
        "{error}"
    );
    assert!(error.contains("divided by the condition at line "), "{error}");
    assert!(error.contains("(templates/coop4/kernel.wgsl:"), "{error}");
}

#[test]
fn workgroup_memory_that_is_read_before_it_is_written_is_refused() {
    let scratch = Scratch::new("uninitialised");
    let reading = template("coop4/inner_product.wgsl").replace(
        "sum_{{ block.index }} = {{ sum_type }}()",
        "sum_{{ block.index }} = partial_{{ block.index }}[lane % PARTIALS]",
    );
    scratch.write("coop4/inner_product.wgsl", &reading);
    let error = Builder::new()
        .kernel(up_with_coop4())
        .templates(&scratch.0)
        .write_to(&scratch.0)
        .unwrap_err()
        .to_string();
    assert!(error.contains("(templates/coop4/inner_product.wgsl:3): workgroup variable `partial_0` is read before it is written"), "{error}");
}

#[test]
fn a_feature_that_the_text_does_not_need_is_refused() {
    let scratch = Scratch::new("unused");
    let idle = template("coop4/reduction_subgroup.wgsl")
        .replace("subgroupAdd(sum_{{ block.index }})", "sum_{{ block.index }}");
    scratch.write("coop4/reduction_subgroup.wgsl", &idle);
    let without_builtins = template("coop4/kernel.wgsl")
        .replace("@builtin(subgroup_id) subgroup: u32,", "")
        .replace("@builtin(num_subgroups) subgroups: u32,", "")
        .replace("@builtin(subgroup_invocation_id) subgroup_lane: u32,", "")
        .replace(
            "let words =",
            "let subgroup = 0u;\n    let subgroups = 1u;\n    let subgroup_lane = lane;\n    let words =",
        );
    scratch.write("coop4/kernel.wgsl", &without_builtins);
    let error = Builder::new()
        .kernel(up_with_coop4())
        .templates(&scratch.0)
        .write_to(&scratch.0)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(
            "`coop4_w64_c4_g32_subgroup_k64`: it claims the feature SUBGROUP and is valid without it"
        ),
        "{error}"
    );
}

#[test]
fn mistakes_of_spec_files_break_the_build_with_their_places() {
    let scratch = Scratch::new("spec");
    let spec = scratch.write(
        "kernels.toml",
        "[Up]\nformat.q4gsw.group_size = 0\nk = \"many\"\n",
    );
    let error = Builder::new()
        .spec_file(&spec)
        .write_to(&scratch.0)
        .unwrap_err()
        .to_string();
    let lines: Vec<_> = error.lines().collect();
    assert_eq!(lines.len(), 2, "{error}");
    assert!(
        lines
            .iter()
            .any(|line| line.contains("kernels.toml:2:27: 0 consecutive k that share a scale")),
        "{error}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.contains("kernels.toml:3:5: a whole number")),
        "{error}"
    );

    let error = Builder::new()
        .spec_file("missing.toml")
        .write_to(&scratch.0)
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("missing.toml: "), "{error}");
    let error = Builder::new()
        .kernel(up())
        .kernel(up())
        .write_to(&scratch.0)
        .unwrap_err()
        .to_string();
    assert_eq!(error, "two kernels are named `Up`; rename one of them");
    let error = Builder::new()
        .crate_path("not a (path")
        .write_to(&scratch.0)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "`not a (path` is not the path of a crate; give for example `::q4_kernel`"
    );
}

/// A template as it ships.
fn template(name: &str) -> String {
    fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../templates")
            .join(name),
    )
    .unwrap()
}
