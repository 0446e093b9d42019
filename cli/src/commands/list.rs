//! `q4 list`: the catalogue.

use std::io::Write;

use q4_kernel::{
    Configuration, Constraints, Dispatch, Feature, Needs, NumericClass, Route, RowsServed, Variant, catalogue,
};
use serde::Serialize;

use crate::{
    cli::List,
    failure::{Ending, Failure},
    output::{Align, print_json, table},
};

pub(crate) fn run(arguments: &List, out: &mut impl Write) -> Result<Ending, Failure> {
    let route = arguments.route.map(Route::from);
    let variants: Vec<&Variant> = catalogue()
        .iter()
        .filter(|variant| {
            let configuration = &variant.configuration;
            let family = arguments
                .family
                .as_deref()
                .is_none_or(|family| configuration.geometry.family() == family);
            family && route.is_none_or(|route| configuration.route() == route)
        })
        .collect();
    if arguments.format.json {
        print_json(
            out,
            &variants
                .iter()
                .map(|variant| Entry::new(variant))
                .collect::<Vec<_>>(),
        )?;
    } else {
        write!(
            out,
            "{}",
            table(&COLUMNS, variants.iter().map(|variant| row(variant)))
        )?;
        writeln!(
            out,
            "\n{LEGEND}\n\n{} of {} variants",
            variants.len(),
            catalogue().len()
        )?;
    }
    Ok(Ending::Good)
}

/// A variant, as JSON.
#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    family: &'static str,
    route: Route,
    numeric: NumericClass,
    configuration: Configuration,
    constraints: Constraints,
    needs: Needs,
    dispatch: Dispatch,
    fingerprint: &'a str,
}

impl<'a> Entry<'a> {
    fn new(variant: &'a Variant) -> Self {
        let configuration = variant.configuration;
        Self {
            name: &variant.name,
            family: configuration.geometry.family(),
            route: configuration.route(),
            numeric: configuration.numeric,
            configuration,
            constraints: configuration.constraints(),
            needs: variant.needs(),
            dispatch: configuration.geometry.dispatch(),
            fingerprint: &variant.fingerprint,
        }
    }
}

const COLUMNS: [(&str, Align); 7] = [
    ("name", Align::Left),
    ("route", Align::Left),
    ("serves", Align::Left),
    ("needs", Align::Left),
    ("size", Align::Right),
    ("bytes", Align::Right),
    ("workgroups", Align::Left),
];

const LEGEND: &str = "\
size: invocations of a workgroup; bytes: of workgroup memory
numeric class: f16_multiply with `_f16` in the name, int8_activations with `_int8`, else exact
needs: sg for subgroups, sgb for barriers of them, m16 and m8 for cooperative matrices of that size
workgroups: how many are dispatched, divisions rounded up, some of them at most so many; where the device allows fewer,
those along N loop and those of tiles continue along y";

fn row(variant: &Variant) -> Vec<String> {
    let configuration = variant.configuration;
    let needs = variant.needs();
    // Who has barriers of subgroups has subgroups.
    let barriers = needs.features.contains(&Feature::SubgroupBarrier);
    let implied = |feature: &Feature| barriers && *feature == Feature::Subgroup;
    let features: Vec<_> = needs
        .features
        .iter()
        .copied()
        .filter(|feature| !implied(feature))
        .map(short)
        .collect();
    vec![
        variant.name.clone().into_owned(),
        configuration.route().to_string(),
        serves(&configuration.constraints()),
        if features.is_empty() {
            "-".to_owned()
        } else {
            features.join(" ")
        },
        needs.workgroup_size.to_string(),
        needs.workgroup_bytes.to_string(),
        workgroups(configuration.geometry.dispatch()),
    ]
}

/// A feature in the width of a column.
fn short(feature: Feature) -> &'static str {
    match feature {
        Feature::Subgroup => "sg",
        Feature::SubgroupBarrier => "sgb",
        Feature::ShaderF16 => "f16",
        Feature::Matrix16 => "m16",
        Feature::Matrix8 => "m8",
        other => other.name(),
    }
}

/// The constraints in the width of a column.
fn serves(constraints: &Constraints) -> String {
    let mut terms = Vec::new();
    match constraints.rows {
        RowsServed::One => terms.push("M=1".to_owned()),
        RowsServed::UpTo(most) => terms.push(format!("M<={most}")),
        RowsServed::Any => {}
    }
    let dimensions = [
        ("K", constraints.k, constraints.k_multiple),
        ("g", constraints.group_size, constraints.group_size_multiple),
    ];
    for (name, only, multiple) in dimensions {
        match only {
            Some(value) => terms.push(format!("{name}={value}")),
            None if multiple > 1 => terms.push(format!("{name}%{multiple}")),
            None => {}
        }
    }
    if terms.is_empty() {
        "any shape".to_owned()
    } else {
        terms.join(" ")
    }
}

/// The dispatch formula in the width of a column.
fn workgroups(dispatch: Dispatch) -> String {
    let divided = |dimension: &str, by: u32| match by {
        1 => dimension.to_owned(),
        by => format!("{dimension}/{by}"),
    };
    match dispatch {
        Dispatch::GridStride { columns } => divided("N", columns),
        Dispatch::Persistent { columns, workgroups } | Dispatch::Dealt { columns, workgroups } => {
            format!("{}<={workgroups}", divided("N", columns))
        }
        Dispatch::Folded { rows, columns } => {
            format!("{}*{}", divided("M", rows), divided("N", columns))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_and_dispatch_fit_their_columns() {
        let cells = |name: &str| row(q4_kernel::variant(name).unwrap());
        assert_eq!(
            cells("coop4_w64_c1_g32_subgroup"),
            [
                "coop4_w64_c1_g32_subgroup",
                "decode",
                "M=1 K%8 g=32",
                "sg",
                "64",
                "64",
                "N"
            ]
        );
        assert_eq!(
            cells("gemm_32x32x8_t4x4_gx_ragged"),
            [
                "gemm_32x32x8_t4x4_gx_ragged",
                "prefill",
                "any shape",
                "-",
                "64",
                "0",
                "M/32*N/32"
            ]
        );
    }
}
