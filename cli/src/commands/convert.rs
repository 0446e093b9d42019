//! `q4 convert`: a file in the layout that devices take.

use std::{fs, io::Write};

use q4_kernel_formats::{Conversion, Model};

use crate::{
    cli::{Convert, ConvertedFormat},
    failure::{Ending, Failure},
    output::{Align, NewFile, Progress, counted, inexact, size, table},
};

const COLUMNS: [(&str, Align); 3] = [
    ("matrix", Align::Left),
    ("from", Align::Left),
    ("error", Align::Right),
];

pub(crate) fn run(arguments: &Convert, out: &mut impl Write) -> Result<Ending, Failure> {
    let Convert {
        file,
        output,
        format,
        quantising,
    } = arguments;
    let model = Model::open(file)?;
    // Whatever it is called: links lead to the same place.
    if let Ok(place) = fs::canonicalize(output)
        && model
            .paths()
            .any(|input| fs::canonicalize(input).is_ok_and(|input| input == place))
    {
        return Err(Failure::OwnInput(output.clone()));
    }
    let conversion = Conversion {
        quantizer: quantising.quantizer.into(),
        group_size: quantising.group,
        requantize: *format == ConvertedFormat::Symmetric,
    };
    let progress = Progress::new(model.matrices().len());
    let mut rows = Vec::new();
    NewFile::create(output)?.keep_written(|file| {
        conversion.write(&model, file, |matrix, error| {
            progress.at(matrix.name.as_str());
            progress.step();
            let error = error.map_or_else(
                || "kept".to_owned(),
                |error| format!("{} %", inexact(100.0 * error)),
            );
            rows.push(vec![matrix.name.clone(), matrix.format.clone(), error]);
        })?;
        Ok(())
    })?;
    drop(progress);
    let bytes = fs::metadata(output)?.len();
    write!(
        out,
        "{}\n{}: {}, {}\n",
        table(&COLUMNS, rows),
        output.display(),
        counted(model.matrices().len(), "matrix", "matrices"),
        size(bytes.into())
    )?;
    Ok(Ending::Good)
}
