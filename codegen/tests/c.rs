//! What is written for C compiles without a warning and says what the crates say.
#![allow(
    clippy::unwrap_used,
    reason = "a helper that panics fails its test, as it should"
)]

use std::{fs, path::PathBuf, process::Command};

use q4_kernel_codegen::{
    DecodeSpec, Format, KernelSpec, StreamSpec,
    emit::c::{Package, package},
    generate,
    types::{
        Encoding, GeneratedKernel, GroupSize, NumericClass, ScaleLayout, ScaleOrder, Shape, WeightFormat,
        layout::Binding,
    },
};

fn kernels() -> Vec<GeneratedKernel> {
    let any = Format::new(WeightFormat::default(), GroupSize::Runtime);
    let rounded = KernelSpec {
        numeric: NumericClass::F16Multiply,
        ..KernelSpec::new("Rounded", Format::q4gsw(32)).k(2048).n(8192)
    };
    let of_encodings = Encoding::ALL.map(|encoding| {
        let weights = WeightFormat {
            encoding,
            ..WeightFormat::default()
        };
        KernelSpec::new(encoding.name(), Format::new(weights, GroupSize::Fixed(32))).k(2048)
    });
    let streaming = KernelSpec {
        decode: Some(DecodeSpec::Stream(StreamSpec::default())),
        scales: ScaleLayout {
            order: ScaleOrder::Groups,
            ..ScaleLayout::default()
        },
        ..KernelSpec::new("Streaming", any)
    };
    [KernelSpec::new("Any", any), rounded, streaming]
        .iter()
        .chain(&of_encodings)
        .map(|spec| generate(spec).unwrap())
        .collect()
}

/// A folder with the files of `kernels`.
fn written(name: &str) -> (PathBuf, Package) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let package = package(&kernels()).unwrap();
    for (name, contents) in &package.files {
        fs::write(folder.join(name), contents).unwrap();
    }
    (folder, package)
}

const LIMITS: [u32; 3] = [65_535, 100, 3];
const SHAPES: [[u32; 4]; 9] = [
    [1, 8192, 2048, 32],
    [4, 8192, 2048, 32],
    [17, 8192, 2048, 32],
    [32, 8192, 2048, 32],
    [33, 8192, 2048, 32],
    [1, 71, 272, 16],
    [5, 37, 99, 32],
    [513, 128_256, 2048, 64],
    [0, 8192, 2048, 32],
];

/// Asks for every choice and every grid, and prints them.
fn program() -> String {
    let mut lines = String::new();
    for kernel in kernels() {
        lines.push_str(&format!(
            "    buffers(&q4_{0});\n    printf(\"%u\\n\", (uint32_t)q4_scale_count(&q4_{0}, 7, 9, 4));\n",
            kernel.name
        ));
        for [m, n, k, group_size] in SHAPES {
            for limit in LIMITS {
                lines.push_str(&format!(
                    "    say(&q4_{}, {m}u, {n}u, {k}u, {group_size}u, {limit}u);\n",
                    kernel.name
                ));
            }
        }
    }
    format!(
        "#include <stdio.h>\n#include \"q4_kernels.h\"\n\n\
         static void say(const q4_kernel *kernel, uint32_t m, uint32_t n, uint32_t k, uint32_t group_size, uint32_t limit) {{\n\
         \x20   q4_device device = {{ Q4_FEATURE_SUBGROUP, 8, 8, 256, 16384, 0 }};\n\
         \x20   const q4_variant *variant = q4_choose(kernel, &device, m, n, k, group_size);\n\
         \x20   uint32_t grid[3];\n\
         \x20   if (variant == NULL) {{ puts(\"none\"); return; }}\n\
         \x20   if (!q4_grid(&variant->dispatch, m, n, limit, grid)) {{ printf(\"%s too many\\n\", variant->name); return; }}\n\
         \x20   printf(\"%s %u %u %u\\n\", variant->name, grid[0], grid[1], grid[2]);\n}}\n\n\
         static void buffers(const q4_kernel *kernel) {{\n\
         \x20   printf(\"%d\", (int)kernel->encoding);\n\
         \x20   for (int binding = 0; binding < 32; ++binding) {{ if (q4_binds(kernel, (enum q4_binding)binding)) printf(\" %d\", binding); }}\n\
         \x20   puts(\"\");\n}}\n\n\
         int main(void) {{\n{lines}    \
         printf(\"%u %u\\n\", q4_params_of(2, 7, 9, 4, true).padded_N, q4_packed_k(9));\n    return 0;\n}}\n"
    )
}

/// What the crates say to the same questions.
fn expected() -> Vec<String> {
    let mut lines = Vec::new();
    for kernel in kernels() {
        let bindings: Vec<_> = Binding::of(kernel.encoding)
            .map(|binding| binding.index().to_string())
            .collect();
        let encoding = Encoding::ALL.iter().position(|known| *known == kernel.encoding);
        lines.push(format!("{} {}", encoding.unwrap(), bindings.join(" ")));
        // Three groups of seven columns, or of eight with the padding.
        lines.push(match kernel.scales.order {
            ScaleOrder::Columns => "21".to_owned(),
            ScaleOrder::Groups => "24".to_owned(),
        });
        for [m, n, k, group_size] in SHAPES {
            let shape = Shape { m, n, k, group_size };
            let chosen = kernel
                .in_order(m)
                .into_iter()
                .filter(|_| m > 0 && kernel.n.is_none_or(|fixed| fixed == n))
                .map(|(_, variant)| variant)
                .filter(|variant| {
                    let needs = variant.needs();
                    let features_are_there =
                        needs.features.iter().all(|feature| feature.name() == "SUBGROUP");
                    features_are_there && needs.workgroup_bytes <= 16384 && needs.workgroup_size <= 256
                })
                .find(|variant| variant.configuration.constraints().check(shape).is_ok());
            for limit in LIMITS {
                lines.push(match chosen {
                    None => "none".to_owned(),
                    Some(variant) => match variant.configuration.geometry.dispatch().grid(m, n, limit) {
                        Ok([x, y, z]) => format!("{} {x} {y} {z}", variant.name),
                        Err(_) => format!("{} too many", variant.name),
                    },
                });
            }
        }
    }
    lines.push("8 5".to_owned());
    lines
}

#[test]
fn the_header_compiles_and_chooses_and_counts_as_the_crates_do() {
    let (folder, _) = written("c-header");
    fs::write(folder.join("main.c"), program()).unwrap();
    // Whoever links Rust has a C compiler.
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let compiled = Command::new(&compiler)
        .args([
            "-std=c99",
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
            "-o",
            "main",
            "main.c",
        ])
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(
        compiled.status.success(),
        "{}",
        String::from_utf8_lossy(&compiled.stderr)
    );
    let run = Command::new(folder.join("main")).output().unwrap();
    let said: Vec<_> = String::from_utf8(run.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(said, expected());
}

#[test]
fn every_file_that_is_named_is_there_and_what_a_language_lacks_is_said() {
    let (folder, package) = written("c-files");
    let manifest: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.join("q4_kernels.json")).unwrap()).unwrap();
    let mut missing = 0;
    let mut names = Vec::new();
    for variant in manifest["kernels"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|kernel| kernel["variants"].as_array().unwrap())
    {
        names.push(variant["name"].as_str().unwrap());
        for (language, file) in variant["files"].as_object().unwrap() {
            match file.as_str() {
                Some(file) => {
                    let contents = fs::read(folder.join(file)).unwrap();
                    let begins: &[u8] = match language.as_str() {
                        "spirv" => &0x0723_0203_u32.to_le_bytes(),
                        "msl" => b"// language: metal",
                        _ => b"",
                    };
                    assert!(contents.starts_with(begins) && !contents.is_empty(), "{file}");
                }
                None => {
                    missing += 1;
                    let name = variant["name"].as_str().unwrap();
                    assert!(
                        package
                            .left_out
                            .iter()
                            .any(|left| left.variant == name && left.target == language),
                        "{name} as {language}"
                    );
                }
            }
        }
    }
    // Those that no language has are not in the package at all.
    let (without_pass, others): (Vec<_>, Vec<_>) =
        package.left_out.iter().partition(|left| left.target == "c");
    assert_eq!(missing, others.len());
    assert!(
        without_pass
            .iter()
            .all(|left| left.reason.contains("rounded by a pass") && !names.contains(&&*left.variant))
    );
    assert!(
        !without_pass.is_empty(),
        "descriptions that allow f16 have a kernel of rounded inputs"
    );
    assert!(missing > 0, "HLSL has no cooperative matrices");
}
