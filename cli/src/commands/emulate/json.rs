//! What `q4 emulate` prints for programs.

use q4_kernel_emulator::{Counters, Fault, FaultKind, NotSupported, Report};
use serde::Serialize;

use super::{
    element::{Element, ElementType},
    values::Printed,
};

/// `README.md` describes the fields.
#[derive(Serialize)]
pub(super) struct ReportJson<'a> {
    faults: Vec<FaultJson<'a>>,
    counters: Option<&'a Counters>,
    unsupported: Vec<UnsupportedJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    printed: Option<Vec<PrintedJson<'a>>>,
}

#[derive(Serialize)]
struct FaultJson<'a> {
    kind: FaultKind,
    line: Option<u32>,
    column: Option<u32>,
    workgroup: Option<[u32; 3]>,
    lane: Option<u32>,
    message: &'a str,
    count: u64,
}

#[derive(Serialize)]
struct UnsupportedJson<'a> {
    what: &'a str,
    line: Option<u32>,
    column: Option<u32>,
}

#[derive(Serialize)]
struct PrintedJson<'a> {
    group: u32,
    binding: u32,
    #[serde(rename = "type")]
    ty: ElementType,
    values: &'a [Element],
}

impl<'a> ReportJson<'a> {
    /// A launch, with what was to be printed, if anything was.
    pub(super) fn launched(report: &'a Report, printed: &'a [Printed]) -> Self {
        Self {
            faults: report.faults.iter().map(FaultJson::new).collect(),
            counters: Some(&report.counters),
            unsupported: Vec::new(),
            printed: (!printed.is_empty()).then(|| printed.iter().map(PrintedJson::new).collect()),
        }
    }

    /// A shader that cannot be launched.
    pub(super) fn unsupported(NotSupported { what, location }: &'a NotSupported) -> Self {
        Self {
            faults: Vec::new(),
            counters: None,
            unsupported: vec![UnsupportedJson {
                what,
                line: location.map(|location| location.line),
                column: location.map(|location| location.column),
            }],
            printed: None,
        }
    }
}

impl<'a> FaultJson<'a> {
    fn new(fault: &'a Fault) -> Self {
        let Fault {
            kind,
            location,
            workgroup,
            lane,
            message,
            count,
        } = fault;
        Self {
            kind: *kind,
            line: location.map(|location| location.line),
            column: location.map(|location| location.column),
            workgroup: *workgroup,
            lane: *lane,
            message,
            count: *count,
        }
    }
}

impl<'a> PrintedJson<'a> {
    fn new(printed: &'a Printed) -> Self {
        Self {
            group: printed.slot.group,
            binding: printed.slot.binding,
            ty: printed.ty,
            values: &printed.values,
        }
    }
}
