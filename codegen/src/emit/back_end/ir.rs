//! naga's module as text.

use crate::validate::Validated;

/// The module, arena by arena: types, constants, globals, functions with their expressions and statements.
pub(super) fn write(validated: &Validated) -> String {
    format!("{:#?}\n", validated.module)
}
