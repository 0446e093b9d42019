//! Kernels in files, with a header that says how to launch them.
//!
//! ```text
//! //! dispatch: 4 1 1
//! //! subgroup: 16
//! //! bind: 0:1 f32[64] ramp        zeros, ones, ramp, random or a number
//! //! output: 0:1
//! //! override: TILE = 8
//! //! loop_limit: 100
//! //! entry: main
//! //! zero_init_workgroup
//! //! require_initialized_variables
//! ```
#![allow(dead_code, reason = "every test program uses a part of it")]

use std::path::{Path, PathBuf};

use q4_kernel_emulator::{Bindings, Buffer, CompileOptions, LaunchOptions, Program, Report};

/// A kernel and how to launch it.
pub(crate) struct Kernel {
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) program: Program,
    pub(crate) bindings: Bindings,
    pub(crate) workgroups: [u32; 3],
    pub(crate) options: LaunchOptions,
}

impl Kernel {
    pub(crate) fn read(path: &Path) -> Self {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let source = std::fs::read_to_string(path).unwrap();
        Self::parse(name, source)
    }

    pub(crate) fn parse(name: String, source: String) -> Self {
        let mut bindings = Bindings::new();
        let mut workgroups = [1; 3];
        let mut options = LaunchOptions::default();
        let mut compile = CompileOptions::default();
        for line in source.lines().filter_map(|line| line.strip_prefix("//! ")) {
            let (key, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.trim();
            match key {
                "dispatch" => {
                    for (to, from) in workgroups.iter_mut().zip(value.split_whitespace()) {
                        *to = from.parse().unwrap();
                    }
                }
                "subgroup" => options.subgroup_size = value.parse().unwrap(),
                "bind" => {
                    let (group, binding, buffer) = buffer(value);
                    bindings.set(group, binding, buffer);
                }
                "output" => options.outputs.push(slot(value)),
                "override" => {
                    let (name, value) = value.split_once('=').unwrap();
                    compile
                        .overrides
                        .insert(name.trim().to_owned(), value.trim().parse().unwrap());
                }
                "loop_limit" => options.loop_limit = value.parse().unwrap(),
                "entry" => compile.entry = Some(value.to_owned()),
                "zero_init_workgroup" => options.zero_init_workgroup = true,
                "require_initialized_variables" => compile.require_initialized_variables = true,
                _ => {}
            }
        }
        let program = Program::from_wgsl(&source, &compile).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self {
            name,
            source,
            program,
            bindings,
            workgroups,
            options,
        }
    }

    pub(crate) fn launch(&mut self) -> Report {
        self.program
            .launch(&mut self.bindings, self.workgroups, &self.options)
            .unwrap()
    }

    pub(crate) fn values<T: bytemuck::AnyBitPattern>(&self, group: u32, binding: u32) -> Vec<T> {
        self.bindings.buffer(group, binding).unwrap().to_vec()
    }
}

/// All kernels of a folder beside this one, by name.
pub(crate) fn kernels(folder: &str) -> Vec<Kernel> {
    let mut paths = paths(folder);
    paths.sort();
    paths.iter().map(|path| Kernel::read(path)).collect()
}

pub(crate) fn paths(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wgsl"))
        .collect()
}

/// One kernel by folder and name.
pub(crate) fn kernel(folder: &str, name: &str) -> Kernel {
    Kernel::read(
        &Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests")
            .join(folder)
            .join(format!("{name}.wgsl")),
    )
}

fn slot(text: &str) -> (u32, u32) {
    let (group, binding) = text.split_once(':').unwrap();
    (group.parse().unwrap(), binding.parse().unwrap())
}

fn buffer(text: &str) -> (u32, u32, Buffer) {
    let mut words = text.split_whitespace();
    let (group, binding) = slot(words.next().unwrap());
    let (ty, count) = words
        .next()
        .unwrap()
        .trim_end_matches(']')
        .split_once('[')
        .unwrap();
    let count = count.parse::<usize>().unwrap();
    let fill = words.next().unwrap_or("zeros");
    let values = (0..count).map(|i| match fill {
        "zeros" => 0.0,
        "ones" => 1.0,
        "ramp" => i as f64,
        "random" => random(i),
        number => number.parse().unwrap(),
    });
    let buffer = match ty {
        "f32" => Buffer::from_slice(&values.map(|x| x as f32).collect::<Vec<_>>()),
        "u32" => Buffer::from_slice(&values.map(|x| x as u32).collect::<Vec<_>>()),
        "i32" => Buffer::from_slice(&values.map(|x| x as i32).collect::<Vec<_>>()),
        "f16" => {
            let bits = values
                .map(|x| half::f16::from_f64(x).to_bits())
                .collect::<Vec<_>>();
            Buffer::from_slice(&bits)
        }
        other => panic!("type {other}"),
    };
    (group, binding, buffer)
}

/// A number from 0 to 255 that looks random.
pub(crate) fn random(i: usize) -> f64 {
    ((i as u32).wrapping_mul(2_654_435_761) >> 24) as f64
}
