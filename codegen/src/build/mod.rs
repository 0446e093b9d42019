//! Generation in a build script.
//!
//! ```no_run
//! use q4_kernel_codegen::{Format, KernelSpec, build::{BuildError, Builder}};
//!
//! fn main() -> Result<(), BuildError> {
//!     Builder::new()
//!         .kernel(KernelSpec::new("UpProj", Format::q4gsw(32)).k(2048).n(8192))
//!         .spec_file("kernels.toml")
//!         .write()
//! }
//! ```
//!
//! The crate then includes the types: `include!(concat!(env!("OUT_DIR"), "/q4_kernels.rs"));`

use std::{
    env,
    fmt::{self, Write as _},
    fs, io,
    path::{Path, PathBuf},
};

use proc_macro2::TokenStream;
use q4_kernel_types::{Configuration, GeneratedKernel, Variant};
use quote::quote;

use crate::{
    Errors, KernelSpec,
    emit::{self, dump::DumpError},
    generate_from, generate_variant,
    render::{TemplateError, Templates},
    spec::{self, SpecFileError},
};

/// Generates kernels into `OUT_DIR`: `NAME.wgsl` for every variant, the manifest `q4_kernels.json` and `q4_kernels.rs`.
#[derive(Clone, Debug)]
pub struct Builder {
    kernels: Vec<KernelSpec>,
    spec_files: Vec<PathBuf>,
    catalogue: Vec<Configuration>,
    templates: Option<PathBuf>,
    crate_path: String,
}

/// Why a build script could not generate its kernels. Its `Debug` form is its message too, because that is what cargo shows of the
/// error that `main` returns.
#[non_exhaustive]
pub enum BuildError {
    /// Not run by cargo.
    NoOutDir,
    /// A file could not be read or written.
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// What is generated was to be written down, and could not be.
    Dump(DumpError),
    /// The path of the runtime crate is not a path.
    CratePath(String),
    /// A spec file has mistakes.
    SpecFile(SpecFileError),
    /// Templates could not be used.
    Templates(TemplateError),
    /// A kernel could not be generated.
    Kernel {
        /// Name of the description or variant.
        name: String,
        /// Everything that is wrong with it.
        errors: Errors,
    },
    /// Two descriptions have the same name.
    Twice(String),
    /// The emitted Rust does not parse: a mistake of this crate.
    Emitted(String),
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// A builder without kernels.
    #[must_use]
    pub fn new() -> Self {
        Self {
            kernels: Vec::new(),
            spec_files: Vec::new(),
            catalogue: Vec::new(),
            templates: None,
            crate_path: "::q4_kernel".to_owned(),
        }
    }

    /// Adds a kernel.
    #[must_use]
    pub fn kernel(mut self, spec: KernelSpec) -> Self {
        self.kernels.push(spec);
        self
    }

    /// Adds every kernel of a TOML file ([`spec::parse_file`]); the path is relative to the package.
    #[must_use]
    pub fn spec_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.spec_files.push(path.into());
        self
    }

    /// Adds a table of single variants, emitted as `q4_catalogue.rs`: `pub static CATALOGUE: &[Variant]`.
    #[must_use]
    pub fn catalogue(mut self, variants: Vec<Configuration>) -> Self {
        self.catalogue = variants;
        self
    }

    /// Lays the templates of a folder over the embedded ones.
    #[must_use]
    pub fn templates(mut self, dir: impl Into<PathBuf>) -> Self {
        self.templates = Some(dir.into());
        self
    }

    /// The path of the runtime crate in the emitted code, where it is not `::q4_kernel`.
    #[must_use]
    pub fn crate_path(mut self, path: impl Into<String>) -> Self {
        self.crate_path = path.into();
        self
    }

    /// Generates everything into `OUT_DIR` and tells cargo which files were read.
    ///
    /// # Errors
    /// The first description, template or file that cannot be used, with everything that is wrong with it.
    pub fn write(&self) -> Result<(), BuildError> {
        let out_dir = env::var_os("OUT_DIR")
            .map(PathBuf::from)
            .ok_or(BuildError::NoOutDir)?;
        let read = self.write_to(&out_dir)?;
        // A build script that names nothing is run again whenever any file of its package changes.
        let mut directives = format!(
            "cargo::rerun-if-changed=build.rs\ncargo::rerun-if-env-changed={}\n",
            emit::dump::VARIABLE
        );
        for path in read {
            writeln!(directives, "cargo::rerun-if-changed={}", path.display()).unwrap_or_default();
        }
        io::Write::write_all(&mut io::stdout(), directives.as_bytes()).map_err(|error| BuildError::File {
            path: "standard output".into(),
            error,
        })
    }

    /// As [`Builder::write`], into any folder and without a word to cargo. Returns the files that were read.
    ///
    /// # Errors
    /// As [`Builder::write`].
    pub fn write_to(&self, out_dir: &Path) -> Result<Vec<PathBuf>, BuildError> {
        let (templates, mut read) = match &self.templates {
            Some(dir) => {
                let (templates, mut read) = Templates::with_overrides(dir).map_err(BuildError::Templates)?;
                read.push(dir.clone());
                (templates, read)
            }
            None => (Templates::embedded().map_err(BuildError::Templates)?, Vec::new()),
        };
        let crate_path: TokenStream = self
            .crate_path
            .parse()
            .map_err(|_| BuildError::CratePath(self.crate_path.clone()))?;

        let mut specs = self.kernels.clone();
        for path in &self.spec_files {
            let text = fs::read_to_string(path).map_err(|error| BuildError::File {
                path: path.clone(),
                error,
            })?;
            specs.extend(spec::parse_file(path, &text).map_err(BuildError::SpecFile)?);
            read.push(path.clone());
        }
        let kernels = generate_all(&templates, &specs)?;
        let variants = self
            .catalogue
            .iter()
            .map(|configuration| {
                generate_variant(&templates, configuration).map_err(|errors| BuildError::Kernel {
                    name: configuration.name(),
                    errors,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;

        let dump = emit::dump::folder();
        let write = |name: &str, text: &str| {
            if let Some(folder) = &dump {
                emit::dump::file(folder, name, text).map_err(BuildError::Dump)?;
            }
            let path = out_dir.join(name);
            fs::write(&path, text).map_err(|error| BuildError::File { path, error })
        };
        for variant in kernels
            .iter()
            .flat_map(GeneratedKernel::variants)
            .map(|(_, variant)| variant)
            .chain(&variants)
        {
            write(&format!("{}.wgsl", variant.name), &variant.wgsl)?;
        }
        write("q4_kernels.json", &format!("{:#}\n", emit::manifest(&kernels)))?;
        write("q4_kernels.rs", &types_of(&crate_path, &kernels)?)?;
        if !variants.is_empty() {
            write("q4_catalogue.rs", &table_of(&crate_path, &variants)?)?;
        }
        Ok(read)
    }
}

fn generate_all(templates: &Templates, specs: &[KernelSpec]) -> Result<Vec<GeneratedKernel>, BuildError> {
    let mut kernels = Vec::<GeneratedKernel>::with_capacity(specs.len());
    for spec in specs {
        if kernels.iter().any(|kernel| kernel.name == spec.name) {
            return Err(BuildError::Twice(spec.name.clone()));
        }
        let kernel = generate_from(templates, spec).map_err(|errors| BuildError::Kernel {
            name: spec.name.clone(),
            errors,
        })?;
        kernels.push(kernel);
    }
    Ok(kernels)
}

fn types_of(crate_path: &TokenStream, kernels: &[GeneratedKernel]) -> Result<String, BuildError> {
    let items = kernels.iter().map(|kernel| {
        emit::rust::kernel(
            crate_path,
            &emit::rust::Item::public(&kernel.name),
            kernel,
            emit::rust::Text::OutDir,
        )
    });
    formatted(quote!(#(#items)*))
}

fn table_of(crate_path: &TokenStream, variants: &[Variant]) -> Result<String, BuildError> {
    let table = emit::rust::table(crate_path, variants, emit::rust::Text::OutDir);
    formatted(quote! {
        /// The standard catalogue, in the order in which variants are preferred.
        #[allow(unreachable_pub)]
        pub static CATALOGUE: &[#crate_path::Variant] = #table;
    })
}

fn formatted(tokens: TokenStream) -> Result<String, BuildError> {
    let file = syn::parse2(tokens).map_err(|error| BuildError::Emitted(error.to_string()))?;
    Ok(format!(
        "// Generated by {}.\n\n{}",
        env!("CARGO_PKG_NAME"),
        prettyplease::unparse(&file)
    ))
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOutDir => f.write_str(
                "OUT_DIR is not set; call this from a build script, or name a folder with `write_to`",
            ),
            Self::File { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Dump(error) => error.fmt(f),
            Self::CratePath(path) => {
                write!(
                    f,
                    "`{path}` is not the path of a crate; give for example `::q4_kernel`"
                )
            }
            Self::SpecFile(error) => error.fmt(f),
            Self::Templates(error) => error.fmt(f),
            Self::Kernel { name, errors } => write!(f, "kernel `{name}` cannot be generated\n{errors}"),
            Self::Twice(name) => write!(f, "two kernels are named `{name}`; rename one of them"),
            Self::Emitted(error) => {
                write!(f, "the emitted Rust does not parse ({error}); please report this")
            }
        }
    }
}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BuildError {}
