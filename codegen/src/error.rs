//! Everything that can be wrong with a kernel, by stage.

use std::fmt;

use crate::{
    emit::dump::DumpError, lint::LintError, render::TemplateError, spec::SpecError, validate::ValidationError,
};

/// One thing that is wrong with a kernel. The variants are the stages of the pipeline.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The description breaks a rule.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A template cannot be used.
    #[error(transparent)]
    Render(#[from] TemplateError),
    /// naga refused the text.
    #[error(transparent)]
    Validate(#[from] ValidationError),
    /// The text has a property that naga accepts and a device, or the host, does not.
    #[error(transparent)]
    Lint(#[from] LintError),
    /// It was to be written down, and could not be.
    #[error(transparent)]
    Dump(#[from] DumpError),
}

/// Everything that is wrong with a kernel; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errors(Vec<Error>);

impl Errors {
    /// All errors of one stage, of which there is at least one.
    pub(crate) fn all<E: Into<Error>>(errors: Vec<E>) -> Self {
        Self(errors.into_iter().map(Into::into).collect())
    }

    /// The errors, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &Error> {
        self.0.iter()
    }
}

impl IntoIterator for Errors {
    type Item = Error;
    type IntoIter = std::vec::IntoIter<Error>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<E: Into<Error>> From<E> for Errors {
    fn from(error: E) -> Self {
        Self(vec![error.into()])
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Errors {}
