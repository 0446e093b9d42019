//! The buffers of a launch: what the shader uses against what was given.

use q4_kernel_emulator::{AccessMode, BindingInfo, Bindings, Buffer, Program};

use super::{
    arguments::{Print, Slot},
    data::{Bind, Data},
    element::ElementType,
    error::EmulateError,
};
use crate::memory;

/// Makes and binds the buffers of a launch. Nothing is allocated before everything fits.
pub(super) fn bind(program: &Program, given: &[Bind]) -> Result<Bindings, EmulateError> {
    for (index, bind) in given.iter().enumerate() {
        if given[..index].iter().any(|other| other.slot == bind.slot) {
            return Err(EmulateError::BoundTwice(bind.slot));
        }
    }
    let bindings = given
        .iter()
        .map(|bind| used(program, "--bind", bind.slot))
        .collect::<Result<Vec<_>, _>>()?;
    let is_given = |binding: &&BindingInfo| given.iter().any(|bind| bind.slot == slot(binding));
    let missing: Vec<BindingInfo> = program
        .bindings()
        .iter()
        .filter(|binding| !is_given(binding))
        .cloned()
        .collect();
    if !missing.is_empty() {
        return Err(EmulateError::Unbound {
            entry: program.entry().to_owned(),
            missing,
        });
    }
    let mut needed = 0;
    for (bind, binding) in given.iter().zip(&bindings) {
        if bind.data.size() < binding.minimum_size {
            return Err(EmulateError::TooSmall {
                data: Box::new(bind.data.clone()),
                binding: Box::new((*binding).clone()),
            });
        }
        needed += u128::from(bind.data.size()) * copies(binding.access, bind.data.ty);
    }
    let free = memory::host_bytes();
    if needed > free.into() {
        return Err(EmulateError::DoesNotFit { needed, free });
    }
    let mut buffers = Bindings::new();
    for Bind { slot, data } in given {
        let bytes = data
            .bytes(slot.number())
            .map_err(|error| EmulateError::Fill { slot: *slot, error })?;
        buffers.set(slot.group, slot.binding, Buffer::from_bytes(&bytes));
    }
    Ok(buffers)
}

/// Checks that every binding to be checked as an output is one that the shader can write.
pub(super) fn check_outputs(program: &Program, outputs: &[Slot]) -> Result<(), EmulateError> {
    for output in outputs {
        if used(program, "--output", *output)?.access != AccessMode::ReadWrite {
            let writable = program.bindings().iter();
            return Err(EmulateError::NotWritable {
                slot: *output,
                entry: program.entry().to_owned(),
                writable: writable
                    .filter(|binding| binding.access == AccessMode::ReadWrite)
                    .cloned()
                    .collect(),
            });
        }
    }
    Ok(())
}

/// What is to be printed, with the binding and the description of its buffer. That one has none is for [`bind`] to say.
pub(super) fn to_print<'a>(
    program: &'a Program,
    given: &'a [Bind],
    prints: &[Print],
) -> Result<Vec<(Print, &'a BindingInfo, &'a Data)>, EmulateError> {
    let mut found = Vec::new();
    for print in prints {
        let binding = used(program, "--print", print.slot)?;
        let bind = given.iter().find(|bind| bind.slot == print.slot);
        found.extend(bind.map(|bind| (*print, binding, &bind.data)));
    }
    Ok(found)
}

/// The immediate data of a launch.
pub(super) fn immediates(program: &Program, given: Option<&Data>) -> Result<Vec<u8>, EmulateError> {
    let needed = program.immediate_bytes();
    let entry = || program.entry().to_owned();
    match given {
        None if needed == 0 => Ok(Vec::new()),
        None => Err(EmulateError::NoImmediate {
            entry: entry(),
            needed,
        }),
        Some(data) if data.size() == u64::from(needed) => {
            data.bytes(u64::MAX).map_err(EmulateError::FillImmediate)
        }
        Some(data) => Err(EmulateError::Immediate {
            entry: entry(),
            needed,
            given: data.size(),
        }),
    }
}

/// The binding of the shader that an option names.
fn used<'a>(
    program: &'a Program,
    option: &'static str,
    named: Slot,
) -> Result<&'a BindingInfo, EmulateError> {
    let found = program.bindings().iter().find(|binding| slot(binding) == named);
    found.ok_or_else(|| EmulateError::UnknownBinding {
        option,
        slot: named,
        entry: program.entry().to_owned(),
        used: program.bindings().to_vec(),
    })
}

pub(super) fn slot(binding: &BindingInfo) -> Slot {
    Slot {
        group: binding.group,
        binding: binding.binding,
    }
}

/// How many times its own size a buffer takes: what fills it and the buffer itself, and of one that can be written
/// a copy, and what the emulator remembers of each element.
fn copies(access: AccessMode, ty: ElementType) -> u128 {
    const REMEMBERED: usize = 16;
    match access {
        AccessMode::ReadWrite => 3 + (REMEMBERED / ty.width()) as u128,
        AccessMode::Uniform | AccessMode::Read => 2,
    }
}

/// A binding in the words of the shader.
pub(super) fn described(binding: &BindingInfo) -> String {
    let access = match binding.access {
        AccessMode::Uniform => "uniform",
        AccessMode::Read => "read",
        AccessMode::ReadWrite => "read_write",
    };
    format!("{}: {}, {access}", binding.name, binding.ty)
}

/// The option that binds a buffer to it, without what only the user knows.
pub(super) fn argument(binding: &BindingInfo) -> String {
    let innermost = binding.ty.rsplit('<').next().unwrap_or_default();
    let scalar: String = innermost
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    // A struct is of many types; four bytes hold each of them.
    let ty = scalar.parse().unwrap_or(ElementType::U32);
    let count = match binding.access {
        // Only the size of a storage buffer is left to the host.
        AccessMode::Uniform => (binding.minimum_size / ty.width() as u64).to_string(),
        AccessMode::Read | AccessMode::ReadWrite => "COUNT".to_owned(),
    };
    format!("--bind {}={ty}[{count}]:FILL", slot(binding))
}
