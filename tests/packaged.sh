#!/usr/bin/env bash
# The crates as they are published, by themselves: packed, unpacked elsewhere, and compiled against each other.
#
# `cargo package` would compile each crate alone, and what it stands on anew for each. Here they share what the workspace has built already.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

rm -f target/package/*.crate
cargo package --workspace --no-verify --quiet
for packed in target/package/*.crate; do
    tar -xzf "$packed" -C "$scratch"
done

{
    printf '[workspace]\nresolver = "3"\nmembers = ["q4-kernel*"]\n[patch.crates-io]\n'
    for folder in "$scratch"/q4-kernel*; do
        if grep -q '^publish = false' "$folder/Cargo.toml"; then
            rm -r "$folder"
        else
            folder=${folder##*/}
            # NAME-VERSION; versions have no hyphen.
            printf '%s = { path = "%s" }\n' "${folder%-*}" "$folder"
        fi
    done
} >"$scratch/manifest"
mv "$scratch/manifest" "$scratch/Cargo.toml"
cp Cargo.lock "$scratch"
cargo check --manifest-path "$scratch/Cargo.toml" --workspace --target-dir target
