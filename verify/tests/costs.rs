//! What every variant for the commonest group size costs per weight: a change that makes a kernel read, compute or wait more shows here, on any machine.
//!
//! `Q4_BLESS=1 cargo test -p q4-kernel-verify --test costs` writes the file anew; the diff belongs in the review.

use std::{env, fmt::Write as _, fs};

use q4_kernel::{GroupSize, catalogue, layout::Binding};
use q4_kernel_verify::cost;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/costs.txt");

#[test]
fn no_variant_costs_more_than_it_did() {
    let mut table = format!(
        "{:44} {:>4} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9}\n",
        "per weight",
        "M",
        "weight",
        "scales",
        "input",
        "float",
        "matrix",
        "integer",
        "workgroup",
        "conflicts"
    );
    for variant in catalogue() {
        if variant.configuration.group_size != GroupSize::Fixed(32) {
            continue;
        }
        let cost = cost(variant).unwrap_or_else(|| panic!("{}", variant.name));
        // What the documentation of a kernel says of its weights is what its text touches of them.
        let touched = [Binding::Weight, Binding::Scales, Binding::Offsets]
            .into_iter()
            .filter_map(|binding| cost.bindings.get(binding.name()))
            .map(|traffic| traffic.unique_bytes)
            .sum::<f64>();
        assert_eq!(
            Some(touched),
            variant.configuration.work().bytes_per_weight(),
            "{}",
            variant.name
        );
        let bytes = |binding: Binding| cost.bindings[binding.name()].bytes;
        writeln!(
            table,
            "{:44} {:>4} {:>8.4} {:>8.4} {:>8.4} {:>8.4} {:>8.4} {:>8.4} {:>9.4} {:>9.5}",
            variant.name,
            cost.shape.m,
            bytes(Binding::Weight),
            bytes(Binding::Scales),
            bytes(Binding::Input),
            cost.float_operations,
            cost.matrix_products,
            cost.integer_operations,
            cost.workgroup_bytes,
            cost.bank_conflicts,
        )
        .unwrap();
    }
    if env::var("Q4_BLESS").as_deref() == Ok("1") {
        fs::write(GOLDEN, table).unwrap();
        return;
    }
    let golden = fs::read_to_string(GOLDEN).unwrap_or_default();
    let changed = golden
        .lines()
        .zip(table.lines())
        .find(|(golden, counted)| golden != counted);
    assert!(
        golden == table,
        "costs changed, first here (golden, counted):\n  {}\n  {}\n\
         if the change is meant, run `Q4_BLESS=1 cargo test -p q4-kernel-verify --test costs`",
        changed.map_or("(another number of variants)", |(golden, _)| golden),
        changed.map_or("", |(_, counted)| counted),
    );
}
