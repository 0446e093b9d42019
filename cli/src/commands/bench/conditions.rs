//! Under what conditions things were measured: what every report of `q4 bench` begins with.

use std::io::{self, Write};

use q4_kernel::{Feature, NumericClass};
use serde::Serialize;

use super::Method;
use crate::{
    adapter::AdapterSummary,
    measure::{Clock, FullClock, Order, ReadBandwidth},
    output::{inexact, size},
};

/// The conditions of a run.
#[derive(Debug)]
pub(super) struct Conditions {
    pub(super) adapter: AdapterSummary,
    pub(super) on_cpu: bool,
    /// Features that were left off.
    pub(super) without: Vec<Feature>,
    /// What routing may choose beside exact kernels.
    pub(super) numeric: NumericClass,
    pub(super) method: Method,
    pub(super) bandwidth: ReadBandwidth,
    pub(super) clock: Clock,
    pub(super) full_clock: FullClock,
    /// What is to be said of measurements that ran at a lower clock.
    pub(super) clock_note: Option<String>,
}

#[derive(Serialize)]
pub(super) struct MethodJson {
    clock: Clock,
    order: Order,
    numeric: NumericClass,
    seconds: f64,
    seed: u64,
}

#[derive(Serialize)]
pub(super) struct BandwidthJson {
    bytes: u64,
    gigabytes_per_second: f64,
}

impl Conditions {
    /// Prints them for people.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "adapter  {}", self.adapter)?;
        writeln!(
            out,
            "timing   {}, median of about {} s each; {}",
            self.clock.name(),
            self.method.seconds,
            self.method.order.meaning()
        )?;
        writeln!(
            out,
            "reading  {} GB/s, over {}",
            inexact(self.bytes_per_second() / 1e9),
            size(self.bandwidth.bytes.into())
        )?;
        if self.numeric != NumericClass::Exact {
            writeln!(out, "allowed  {}: {}", self.numeric, self.numeric.meaning())?;
        }
        if !self.without.is_empty() {
            let names: Vec<&str> = self.without.iter().map(|feature| feature.name()).collect();
            writeln!(out, "without  {}", names.join(", "))?;
        }
        Ok(())
    }

    /// What reading alone reaches.
    pub(super) fn bytes_per_second(&self) -> f64 {
        self.bandwidth.bytes_per_second(self.clock)
    }

    pub(super) fn method_json(&self) -> MethodJson {
        MethodJson {
            clock: self.clock,
            order: self.method.order,
            numeric: self.numeric,
            seconds: self.method.seconds,
            seed: self.method.seed,
        }
    }

    pub(super) fn bandwidth_json(&self) -> BandwidthJson {
        BandwidthJson {
            bytes: self.bandwidth.bytes,
            gigabytes_per_second: self.bytes_per_second() / 1e9,
        }
    }

    /// What one must know to read any table.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            "spread: the distance of the quartiles, relative to the median".to_owned(),
            "GB/s: weights, scales, input and output of a multiplication, each counted once; % read: the same, of what \
             reading alone reaches in this run"
                .to_owned(),
            "TFLOP/s: 2 x M x N x K operations".to_owned(),
            "error: the largest of a sample of outputs, relative to the root of their mean square".to_owned(),
        ];
        if self.clock == Clock::WallClock {
            notes.push(
                "the device has no clock that advances, so the host's was used: times include what the driver does around the work"
                    .to_owned(),
            );
        }
        notes.extend(self.clock_note.clone());
        if self.on_cpu {
            notes.push(
                "this adapter is software: little is measured, caches are not defeated, and the times say nothing about a GPU"
                    .to_owned(),
            );
        }
        notes
    }
}
