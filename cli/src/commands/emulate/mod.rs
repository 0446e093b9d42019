//! `q4 emulate`: any compute shader on the CPU, with every access checked.

mod arguments;
mod buffers;
mod data;
mod element;
mod error;
mod excerpt;
mod fill;
mod json;
mod overrides;
mod report;
mod shader;
mod values;

use std::io::Write;

use q4_kernel_emulator::LaunchOptions;

pub(crate) use self::{
    arguments::{Dispatch, Override, Print, Slot},
    data::{Bind, Data},
    error::EmulateError,
};
use self::{json::ReportJson, shader::Source, values::Printed};
use crate::{
    cli::Emulate,
    failure::{Ending, Failure},
    output::{Progress, count, print_json},
};

pub(crate) fn run(arguments: &Emulate, out: &mut impl Write) -> Result<Ending, Failure> {
    let source = Source::read(&arguments.file)?;
    let program = match source.compile(arguments.entry.as_deref(), &arguments.overrides) {
        Ok(program) => program,
        Err(error) => {
            if let (EmulateError::NotSupported { what, .. }, true) = (&error, arguments.format.json) {
                print_json(out, &ReportJson::unsupported(what))?;
            }
            return Err(error.into());
        }
    };
    buffers::check_outputs(&program, &arguments.output)?;
    let to_print = buffers::to_print(&program, &arguments.bind, &arguments.print)?;
    let immediates = buffers::immediates(&program, arguments.immediate.as_ref())?;
    let mut bindings = buffers::bind(&program, &arguments.bind)?;

    let options = LaunchOptions {
        subgroup_size: arguments.subgroup,
        threads: arguments.threads,
        outputs: arguments
            .output
            .iter()
            .map(|slot| (slot.group, slot.binding))
            .collect(),
        // There is one for each kind and line at most.
        fault_limit: usize::MAX,
        loop_limit: arguments.loop_limit,
        zero_init_workgroup: arguments.zero_init,
        immediates,
        ..LaunchOptions::default()
    };
    let progress = Progress::new(1);
    let workgroups = arguments.dispatch.0.map(u64::from).iter().product::<u64>();
    progress.at(format!("emulating {} workgroups", count(workgroups)));
    let mut launched = program
        .launch(&mut bindings, arguments.dispatch.0, &options)
        .map_err(EmulateError::Launch)?;
    drop(progress);
    // As a compiler lists them, not in the order in which they happened.
    launched.faults.sort_by_key(|fault| (fault.location, fault.kind));
    let printed: Vec<Printed> = to_print
        .into_iter()
        .map(|(print, binding, data)| Printed::read(&bindings, print, binding, data))
        .collect();

    if arguments.format.json {
        print_json(out, &ReportJson::launched(&launched, &printed))?;
    } else {
        report::write(out, &source, &program, &launched, &printed)?;
    }
    Ok(Ending::of(launched.is_clean()))
}
