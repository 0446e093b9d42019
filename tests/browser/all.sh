#!/usr/bin/env bash
# Everything that a second compiler and a real browser say of the kernels. Leaves screenshots in the folder given.
#
#   tests/browser/all.sh FOLDER      (needs node, npm and Chromium)
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$(realpath -m "${1:?name a folder for the screenshots}")
mkdir -p "$out"
scratch=$(mktemp -d)
# The last page's WebAssembly is compiled while this waits for packages and for compilers that take one core.
bash tests/browser/wasm.sh >"$scratch/wasm.log" 2>&1 &
compiling=$!
trap 'kill "$compiling" 2>/dev/null || true; rm -rf "$scratch"' EXIT

step() { printf '== %s\n' "$*"; }
# A browser or a compiler that hangs fails the step instead of holding everything up.
limited() { timeout 900 "$@"; }

step "npm packages"
npm ci --prefix tests/browser --no-audit --no-fund --loglevel=error

step "every text of the catalogue in Tint"
cargo q4 show '*' --target web -o "$scratch/texts" >"$scratch/shown"
printf '%s texts; %s of cooperative matrices, which WebGPU does not have, are left out\n' \
    "$(grep -vc '^left out' "$scratch/shown")" "$(grep -c '^left out' "$scratch/shown")"
limited node tests/browser/tint.mjs "$scratch/texts"

step "an exported module"
cargo q4 export --target web --out "$scratch/module" --candidates 'stream_w512_c2_*_subgroup,gemm_32x64x*' tests/browser/kernels.toml
echo '{ "type": "module" }' >"$scratch/module/package.json"
cp tests/browser/ten_lines.ts "$scratch/module"
npx --prefix tests/browser tsc --noEmit --strict --target es2022 --module nodenext "$scratch/module/ten_lines.ts"
limited node tests/browser/exported.mjs "$scratch/module"
limited node tests/browser/tuning.mjs "$scratch/module"

step "the WebAssembly example, compiled"
wait "$compiling" || { cat "$scratch/wasm.log" >&2; exit 1; }

step "the page of examples/web"
cargo q4 export --target web --out examples/web examples/web/kernels.toml
layers=()
for format in f16 q4_1 nvfp4 mxfp4; do
    cargo q4 convert "formats/tests/data/minilm-l0-$format.gguf" -o "$scratch/$format.safetensors"
    layers+=("$scratch/$format.safetensors")
done
limited node tests/browser/demo.mjs "$out" "${layers[@]}"

step "the typed API of Rust, as WebAssembly"
limited node tests/browser/wasm.mjs "$out/wasm.png"
