//! Descriptions in a TOML file, for build scripts and the command line.
//!
//! The vocabulary is the macro's:
//! ```toml
//! [UpProj]
//! format.q4gsw.group_size = 32
//! k = 2048
//! n = 8192
//! decode.coop4 = { width = 64, columns = 8 }
//! few.skinny = { width = 128, columns = 32 }
//! prefill.tile = { m = 64, n = 64, k = 16 }
//! ```

use std::{fmt, ops::Range, path::Path};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    KernelSpec,
    description::{self, Description, Entry, Mistake, Value},
};

/// Everything that is wrong with a spec file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecFileError {
    mistakes: Vec<String>,
}

impl fmt::Display for SpecFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.mistakes.join("\n"))
    }
}

impl std::error::Error for SpecFileError {}

/// Reads every kernel of a spec file. `path` is for the messages only.
///
/// # Errors
/// Every mistake in the file, each as `path:line:column: message`, in the order of the file.
pub fn parse(path: &Path, text: &str) -> Result<Vec<KernelSpec>, SpecFileError> {
    let (table, syntax_errors) = DeTable::parse_recoverable(text);
    let refused = |mut mistakes: Vec<Mistake<Range<usize>>>| {
        mistakes.sort_by_key(|mistake| mistake.span.start);
        let at = |Mistake { span, message }: Mistake<Range<usize>>| {
            let (line, column) = line_and_column(text, span.start);
            format!("{}:{line}:{column}: {message}", path.display())
        };
        Err(SpecFileError {
            mistakes: mistakes.into_iter().map(at).collect(),
        })
    };
    let mistake = |span, message: &str| Mistake {
        span,
        message: message.to_owned(),
    };
    let mut mistakes: Vec<Mistake<Range<usize>>> = syntax_errors
        .iter()
        .map(|error| mistake(error.span().unwrap_or(0..0), error.message()))
        .collect();
    if !mistakes.is_empty() {
        return refused(mistakes);
    }

    let mut specs = Vec::new();
    for (name, value) in table.get_ref() {
        match value.get_ref() {
            DeValue::Table(fields) => {
                let description = Description {
                    name: name.get_ref().to_string(),
                    span: name.span(),
                    fields: entries(fields),
                };
                match description::read(&description) {
                    Ok(spec) => specs.push((name.span().start, spec)),
                    Err(mut found) => mistakes.append(&mut found),
                }
            }
            _ => mistakes.push(mistake(
                name.span(),
                &format!(
                    "`{}` is outside of any kernel; begin one with `[NameOfTheKernel]`",
                    name.get_ref()
                ),
            )),
        }
    }
    if specs.is_empty() && mistakes.is_empty() {
        mistakes.push(mistake(
            0..0,
            "the file describes no kernel; begin one with `[NameOfTheKernel]`",
        ));
    }
    if !mistakes.is_empty() {
        return refused(mistakes);
    }
    // The table is sorted by name; kernels come in the order of the file.
    specs.sort_by_key(|(start, _)| *start);
    Ok(specs.into_iter().map(|(_, spec)| spec).collect())
}

fn entries(table: &DeTable<'_>) -> Vec<Entry<Range<usize>>> {
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let key: &Spanned<std::borrow::Cow<'_, str>> = key;
        Entry {
            key: key.get_ref().to_string(),
            span: key.span(),
            value: value_of(value),
        }
    };
    table.iter().map(entry).collect()
}

fn value_of(value: &Spanned<DeValue<'_>>) -> Value<Range<usize>> {
    let span = value.span();
    match value.get_ref() {
        DeValue::Integer(integer) => {
            let digits = integer.to_string();
            match u64::from_str_radix(integer.as_str(), integer.radix()) {
                Ok(number) => Value::Integer(number, span),
                Err(_) => Value::Other(digits, span),
            }
        }
        DeValue::String(word) => Value::Word(word.to_string(), span, Vec::new()),
        // `decode.coop4 = { .. }`: a table of one entry is a word with fields.
        DeValue::Table(table) => match table.iter().next() {
            Some((name, fields)) if table.len() == 1 => match fields.get_ref() {
                DeValue::Table(fields) => {
                    Value::Word(name.get_ref().to_string(), name.span(), entries(fields))
                }
                _ => Value::Other("a table".to_owned(), span),
            },
            _ => Value::Other("a table".to_owned(), span),
        },
        DeValue::Float(float) => Value::Other(float.to_string(), span),
        DeValue::Boolean(boolean) => Value::Other(boolean.to_string(), span),
        DeValue::Datetime(datetime) => Value::Other(datetime.to_string(), span),
        DeValue::Array(_) => Value::Other("a list".to_owned(), span),
    }
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |index| index + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}

#[cfg(test)]
mod tests {
    use q4_kernel_types::{InputFormat, Reduction, WeightFormat};

    use super::*;
    use crate::spec::{Coop4Spec, Format, HeldMatrixSpec, PanelMatrixSpec, SkinnySpec, StagedSpec, TileSpec};

    #[test]
    fn a_file_says_what_the_macro_says() {
        let text = "
[UpProj]
format.q4gsw.group_size = 32
k = 2048
n = 8192
decode.coop4 = { width = 64, columns = 8, reduction = \"shared\" }
few.skinny = { columns = 64, lane_columns = 8, staged = \"never\" }
prefill.tile = { m = 64, n = 64, k = 16 }

[Any]
format = \"q4gsw\"
bias = \"never\"
";
        let specs = parse(Path::new("kernels.toml"), text).unwrap();
        let up = KernelSpec::new("UpProj", Format::q4gsw(32))
            .k(2048)
            .n(8192)
            .decode(Coop4Spec {
                width: Some(64),
                columns: Some(8),
                words: None,
                reduction: Some(Reduction::Shared),
            })
            .few(SkinnySpec {
                columns: Some(64),
                lane_columns: Some(8),
                staged: Some(false),
                ..SkinnySpec::default()
            })
            .prefill(TileSpec {
                m: Some(64),
                n: Some(64),
                k: Some(16),
                ..TileSpec::default()
            });
        let any = KernelSpec::new(
            "Any",
            Format::new(WeightFormat::default(), q4_kernel_types::GroupSize::Runtime),
        )
        .bias(q4_kernel_types::Bias::Never);
        assert_eq!(specs, [up, any]);
    }

    #[test]
    fn each_kernel_for_a_few_rows_has_fields_of_its_own() {
        let text = "
[Up]
format.q4gsw.group_size = 32
numeric = \"f16_multiply\"
few.held_matrix = { subgroups = 8, workgroups = 264 }
";
        let spec = parse(Path::new("kernels.toml"), text).unwrap().remove(0);
        let wish = HeldMatrixSpec {
            subgroups: Some(8),
            held: None,
            workgroups: Some(264),
        };
        assert_eq!(spec.few, Some(wish.into()));
        let columns = text.replace("subgroups", "columns");
        let error = parse(Path::new("kernels.toml"), &columns)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("held_matrix has no field `columns`; there are `subgroups`, `held`, `workgroups`"),
            "{error}"
        );
    }

    #[test]
    fn inputs_of_a_kernel_of_panels_are_named_by_their_format() {
        let text = "
[Up]
format.q4gsw.group_size = 32
numeric = \"f16_multiply\"
prefill.panel_matrix = { k = 48, inputs = \"f16\" }
";
        let spec = parse(Path::new("kernels.toml"), text).unwrap().remove(0);
        let wish = PanelMatrixSpec {
            k: Some(48),
            inputs: Some(InputFormat::F16),
            ..PanelMatrixSpec::default()
        };
        assert_eq!(spec.prefill, Some(wish.into()));
        let unknown = text.replace("\"f16\"", "\"bf16\"");
        let error = parse(Path::new("kernels.toml"), &unknown)
            .unwrap_err()
            .to_string();
        assert!(error.contains("`f32`, `f16`"), "{error}");
    }

    #[test]
    fn a_staged_kernel_loads_ahead_never_or_always() {
        let text = "
[Up]
format.q4gsw.group_size = 32
prefill.staged = { m = 128, ahead = \"always\" }
";
        let spec = parse(Path::new("kernels.toml"), text).unwrap().remove(0);
        let wish = StagedSpec {
            m: Some(128),
            ahead: Some(true),
            ..StagedSpec::default()
        };
        assert_eq!(spec.prefill, Some(wish.into()));
        let unknown = text.replace("\"always\"", "\"sometimes\"");
        let error = parse(Path::new("kernels.toml"), &unknown)
            .unwrap_err()
            .to_string();
        assert!(error.contains("`never`, `always`"), "{error}");
    }

    #[test]
    fn every_mistake_comes_with_its_line_and_column_in_the_order_of_the_file() {
        let text = "
stray = 1
[Up]
format.mxfp5.group_size = 32
k = -4
wdith = 2
decode.coop4 = { width = 48, colums = 2 }
bias = \"sometimes\"
numeric = \"f16\"
";
        let error = parse(Path::new("kernels.toml"), text).unwrap_err().to_string();
        let lines: Vec<_> = error.lines().collect();
        assert_eq!(
            lines,
            [
                "kernels.toml:2:1: `stray` is outside of any kernel; begin one with `[NameOfTheKernel]`",
                "kernels.toml:4:8: `mxfp5` is not a format; did you mean `mxfp4`? There are `q4gsw`, `symmetric`, `zero_point`, `minimum`, `codebook`, `gguf_q4_0`, `gguf_q4_1`, `gguf_q4_k`, `gguf_iq4_nl`, `gguf_iq4_xs`, `mxfp4`, `nvfp4`, `mlx`, `gptq`, `awq`, `compressed_tensors`, `nf4`, `fp4`, `onnx`, as in `q4gsw { group_size: 32 }`",
                "kernels.toml:5:5: a whole number from 1 to 4294967295 is expected, not `-4`; the kernel's text is made from it, so it must be written out",
                "kernels.toml:6:1: a kernel has no field `wdith`; there are `format`, `k`, `n`, `bias`, `numeric`, `scales`, `decode`, `few`, `prefill`",
                "kernels.toml:7:26: 48 is not supported; use one of 32, 64, 128, 256",
                "kernels.toml:7:30: coop4 has no field `colums`; did you mean `columns`? There are `width`, `columns`, `words`, `reduction`",
                "kernels.toml:8:8: `sometimes` is not known here; there are `optional`, `never`, `always`",
                "kernels.toml:9:11: `f16` is not known here; did you mean `f16_multiply`? There are `exact`, `f16_multiply`, `int8_activations`",
            ]
        );
    }

    #[test]
    fn toml_that_does_not_parse_is_an_error_with_a_place() {
        let error = parse(Path::new("kernels.toml"), "[Up\nk = 1")
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("kernels.toml:1:"), "{error}");
    }

    #[test]
    fn an_empty_file_is_an_error() {
        let error = parse(Path::new("kernels.toml"), "").unwrap_err().to_string();
        assert_eq!(
            error,
            "kernels.toml:1:1: the file describes no kernel; begin one with `[NameOfTheKernel]`"
        );
    }
}
