//! What the README says of the kernels' speed is what was measured.

use std::{fs, path::Path};

/// Numbers of a text, as they are written, those within names too.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .map(|number| number.trim_matches('.'))
        .filter(|number| !number.is_empty())
}

#[test]
fn numbers_of_the_readme_stand_in_the_notes_on_performance() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = |name: &str| fs::read_to_string(workspace.join(name)).unwrap();
    let (readme, notes) = (text("README.md"), text("docs/performance.md"));
    let section = readme
        .split("\n## ")
        .find(|section| section.starts_with("How fast it is\n"))
        .expect("the README has a section on speed");
    let measured: Vec<&str> = numbers(&notes).collect();
    let claimed: Vec<&str> = numbers(section).collect();
    assert!(claimed.len() > 10, "{claimed:?}");
    for number in claimed {
        assert!(
            measured.contains(&number),
            "{number} is in the README and not in docs/performance.md"
        );
    }
}
