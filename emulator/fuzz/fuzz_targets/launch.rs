//! Feeds texts to naga and what naga accepts to the emulator, which must neither panic nor hang.
//!
//! ```sh
//! cd emulator/fuzz
//! mkdir -p corpus/launch && cp ../tests/planted/*.wgsl ../tests/correct/*.wgsl corpus/launch
//! cargo +nightly fuzz run launch
//! ```
//!
//! The bytes after the last `\0`, if there is one, choose schedule, subgroup size and contents of buffers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use naga::valid::{Capabilities, ShaderStages, SubgroupOperationSet, ValidationFlags, Validator};
use q4_kernel_emulator::{Bindings, Buffer, CompileOptions, LaunchOptions, Program, Schedule};

fuzz_target!(|data: &[u8]| {
    let (text, choices) = match data.iter().rposition(|&byte| byte == 0) {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[][..]),
    };
    let Ok(source) = std::str::from_utf8(text) else { return };
    let Ok(module) = naga::front::wgsl::parse_str(source) else { return };
    let Ok(info) = Validator::new(ValidationFlags::all(), Capabilities::all())
        .subgroup_stages(ShaderStages::all())
        .subgroup_operations(SubgroupOperationSet::all())
        .validate(&module)
    else {
        return;
    };
    let choice = |i: usize| u64::from(choices.get(i).copied().unwrap_or(0));
    for entry in &module.entry_points {
        let Ok(program) = Program::compile(&module, &info, source, &CompileOptions::entry(entry.name.clone())) else {
            continue;
        };
        let mut bindings = Bindings::new();
        for info in program.bindings() {
            let bytes = info.minimum_size.min(1 << 16) + choice(0) / 4 * 4;
            let contents = (0..bytes).map(|i| (i.wrapping_mul(choice(1) + 1)) as u8).collect::<Vec<_>>();
            bindings.set(info.group, info.binding, Buffer::from_bytes(&contents));
        }
        let options = LaunchOptions {
            schedule: if choice(2) == 0 { Schedule::LOCKSTEP } else { Schedule::shuffled(choice(2)) },
            subgroup_size: 4 << (choice(3) % 6),
            checked: choice(4) % 2 == 0,
            loop_limit: 50,
            instruction_limit: 20_000,
            immediates: vec![choice(5) as u8; program.immediate_bytes() as usize],
            ..LaunchOptions::default()
        };
        let _ = program.launch(&mut bindings, [2, 1, 1], &options);
    }
});
