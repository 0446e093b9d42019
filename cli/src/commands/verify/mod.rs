//! `q4 verify`: lints and emulates variants over the edge shapes of their constraints.

mod report;

use std::{
    collections::HashSet,
    fs,
    io::Write,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use q4_kernel::{Variant, catalogue};
use q4_kernel_verify::{Cost, Options, Verdict, cost, verify};

use crate::{
    cli::Verify,
    failure::{Ending, Failure},
    names,
    output::{Progress, print_json},
    published,
};

pub(crate) fn run(arguments: &Verify, out: &mut impl Write) -> Result<Ending, Failure> {
    let mut variants: Vec<&Variant> = match &arguments.name {
        Some(name) => vec![published::find(name).map_or_else(|| names::find(name), Ok)?],
        None => catalogue().iter().chain(published::variants()).collect(),
    };
    let mut kept = Vec::new();
    if let (Some(path), true) = (&arguments.write, arguments.unlisted) {
        let listed = fs::read_to_string(path).map_err(|error| Failure::Read {
            path: path.clone(),
            error,
        })?;
        let listed: HashSet<&str> = listed.lines().collect();
        variants.retain(|variant| {
            let line = line(&variant.fingerprint, &variant.name);
            let is_listed = listed.contains(line.as_str());
            if is_listed {
                kept.push(line);
            }
            !is_listed
        });
    }
    let options = Options {
        subgroup_sizes: arguments.subgroup.clone(),
        quick: arguments.quick,
    };
    let verdicts = verify_all(&variants, &options);
    let clean = verdicts.iter().all(Verdict::is_clean);
    if let (Some(path), true) = (&arguments.write, clean) {
        fs::write(path, list(kept, &verdicts)).map_err(|error| Failure::File {
            path: path.clone(),
            error,
        })?;
    }
    let costs: Vec<Option<Cost>> = variants.iter().map(|variant| cost(variant)).collect();
    if arguments.format.json {
        print_json(out, &report::Json::new(&verdicts, &costs))?;
    } else {
        report::print(out, &verdicts)?;
        if let [Some(cost)] = costs.as_slice() {
            report::print_cost(out, cost)?;
        }
        match &arguments.write {
            Some(path) if clean => writeln!(out, "The list of their texts is in {}.", path.display())?,
            Some(path) => writeln!(out, "{} was left as it is.", path.display())?,
            None => {}
        }
    }
    Ok(Ending::of(clean))
}

/// The verdicts, in the order of the variants. Variants are verified beside each other, one a core.
fn verify_all(variants: &[&Variant], options: &Options) -> Vec<Verdict> {
    let progress = Progress::new(variants.len());
    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(Vec::with_capacity(variants.len()));
    let work = || {
        while let Some((index, variant)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|index| Some((index, variants.get(index)?)))
        {
            progress.at(variant.name.clone());
            let verdict = verify(variant, options);
            verdicts
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((index, verdict));
            progress.step();
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let mut verdicts = verdicts.into_inner().unwrap_or_else(PoisonError::into_inner);
    verdicts.sort_by_key(|(index, _)| *index);
    verdicts.into_iter().map(|(_, verdict)| verdict).collect()
}

/// The list that the runtime trusts, of lines that stay and of verdicts.
fn list(kept: Vec<String>, verdicts: &[Verdict]) -> String {
    let mut lines = kept;
    lines.extend(
        verdicts
            .iter()
            .map(|verdict| line(&verdict.fingerprint, &verdict.variant)),
    );
    // By name, so that a change of one variant changes one line.
    lines.sort_by(|a, b| a.split_whitespace().nth(1).cmp(&b.split_whitespace().nth(1)));
    lines.into_iter().map(|line| line + "\n").collect()
}

/// A fingerprint and a name.
fn line(fingerprint: &str, name: &str) -> String {
    format!("{fingerprint}  {name}")
}
