//! Which variant runs, and why.

use std::{fmt, time::Duration};

use super::candidates::Candidate;
use crate::{
    NumericClass, Route, RuledOut, ScaleLayout, Shape,
    tuning::{Entry, Origin, Tuning},
};

/// Which variant runs for a shape, where the order was taken from, and what was said of every other variant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Routing {
    /// Rows.
    pub m: u32,
    /// Output features.
    pub n: u32,
    /// Input features.
    pub k: u32,
    /// Consecutive input features that share a scale.
    pub group_size: u32,
    /// Why the variant that runs comes before others.
    pub source: RouteSource,
    /// Every variant, in the order in which they are considered.
    pub considered: Vec<Considered>,
}

/// Why one variant comes before another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum RouteSource {
    /// The order of the description: nothing that was measured speaks of the shape.
    BuiltIn,
    /// A table has an entry for this or a similar shape, and the variant is the fastest of it that runs here.
    Measured {
        /// The table.
        table: Origin,
        /// The shape that was measured.
        shape: Shape,
        /// How long the variant took for that shape.
        nanoseconds: u64,
    },
}

/// A variant and what was said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Considered {
    /// The route that the variant is on, or made for.
    pub route: Route,
    /// Its name.
    pub variant: String,
    /// What was said.
    pub verdict: Verdict,
}

/// What is said of a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Verdict {
    /// It runs.
    Chosen,
    /// It cannot run.
    RuledOut(RuledOut),
    /// One before it was chosen, or one that serves all that it does was ruled out.
    NotReached,
}

/// A candidate, with what gave it its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed<'a> {
    pub(super) candidate: &'a Candidate,
    /// The table, the entry and the time that it has there; `None` in the built-in order.
    measured: Option<(&'a Origin, &'a Entry, u64)>,
}

/// The candidates for a shape, in the order in which they are considered: those of the nearest entry of each table, then the others in the built-in
/// order: decode variants where there is one row, then those for a few rows, those of every M, small tiles first where all rows lie in one, and those that are on no route.
pub(super) fn in_order<'a>(
    shape: Shape,
    candidates: &'a [Candidate],
    tuning: &'a Tuning,
    scales: ScaleLayout,
) -> Vec<Placed<'a>> {
    let numeric = allowed(candidates);
    let entries: Vec<(&Origin, &Entry)> = tuning.nearest(shape, numeric, scales).collect();
    let place = |candidate: &Candidate| {
        let places = entries.iter().enumerate();
        places
            .filter_map(|(table, (origin, entry))| {
                let (place, measured) = entry.place(&candidate.kind)?;
                Some(((table, place), (*origin, *entry, measured.nanoseconds)))
            })
            .next()
    };
    let mut placed: Vec<((usize, usize), Placed<'a>)> = candidates
        .iter()
        .filter(|candidate| shape.m == 1 || candidate.route != Route::Decode)
        .map(|candidate| {
            let (place, measured) = place(candidate).unzip();
            let behind_all = (entries.len(), 0);
            (place.unwrap_or(behind_all), Placed { candidate, measured })
        })
        .collect();
    placed.sort_by_key(|(place, placed)| (*place, placed.candidate.built_in_place(shape.m)));
    placed.into_iter().map(|(_, placed)| placed).collect()
}

/// The class that a kernel's description allows beside the exact one, as far as its variants show.
fn allowed(candidates: &[Candidate]) -> NumericClass {
    candidates
        .iter()
        .map(|candidate| candidate.variant.configuration.numeric)
        .find(|class| *class != NumericClass::Exact)
        .unwrap_or_default()
}

impl Placed<'_> {
    fn source(&self) -> RouteSource {
        match self.measured {
            None => RouteSource::BuiltIn,
            Some((table, entry, nanoseconds)) => RouteSource::Measured {
                table: table.clone(),
                shape: entry.shape,
                nanoseconds,
            },
        }
    }
}

impl Routing {
    pub(super) fn new(shape: Shape, order: &[Placed<'_>]) -> Self {
        let mut source = None;
        let considered = order
            .iter()
            .enumerate()
            .map(|(index, placed)| {
                let candidate = placed.candidate;
                let verdict = match candidate.check(shape) {
                    _ if source.is_some() => Verdict::NotReached,
                    Ok(()) => {
                        source = Some(placed.source());
                        Verdict::Chosen
                    }
                    // Of a whole family, the first one tells.
                    Err(RuledOut::Shape(_)) if candidate.follows_from(&order[..index]) => Verdict::NotReached,
                    Err(reason) => Verdict::RuledOut(reason),
                };
                Considered {
                    route: candidate.route,
                    variant: candidate.variant.name.clone().into_owned(),
                    verdict,
                }
            })
            .collect();
        let Shape { m, n, k, group_size } = shape;
        Self {
            m,
            n,
            k,
            group_size,
            source: source.unwrap_or(RouteSource::BuiltIn),
            considered,
        }
    }

    /// The variant that runs; `None` if none can.
    #[must_use]
    pub fn chosen(&self) -> Option<&Considered> {
        self.considered
            .iter()
            .find(|considered| considered.verdict == Verdict::Chosen)
    }

    /// The name of the variant that runs; empty if none can.
    #[must_use]
    pub fn variant(&self) -> &str {
        self.chosen().map_or("", |considered| &considered.variant)
    }
}

/// Lines of variants that are ruled out, at most: a description can have many.
const MOST_RULED_OUT: usize = 12;

impl fmt::Display for Routing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            m,
            n,
            k,
            group_size,
            source,
            considered,
        } = self;
        let name = if self.variant().is_empty() {
            "no variant"
        } else {
            self.variant()
        };
        write!(f, "M={m} N={n} K={k} group_size={group_size}: {name}")?;
        let ruled_out = considered
            .iter()
            .filter_map(|considered| match &considered.verdict {
                Verdict::RuledOut(reason) => Some((considered.route, &considered.variant, reason)),
                Verdict::Chosen | Verdict::NotReached => None,
            });
        for (route, variant, reason) in ruled_out.clone().take(MOST_RULED_OUT) {
            write!(f, "\n  {route}: `{variant}` is ruled out: {reason}")?;
        }
        match ruled_out.count().saturating_sub(MOST_RULED_OUT) {
            0 => {}
            more => write!(f, "\n  and {more} more are ruled out")?,
        }
        match self.chosen() {
            Some(Considered { route, variant, .. }) => write!(f, "\n  {route}: `{variant}` {source}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for RouteSource {
    /// What follows the name of the variant that runs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => {
                f.write_str("is the first in the built-in order that runs here and serves the shape")
            }
            Self::Measured {
                table,
                shape,
                nanoseconds,
            } => write!(
                f,
                "is the fastest that runs here and serves the shape: {:?} at {shape}, says {table}",
                Duration::from_nanos(*nanoseconds)
            ),
        }
    }
}
