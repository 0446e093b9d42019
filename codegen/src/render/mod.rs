//! Configuration -> WGSL. The only module that names Tera.

mod context;
mod indent;
mod provenance;

use std::{borrow::Cow, collections::BTreeMap, fs, path::Path};

use q4_kernel_types::Configuration;
use tera::Tera;

pub use provenance::TemplateLine;

/// The templates that ship with this crate: path below `templates/` and text.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// A set of templates, parsed and cross-checked.
pub struct Templates {
    names: Vec<String>,
    tera: Tera,
}

/// The text of one kernel and where each of its lines comes from.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The WGSL.
    pub wgsl: String,
    origins: Vec<Option<TemplateLine>>,
}

/// Why a template could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A template file could not be read.
    #[error("cannot read the template {path}: {reason}; check that the file exists and is UTF-8 text")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// The set does not parse, or names a template, filter or function that does not exist.
    #[error("the templates do not parse\n{report}")]
    Parse {
        /// Tera's report, with template and line.
        report: String,
    },
    /// A template failed while it was rendered.
    #[error("`{variant}` cannot be rendered\n{report}")]
    Render {
        /// The variant.
        variant: String,
        /// Tera's report, with template and line.
        report: String,
    },
}

impl Templates {
    /// The templates that ship with this crate.
    ///
    /// # Errors
    /// If they do not parse, which the runtime's build script excludes for every published version.
    pub fn embedded() -> Result<Self, TemplateError> {
        Self::parse(
            EMBEDDED
                .iter()
                .map(|(name, text)| ((*name).to_owned(), Cow::Borrowed(*text))),
        )
    }

    /// The embedded templates with those of a folder laid over them: `DIR/coop4/store.wgsl` replaces `coop4/store.wgsl`.
    /// Returns the files that were read as well, for a build script to watch.
    ///
    /// # Errors
    /// If a file cannot be read, or the resulting set does not parse.
    pub fn with_overrides(dir: &Path) -> Result<(Self, Vec<std::path::PathBuf>), TemplateError> {
        let mut texts: BTreeMap<String, Cow<'static, str>> = EMBEDDED
            .iter()
            .map(|(name, text)| ((*name).to_owned(), Cow::Borrowed(*text)))
            .collect();
        let mut read = Vec::new();
        for (name, path) in template_files(dir)? {
            let text = fs::read_to_string(&path).map_err(|error| read_error(&path, &error))?;
            texts.insert(name, Cow::Owned(text));
            read.push(path);
        }
        Ok((Self::parse(texts)?, read))
    }

    fn parse(texts: impl IntoIterator<Item = (String, Cow<'static, str>)>) -> Result<Self, TemplateError> {
        let (names, marked): (Vec<String>, Vec<String>) = texts
            .into_iter()
            .enumerate()
            .map(|(index, (name, text))| (name, provenance::mark(index, &text)))
            .unzip();
        let mut tera = Tera::default();
        // Escaping is by file suffix and `.wgsl` has none; said again so that it stays so.
        tera.autoescape_on(Vec::<&str>::new());
        tera.add_raw_templates(names.iter().zip(&marked))
            .map_err(|error| TemplateError::Parse {
                report: provenance::without_marks(&error.to_string()),
            })?;
        Ok(Self { names, tera })
    }

    /// Renders the kernel of `configuration`.
    ///
    /// # Errors
    /// If a template names a value that the configuration does not have.
    pub fn render(&self, configuration: &Configuration) -> Result<Rendered, TemplateError> {
        let failed = |error: tera::Error| TemplateError::Render {
            variant: configuration.name(),
            report: provenance::without_marks(&error.to_string()),
        };
        let context = tera::Context::from_serialize(&context::Context::new(configuration)).map_err(failed)?;
        let template = format!("{}/kernel.wgsl", configuration.geometry.family());
        let text = self.tera.render(&template, &context).map_err(failed)?;

        let lines = indent::tidy(&provenance::unmark(&text));
        let mut wgsl = String::with_capacity(text.len());
        let mut origins = Vec::with_capacity(lines.len());
        for (line, origin) in lines {
            wgsl.push_str(&line);
            wgsl.push('\n');
            origins.push(origin.and_then(|(file, line)| {
                Some(TemplateLine {
                    file: self.names.get(file)?.clone(),
                    line,
                })
            }));
        }
        Ok(Rendered { wgsl, origins })
    }
}

impl Rendered {
    /// A text whose lines come from no template that is known.
    pub(crate) fn of_text(wgsl: &str) -> Self {
        Self {
            wgsl: wgsl.to_owned(),
            origins: Vec::new(),
        }
    }

    /// The template line that line `line` (from 1) of the WGSL came from.
    #[must_use]
    pub fn origin(&self, line: u32) -> Option<&TemplateLine> {
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        self.origins.get(index)?.as_ref()
    }
}

impl Rendered {
    /// The text with a comment before each region: a run of lines that one template file brought in its order.
    ///
    /// ```text
    /// // gemv/kernel.wgsl:12-20
    /// ```
    #[must_use]
    pub fn annotated(&self) -> String {
        let lines: Vec<&str> = self.wgsl.lines().collect();
        let mut text = String::with_capacity(self.wgsl.len() * 2);
        let mut start = 0;
        while start < lines.len() {
            let end = self.end_of_region(start, lines.len());
            let at = |index: usize| self.origins.get(index).and_then(Option::as_ref);
            if let (Some(first), Some(last)) = (at(start), at(end - 1)) {
                text.push_str(&format!("// {}:{}-{}\n", first.file, first.line, last.line));
            }
            for line in &lines[start..end] {
                text.push_str(line);
                text.push('\n');
            }
            start = end;
        }
        text
    }

    /// The line behind the region that begins with line `start`: where another file goes on, or the same one from further up, as in a loop.
    fn end_of_region(&self, start: usize, len: usize) -> usize {
        let at = |index: usize| self.origins.get(index).and_then(Option::as_ref);
        (start + 1..len)
            .find(|index| match (at(index - 1), at(*index)) {
                (Some(before), Some(here)) => before.file != here.file || before.line > here.line,
                (None, None) => false,
                _ => true,
            })
            .unwrap_or(len)
    }
}

/// The files two levels below `dir`, with their template names.
fn template_files(dir: &Path) -> Result<Vec<(String, std::path::PathBuf)>, TemplateError> {
    let mut files = Vec::new();
    let entries = |dir: &Path| -> Result<Vec<std::path::PathBuf>, TemplateError> {
        fs::read_dir(dir)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
            .map_err(|error| read_error(dir, &error))
    };
    for family in entries(dir)? {
        if !family.is_dir() {
            continue;
        }
        for path in entries(&family)? {
            let name = [family.file_name(), path.file_name()]
                .map(|part| part.unwrap_or_default().to_string_lossy().into_owned())
                .join("/");
            files.push((name, path));
        }
    }
    files.sort();
    Ok(files)
}

fn read_error(path: &Path, error: &std::io::Error) -> TemplateError {
    TemplateError::Read {
        path: path.display().to_string(),
        reason: error.to_string(),
    }
}
