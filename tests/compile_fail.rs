//! What the macro says of mistakes, letter by letter. Each file is named after its mistake.
//!
//! `TRYBUILD=overwrite cargo test -p q4-kernel-tests --test compile_fail` writes the expected texts anew.

#[test]
fn mistakes_are_reported_where_they_are_made() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/*.rs");
}
