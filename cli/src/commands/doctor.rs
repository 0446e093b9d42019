//! `q4 doctor`: what there is to run on, and what is missing.

use std::io::{self, Write};

use q4_kernel::{
    AdapterError, AdapterReport, Capabilities, PipelineCacheDir, RuledOut, Variant, adapters, catalogue,
    wgpu::{AdapterInfo, Features},
};
use serde::Serialize;

use crate::{
    adapter::{AdapterName, AdapterSummary, Device},
    cli::Doctor,
    failure::{Ending, Failure},
    names,
    output::{count, print_json, size, wrapped},
    reasons::{Reason, by_reason},
    tables::TuningTables,
};

pub(crate) fn run(arguments: &Doctor, out: &mut impl Write) -> Result<Ending, Failure> {
    let reports = adapters();
    // Asking for a device shows what `auto` really gives, and whether it opens.
    let opened = if reports.is_empty() {
        Err(AdapterError::None.into())
    } else {
        Device::open(&AdapterName::Auto)
    };
    let auto = opened.as_ref().ok().map(|device| &device.info);
    let diagnosis = Diagnosis {
        adapters: reports.iter().map(|report| Examined::new(report, auto)).collect(),
        auto: auto.map(|info| info.name.clone()),
        driver_hint: reports
            .iter()
            .all(AdapterReport::is_emulator)
            .then(|| AdapterError::None.to_string()),
        error: opened.as_ref().err().map(ToString::to_string),
    };
    if arguments.format.json {
        print_json(out, &diagnosis)?;
    } else {
        write_text(out, &diagnosis)?;
    }
    opened.map(|_| Ending::Good)
}

#[derive(Debug, Serialize)]
struct Diagnosis {
    /// Best first.
    adapters: Vec<Examined>,
    /// The adapter that `auto` takes.
    auto: Option<String>,
    /// What to install, where there is no driver and the emulator has to serve.
    driver_hint: Option<String>,
    /// Why `auto` takes none.
    error: Option<String>,
}

/// An adapter and what runs on it.
#[derive(Debug, Serialize)]
struct Examined {
    #[serde(flatten)]
    summary: AdapterSummary,
    auto: bool,
    capabilities: Capabilities,
    pipeline_cache: Option<String>,
    tuning: TuningTables,
    families: Vec<Family>,
}

/// How much of a family an adapter can run.
#[derive(Debug, PartialEq, Serialize)]
struct Family {
    family: &'static str,
    variants: usize,
    runnable: usize,
    lacking: Vec<Reason<'static>>,
}

impl Examined {
    fn new(report: &AdapterReport, auto: Option<&AdapterInfo>) -> Self {
        Self {
            summary: AdapterSummary::from(&report.info),
            auto: auto == Some(&report.info),
            capabilities: report.capabilities.clone(),
            pipeline_cache: report
                .features
                .contains(Features::PIPELINE_CACHE)
                .then(|| PipelineCacheDir::Default.file(&report.info))
                .flatten()
                .map(|file| file.display().to_string()),
            tuning: TuningTables::of(&report.info),
            families: examine_all(&report.capabilities),
        }
    }
}

/// What an adapter can run of the catalogue.
fn examine_all(capabilities: &Capabilities) -> Vec<Family> {
    names::families()
        .into_iter()
        .map(|family| examine(family, capabilities))
        .collect()
}

/// What an adapter can run of a family.
fn examine(family: &'static str, capabilities: &Capabilities) -> Family {
    let variants: Vec<&'static Variant> = catalogue()
        .iter()
        .filter(|variant| variant.configuration.geometry.family() == family)
        .collect();
    let unmet = variants.iter().filter_map(|variant| {
        let unmet = capabilities.check(variant).err()?;
        Some((RuledOut::Device(unmet), variant.name.as_ref()))
    });
    let lacking: Vec<Reason<'static>> = by_reason(unmet);
    Family {
        family,
        variants: variants.len(),
        runnable: variants.len() - lacking.iter().map(|reason| reason.variants.len()).sum::<usize>(),
        lacking,
    }
}

fn write_text(out: &mut impl Write, diagnosis: &Diagnosis) -> io::Result<()> {
    let Diagnosis {
        adapters,
        driver_hint,
        ..
    } = diagnosis;
    match adapters.len() {
        0 => return Ok(()),
        1 => writeln!(out, "1 adapter")?,
        several => writeln!(out, "{several} adapters, best first")?,
    }
    for examined in adapters {
        write_adapter(out, examined)?;
    }
    if let Some(hint) = driver_hint {
        let text = format!(
            "The emulator computes the right numbers on any machine, slowly. {}",
            sentence(hint)
        );
        write!(out, "\n{}", wrapped(&text))?;
    }
    Ok(())
}

/// A message as a sentence of its own.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

fn write_adapter(out: &mut impl Write, examined: &Examined) -> io::Result<()> {
    let AdapterSummary {
        name,
        kind,
        backend,
        driver,
    } = &examined.summary;
    let Capabilities {
        subgroup_size,
        timestamps,
        max_invocations,
        max_workgroup_bytes,
        max_workgroups,
        max_binding_bytes,
        max_buffer_bytes,
        max_storage_buffers,
        ..
    } = &examined.capabilities;
    let bytes = |bytes: u64| size(bytes.into());

    let auto = if examined.auto {
        "  (`--adapter auto` takes it)"
    } else {
        ""
    };
    writeln!(out, "\n{name}{auto}")?;
    let mut line = |label: &str, text: String| writeln!(out, "  {label:<15} {text}");
    line("kind", format!("{kind}, {backend}"))?;
    line("driver", driver.clone())?;
    line(
        "subgroups",
        match subgroup_size {
            Some((least, most)) if least == most => format!("of {least} (feature SUBGROUP)"),
            Some((least, most)) => format!("of {least} to {most} (feature SUBGROUP)"),
            None => "none (no feature SUBGROUP)".to_owned(),
        },
    )?;
    line(
        "timing",
        if *timestamps {
            "GPU timestamps (feature TIMESTAMP_QUERY)"
        } else {
            "wall clock (no feature TIMESTAMP_QUERY)"
        }
        .to_owned(),
    )?;
    line(
        "workgroups",
        format!(
            "{} invocations, {} of memory; {} per dimension",
            count(*max_invocations as usize),
            bytes((*max_workgroup_bytes).into()),
            count(*max_workgroups as usize)
        ),
    )?;
    line(
        "buffers",
        format!(
            "{} each, {} in one binding, {} bound at once",
            bytes(*max_buffer_bytes),
            bytes(*max_binding_bytes),
            count(*max_storage_buffers as usize)
        ),
    )?;
    line(
        "pipeline cache",
        examined
            .pipeline_cache
            .clone()
            .unwrap_or_else(|| "none: off, or not offered by the adapter".to_owned()),
    )?;
    let tuning: String = examined.tuning.lines().iter().map(|text| wrapped(text)).collect();
    for (index, text) in tuning.lines().enumerate() {
        line(if index == 0 { "tuning" } else { "" }, text.to_owned())?;
    }
    for (
        index,
        Family {
            family,
            variants,
            runnable,
            lacking,
        },
    ) in examined.families.iter().enumerate()
    {
        let label = if index == 0 { "variants" } else { "" };
        line(label, format!("{family}: {runnable} of {variants}"))?;
        for Reason { reason, variants } in lacking {
            line("", format!("  {} {reason}", variants.len()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What WebGPU guarantees everywhere.
    fn baseline() -> Capabilities {
        Capabilities {
            features: Vec::new(),
            subgroup_size: None,
            timestamps: false,
            max_invocations: 256,
            max_workgroup_bytes: 16_384,
            max_workgroups: 65_535,
            max_binding_bytes: 128 << 20,
            max_buffer_bytes: 256 << 20,
            max_storage_buffers: 8,
            binding_alignment: 256,
        }
    }

    /// Variants of the family in the catalogue of which this is true.
    fn count(family: &str, holds: impl Fn(&q4_kernel::Variant) -> bool) -> usize {
        let of_family = |variant: &&q4_kernel::Variant| variant.configuration.geometry.family() == family;
        q4_kernel::catalogue()
            .iter()
            .filter(of_family)
            .filter(|variant| holds(variant))
            .count()
    }

    fn needs_subgroups(variant: &q4_kernel::Variant) -> bool {
        !variant.needs().features.is_empty()
    }

    #[test]
    fn variants_that_lack_the_same_are_told_of_together() {
        let families = examine_all(&baseline());
        let named = |name| families.iter().find(|family| family.family == name).unwrap();
        let [coop4, gemm] = ["coop4", "gemm"].map(named);
        assert_eq!(coop4.variants, count("coop4", |_| true));
        assert_eq!(
            coop4.runnable,
            count("coop4", |variant| !needs_subgroups(variant))
        );
        assert_eq!(coop4.lacking.len(), 1);
        assert_eq!(coop4.lacking[0].reason, "need the feature SUBGROUP");
        assert_eq!(coop4.lacking[0].variants.len(), count("coop4", needs_subgroups));
        assert_eq!(gemm.variants, count("gemm", |_| true));
        assert_eq!(gemm.runnable, gemm.variants);
    }

    #[test]
    fn variants_that_differ_in_how_much_they_need_share_a_line() {
        let small = Capabilities {
            max_invocations: 32,
            ..baseline()
        };
        let families = examine_all(&small);
        let coop4 = &families[0];
        assert_eq!(coop4.runnable, 24, "width 32 without subgroups");
        let reasons: Vec<_> = coop4
            .lacking
            .iter()
            .map(|lack| (lack.reason.as_str(), lack.variants.len()))
            .collect();
        assert_eq!(
            reasons,
            [
                ("need the feature SUBGROUP", count("coop4", needs_subgroups)),
                (
                    "need 64 to 256 invocations per workgroup, and 32 are allowed",
                    count("coop4", |variant| !needs_subgroups(variant)
                        && variant.needs().workgroup_size > 32)
                )
            ]
        );
    }

    #[test]
    fn a_device_that_binds_too_little_runs_nothing_and_says_so_once() {
        let tiny = Capabilities {
            max_storage_buffers: 4,
            ..baseline()
        };
        let gemm = &examine_all(&tiny)[1];
        assert_eq!(gemm.runnable, 0);
        assert!(
            gemm.lacking
                .iter()
                .any(|lack| lack.reason == "need 5 to 6 storage buffers per kernel, and 4 are allowed")
        );
    }
}
