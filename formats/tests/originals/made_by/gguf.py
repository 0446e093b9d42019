"""Tensors that gguf-py quantises, or random blocks of types that it only reads. They are dequantised by `gguf.quants.dequantize`."""

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import GGUFWriter
from gguf.quants import dequantize, quantize

from .common import HERE, Case, bias, weights


def halves(blocks, *at):
    """Blocks of random bytes whose halves at some places are scales, as any that were trained."""
    random = np.random.default_rng(len(blocks) + blocks.shape[1])
    for place in at:
        scales = random.uniform(0.0005, 0.003, len(blocks)).astype("<f2")
        blocks[:, place : place + 2] = scales.view(np.uint8).reshape(-1, 2)
    return blocks


def blocks(n, count, size, *at):
    random = np.random.default_rng(size)
    return halves(random.integers(0, 256, (n * count, size), dtype=np.uint8), *at).reshape(n, -1)


def case(name, tensors, alignment=None):
    path = HERE / f"{name}.gguf"
    record = Case(name, "gguf GGUFWriter, quants.quantize; quants.dequantize", ["gguf"], path.name)
    writer = GGUFWriter(path, "llama")
    if alignment:
        writer.add_custom_alignment(alignment)
    for tensor, (kind, data, has_bias) in tensors.items():
        dequantized = dequantize(data, kind) if kind != Type.F32 else data
        writer.add_tensor(f"{tensor}.weight", data, raw_dtype=kind)
        if has_bias:
            writer.add_tensor(f"{tensor}.bias", bias(len(data), 40))
        record.matrix(tensor, dequantized, has_bias=has_bias)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return record.done()


def quantised(kind, n, k, seed, has_bias=False):
    return kind, quantize(weights(n, k, seed), kind), has_bias


def cases():
    return [
        case(
            "gguf-quantised",
            {
                "blk.0.attn_q": quantised(Type.Q4_0, 24, 256, 41, True),
                "blk.0.attn_k": quantised(Type.Q4_1, 12, 256, 42),
                "blk.0.attn_v": quantised(Type.Q5_0, 12, 256, 43),
                "blk.0.attn_output": quantised(Type.Q5_1, 12, 256, 44),
                "blk.0.ffn_up": quantised(Type.Q8_0, 12, 256, 45),
                "blk.0.ffn_gate": quantised(Type.BF16, 8, 96, 46),
                "blk.0.ffn_down": quantised(Type.F16, 8, 96, 47),
                "output": (Type.F32, weights(5, 33, 48), False),
            },
        ),
        case(
            "gguf-blocks",
            {
                "blk.0.attn_q": (Type.Q4_K, blocks(10, 2, 144, 0, 2), False),
                "blk.0.attn_k": (Type.Q5_K, blocks(4, 2, 176, 0, 2), True),
                "blk.0.attn_v": (Type.Q6_K, blocks(4, 2, 210, 208), False),
                "blk.0.attn_output": (Type.IQ4_NL, blocks(9, 5, 18, 0), False),
                "blk.0.ffn_up": (Type.IQ4_XS, blocks(6, 1, 136, 0), False),
                "blk.0.ffn_gate": (Type.MXFP4, np.minimum(blocks(7, 3, 17), 250), False),
                "blk.0.ffn_down": (Type.NVFP4, blocks(6, 2, 36) & 0x77, False),
            },
            alignment=128,
        ),
    ]
