//! Reports as JSON.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail")]

mod common;

#[test]
fn a_report_serializes_with_snake_case_names() {
    let mut kernel = common::kernel("planted", "shift_by_32");
    let report = serde_json::to_value(kernel.launch()).unwrap();
    let fault = &report["faults"][0];
    assert_eq!(fault["kind"], "shift_overflow");
    assert_eq!(
        (&fault["line"], &fault["column"]),
        (&serde_json::json!(9), &serde_json::json!(22))
    );
    assert_eq!(fault["workgroup"], serde_json::json!([0, 0, 0]));
    assert_eq!(fault["lane"], 32);
    assert_eq!(fault["message"], "a shift by 32 of u32, which has 32 bits");
    assert_eq!(report["counters"]["bindings"][0]["bytes_written"], 33 * 4);
    let info = serde_json::to_value(kernel.program.bindings()).unwrap();
    assert_eq!(info[0]["access"], "read_write");
    assert_eq!(info[0]["ty"], "array<u32>");
}
