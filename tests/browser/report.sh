#!/usr/bin/env bash
# Opens the page of `q4 report` in headless Chromium: it must draw every part and say nothing on the console.
# Leaves screenshots in the folder given: light and dark, wide and narrow.
#
#   tests/browser/report.sh FOLDER
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$(realpath -m "${1:?name a folder for the screenshots}")
mkdir -p "$out"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

kernel=gemv_w128_c8_g32_subgroup
page="$out/kernels.html"
cargo q4 report --html "$page"

browse() {
    timeout 120 chromium --headless=new --no-sandbox --disable-gpu --hide-scrollbars --no-first-run --disable-quic \
        --disable-background-networking --disable-component-update --disable-sync --virtual-time-budget=5000 \
        --user-data-dir="$scratch/profile" --enable-logging=stderr --v=0 "$@" 2>>"$scratch/log"
}

browse --dump-dom "file://$page#$kernel" >"$scratch/dom.html"
for part in "<h2 id=\"name\">$kernel</h2>" '<circle class="here"' '<rect class="bar on"' '<span class="w">struct</span>' 'aria-current="true"'; do
    grep -qF -- "$part" "$scratch/dom.html" || { echo "the page does not show $part" >&2; exit 1; }
done

browse --window-size=1500,1150 --screenshot="$out/report-light.png" "file://$page#$kernel"
browse --window-size=1500,1150 --force-dark-mode --blink-settings=preferredColorScheme=0 --screenshot="$out/report-dark.png" "file://$page#$kernel"
browse --window-size=520,1800 --screenshot="$out/report-narrow.png" "file://$page#$kernel"
for name in light dark narrow; do
    test -s "$out/report-$name.png"
done

if grep -F ':CONSOLE' "$scratch/log" >&2; then
    echo "the page speaks on the console" >&2
    exit 1
fi
