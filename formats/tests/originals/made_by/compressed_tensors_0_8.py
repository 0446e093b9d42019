"""A layer as the first versions of compressed-tensors packed it: zero points are a signed byte each, and inputs may be in the order of activation. It is
dequantised by its own `decompress_weight`, of scales that are f32."""

import numpy as np
import torch
from compressed_tensors.compressors.quantized_compressors.pack_quantized import PackedQuantizationCompressor
from compressed_tensors.quantization import QuantizationArgs
from compressed_tensors.quantization.utils import calculate_qparams

from .common import linear, one_layer


def layer(name, n, k, size, seed, symmetric):
    weight = linear(n, k, seed).weight.data.bfloat16()
    arguments = QuantizationArgs(num_bits=4, symmetric=symmetric, strategy="group", group_size=size, actorder="group")
    order = torch.from_numpy(np.random.default_rng(seed).permutation(k))
    index = torch.empty(k, dtype=torch.int32)
    index[order] = torch.arange(k, dtype=torch.int32) // size
    groups = weight[:, order].reshape(n, -1, size)
    scale, zero = calculate_qparams(groups.amin(-1), groups.amax(-1), arguments)
    compressor = PackedQuantizationCompressor()
    state = compressor.compress_weight(weight, scale, zero, index, arguments) | {
        "weight_scale": scale,
        "weight_g_idx": index,
    }
    if not symmetric:
        state["weight_zero_point"] = zero.to(torch.int8)
    dequantized = compressor.decompress_weight(state | {"weight_scale": scale.float()}, arguments)
    weights = {"num_bits": 4, "type": "int", "strategy": "group", "group_size": size, "symmetric": symmetric}
    config = {
        "quant_method": "compressed-tensors",
        "format": "pack-quantized",
        "config_groups": {"group_0": {"targets": ["Linear"], "weights": weights | {"actorder": "group"}}},
    }
    tool = "compressed_tensors PackedQuantizationCompressor.compress_weight; decompress_weight"
    return one_layer(name, tool, ["compressed-tensors", "torch"], state, config, dequantized, size, False)


def cases():
    return [
        layer("compressed-tensors-0.8-asym-ordered", 21, 128, 32, 81, False),
        layer("compressed-tensors-0.8-sym-ordered", 16, 128, 64, 82, True),
    ]
