//! By which clock a time is.

use serde::Serialize;

use super::Times;

/// By which clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Clock {
    /// The device's own.
    GpuTimestamps,
    /// The host's, from submission to completion: includes what the driver does around the work.
    WallClock,
}

impl Clock {
    /// The best clock that all measurements have, so that they can be compared.
    pub(crate) fn of_all<'a>(measured: impl IntoIterator<Item = &'a Times>) -> Self {
        if measured.into_iter().all(Times::has_gpu) {
            Self::GpuTimestamps
        } else {
            Self::WallClock
        }
    }

    /// What it is, for programs.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::GpuTimestamps => "gpu_timestamps",
            Self::WallClock => "wall_clock",
        }
    }

    /// What it is, for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GpuTimestamps => "GPU timestamps",
            Self::WallClock => "wall clock, from submission to completion",
        }
    }
}
