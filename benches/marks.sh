#!/usr/bin/env bash
# Measures what docs/performance.md reports: the kernels for the commonest group size, on the shapes of its tables. Each step is a process of its own,
# so that one that fails takes no other with it.
#
#   benches/marks.sh Q4 DIR    Q4: the program, as in target/release/q4; DIR: where the reports go
set -uo pipefail
q4=$1
dir=$2
mkdir -p "$dir"

# Runs a step for at most so many seconds; its JSON and what it complained of stay in the folder.
step() {
    local name=$1 seconds=$2
    shift 2
    local start=$SECONDS
    timeout -k 2 "$seconds" "$q4" bench "$@" --json >"$dir/$name.json" 2>"$dir/$name.err"
    echo "$name: exit code $? after $((SECONDS - start)) s"
}

"$q4" doctor >"$dir/doctor.txt" 2>&1

for shape in 1x14336x4096 1x4096x4096 1x2048x2048 1x8192x8192 1x4096x14336; do
    step "decode-$shape" 60 --shapes $shape --kernels 'stream_*_g32_*,gemv_*_g32_subgroup*,coop4_w64_c8_v4_g32_subgroup,coop4,bicol,published_coop4,published_bicol' --seconds 0.05
done
for shape in 1x128256x4096 1x128256x2048; do
    step "decode-$shape" 60 --shapes $shape --seconds 0.1 \
        --kernels 'stream_*_c4*_g32_*,gemv_w128_c8*_g32_subgroup*,gemv_w128_c16*_g32_subgroup*,coop4,bicol,published_coop4,published_bicol'
done
for shape in 512x4096x4096 512x14336x4096 2048x4096x4096; do
    step "matrix-$shape" 25 --shapes $shape --kernels 'matrix_*_g32_*,panel_matrix_*_g32_*,staged_*_g32_f16' --baseline staged_128x64x16_t8x8_g32 --seconds 0.1
done
step staged 25 --shapes 512x4096x4096,128x4096x4096 --kernels 'staged_*_g32,gemm_64x64x16_t4x4_g32,gemm_128x64x8_t8x8_g32' \
    --baseline gemm_64x64x16_t4x4_g32 --seconds 0.1
for m in 2 4 8 16; do
    step "few-$m" 20 --m $m --n 14336 --k 4096 --kernels "stream_r*_g32_*,skinny_r${m}_*_g32_*,skinny_r16_w128_c32x4_v4_g32_*,skinny_matrix*_g32_*,held_matrix*_g32_*" \
        --baseline skinny_r16_w128_c32x4_v4_g32_subgroup --seconds 0.05
done
for shape in 1x14336x4096 1x4096x4096 1x2048x2048; do
    step "overlap-$shape" 20 --shapes $shape --overlap --seconds 0.05 \
        --kernels 'stream_*_g32_subgroup,gemv_w128_c8*_g32_*,gemv_w128_c16*_g32_*,gemv_w64_c4*_g32_subgroup,coop4,bicol,published_coop4,published_bicol'
done
step without 20 --shapes 1x14336x4096,1x4096x4096,1x8192x8192 --without subgroup,f16,matrix --seconds 0.05 \
    --kernels 'stream_*_g32_shared,gemv_w*_g32_shared,bicol,published_bicol'
