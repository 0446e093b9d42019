"""Layers of `mlx.nn.quantize`, saved by `save_weights`. They are dequantised by `mlx.core.dequantize`, of scales that are f32."""

import mlx.core as mx
import numpy as np
from mlx import nn

from .common import Case, bias, folder, weights, write_json


def case(name, mode, size, dtype, n, k, seed, has_bias):
    record = Case(
        name, "mlx.nn.quantize, Module.save_weights; mlx.core.dequantize", ["mlx"], f"{name}/model.safetensors"
    )
    model = nn.Module()
    model.up_proj = nn.Linear(k, n, bias=has_bias)
    model.up_proj.weight = mx.array(weights(n, k, seed)).astype(dtype)
    if has_bias:
        model.up_proj.bias = mx.array(bias(n, seed)).astype(dtype)
    nn.quantize(model, group_size=size, bits=4, mode=mode)
    path = folder(name)
    model.save_weights(str(path / "model.safetensors"))
    quantization = {"group_size": size, "bits": 4} | ({} if mode == "affine" else {"mode": mode})
    write_json(path / "config.json", {"quantization": quantization})
    layer = model.up_proj
    scales, biases = layer.scales, layer.get("biases")
    if mode == "affine":
        scales, biases = scales.astype(mx.float32), biases.astype(mx.float32)
        dequantized = mx.dequantize(layer.weight, scales, biases, size, 4)
    else:
        dequantized = mx.dequantize(layer.weight, scales, group_size=size, bits=4, mode=mode, dtype=mx.float32)
    record.matrix("up_proj", np.array(dequantized), size, has_bias)
    return record.done()


def cases():
    return [
        case("mlx-affine-bf16", "affine", 64, mx.bfloat16, 40, 256, 31, True),
        case("mlx-affine-f16", "affine", 32, mx.float16, 40, 128, 32, False),
        case("mlx-mxfp4", "mxfp4", 32, mx.bfloat16, 24, 256, 33, True),
        case("mlx-nvfp4", "nvfp4", 16, mx.bfloat16, 24, 256, 34, False),
    ]
