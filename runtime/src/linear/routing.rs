//! Which variant runs, and why.

use std::fmt;

use super::{Candidate, State};
use crate::{Route, RuledOut};

/// Which variant runs for a number of rows, and what was said of every other one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Routing {
    /// Rows.
    pub m: u32,
    /// Input features.
    pub k: u32,
    /// Consecutive input features that share a scale.
    pub group_size: u32,
    /// Every variant, in the order in which they are considered.
    pub considered: Vec<Considered>,
}

/// A variant and what was said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Considered {
    /// The route that the variant is on.
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
    /// One before it was chosen.
    NotReached,
}

/// The candidates for M rows, in order of preference: decode variants first where there is one row, then those for a few rows, then those of
/// every M.
pub(super) fn in_order(
    m: u32,
    routes: &[Vec<Candidate>; Route::ALL.len()],
) -> impl Iterator<Item = (Route, &Candidate)> {
    Route::ALL
        .into_iter()
        .zip(routes)
        .filter(move |(route, _)| m == 1 || *route != Route::Decode)
        .flat_map(|(route, candidates)| candidates.iter().map(move |candidate| (route, candidate)))
}

impl Routing {
    pub(super) fn new(m: u32, k: u32, group_size: u32, routes: &[Vec<Candidate>; Route::ALL.len()]) -> Self {
        let mut chosen = false;
        let considered = in_order(m, routes)
            .map(|(route, candidate)| {
                let verdict = match (chosen, candidate.usable(m, k, group_size), &candidate.state) {
                    (true, ..) | (_, Err(None), _) | (_, _, State::Shadowed) => Verdict::NotReached,
                    (false, Ok(_), _) => Verdict::Chosen,
                    (false, Err(Some(reason)), _) => Verdict::RuledOut(reason),
                };
                chosen |= verdict == Verdict::Chosen;
                Considered {
                    route,
                    variant: candidate.variant.name.clone().into_owned(),
                    verdict,
                }
            })
            .collect();
        Self {
            m,
            k,
            group_size,
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

impl fmt::Display for Routing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            m,
            k,
            group_size,
            considered,
        } = self;
        let name = if self.variant().is_empty() {
            "no variant"
        } else {
            self.variant()
        };
        write!(f, "M={m} K={k} group_size={group_size}: {name}")?;
        for Considered {
            route,
            variant,
            verdict,
        } in considered
        {
            match verdict {
                Verdict::Chosen => write!(
                    f,
                    "\n  {route}: `{variant}` is the first that runs here and serves the shape"
                )?,
                Verdict::RuledOut(reason) => write!(f, "\n  {route}: `{variant}` is ruled out: {reason}")?,
                Verdict::NotReached => {}
            }
        }
        Ok(())
    }
}
