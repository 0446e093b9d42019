//! The public API of every published crate, item by item: what a change means for those who use it.
//!
//! `Q4_BLESS=1 cargo test -p q4-kernel-tests --test public_api` writes the lists anew; the diff belongs in the review, and in the changelog.
// The script that lets a stable rustdoc write JSON is one for a Unix shell.
#![cfg(unix)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// A library of the workspace that users can depend on.
struct Published {
    package: String,
    /// The name of the library in Rust.
    library: String,
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cargo(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(folder())
        .env("RUSTDOC", folder().join("support/rustdoc.sh"))
        .env("RUSTDOCFLAGS", "-Zunstable-options --output-format json")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "cargo {}:\n{}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// Every library that is published, and the folder that cargo builds into.
fn published() -> (Vec<Published>, PathBuf) {
    let metadata: Value =
        serde_json::from_slice(&cargo(&["metadata", "--no-deps", "--format-version", "1"])).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let libraries = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        // Packages that are published nowhere have an empty list of registries.
        .filter(|package| package["publish"].is_null())
        .filter_map(|package| {
            let is_library = |target: &&Value| {
                let kinds = target["kind"].as_array().unwrap();
                kinds.iter().any(|kind| kind == "lib" || kind == "proc-macro")
            };
            let library = package["targets"].as_array().unwrap().iter().find(is_library)?;
            Some(Published {
                package: text(&package["name"]),
                library: text(&library["name"]).replace('-', "_"),
            })
        });
    (
        libraries.collect(),
        PathBuf::from(text(&metadata["target_directory"])),
    )
}

/// Has rustdoc say what is in every library, with all its features, and returns the folder. All at once: what they stand on is built for all of them then, and not
/// for each of them with the features that it alone asks for.
fn documented(target: &Path) -> PathBuf {
    cargo(&["doc", "--workspace", "--lib", "--no-deps", "--all-features"]);
    target.join("doc")
}

/// One line for each item. What a derive or the compiler implements is left out.
fn listed(json: PathBuf) -> String {
    let api = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .unwrap();
    api.to_string()
}

#[test]
fn the_public_items_of_published_crates_are_those_of_their_lists() {
    let (published, target) = published();
    assert!(
        published.iter().any(|found| found.package == "q4-kernel"),
        "the runtime is published"
    );
    let documents = documented(&target);
    let mut changed = Vec::new();
    for found in &published {
        let json = documents.join(format!("{}.json", found.library));
        let document: Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
        if document["format_version"] != rustdoc_types::FORMAT_VERSION {
            eprintln!(
                "not compared: this rustdoc writes format {}, and {} is read; the toolchain of `rust-version` writes that",
                document["format_version"],
                rustdoc_types::FORMAT_VERSION
            );
            return;
        }
        let list = listed(json);
        assert!(list.contains(&found.library), "{} has items", found.package);
        let golden = folder()
            .join("goldens/api")
            .join(format!("{}.txt", found.package));
        if env::var("Q4_BLESS").as_deref() == Ok("1") {
            fs::create_dir_all(golden.parent().unwrap()).unwrap();
            fs::write(golden, list).unwrap();
            continue;
        }
        let known = fs::read_to_string(&golden).unwrap_or_default();
        changed.extend(difference(&found.package, &known, &list));
    }
    assert!(
        changed.is_empty(),
        "the public API is another one:\n{}\n\
         if the change is meant, run `Q4_BLESS=1 cargo test -p q4-kernel-tests --test public_api` and say it in CHANGELOG.md",
        changed.join("\n")
    );
}

/// The items that went and those that came.
fn difference(package: &str, known: &str, list: &str) -> Vec<String> {
    let missing = |from: &str, to: &str, sign: &str| -> Vec<String> {
        from.lines()
            .filter(|line| !to.lines().any(|other| other == *line))
            .map(|line| format!("{sign} {package}: {line}"))
            .collect()
    };
    [missing(known, list, "-"), missing(list, known, "+")].concat()
}
