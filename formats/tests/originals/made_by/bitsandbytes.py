"""Layers of `Linear4bit`, saved by their own `state_dict`. They are dequantised by `dequantize_4bit` to f32."""

import bitsandbytes as bnb
import torch
from bitsandbytes.backends.default.ops import _dequantize_4bit_compute
from bitsandbytes.functional import dequantize_4bit
from safetensors.torch import save_file

from .common import Case, folder, linear

UP, DOWN = "model.layers.0.mlp.up_proj", "model.layers.0.mlp.down_proj"


def case(name, kind, layers, nested=False, storage=torch.uint8, dtype=torch.bfloat16, block=64):
    record = Case(
        name,
        "bitsandbytes.nn.Linear4bit.state_dict; functional.dequantize_4bit",
        ["bitsandbytes", "torch"],
        f"{name}/model.safetensors",
    )
    state = {}
    for layer, (n, k, seed) in layers.items():
        source = linear(n, k, seed, has_bias=layer == UP, dtype=dtype)
        quantised = bnb.nn.Linear4bit(
            k,
            n,
            bias=layer == UP,
            compute_dtype=dtype,
            compress_statistics=nested,
            quant_type=kind,
            quant_storage=storage,
        )
        quantised.weight = bnb.nn.Params4bit(
            source.weight.data,
            requires_grad=False,
            compress_statistics=nested,
            quant_type=kind,
            quant_storage=storage,
            blocksize=block,
        )
        if layer == UP:
            quantised.bias = source.bias
        quantised.to("cpu")
        weight = quantised.weight
        state |= {f"{layer}.{key}": value for key, value in quantised.state_dict().items()}
        quant_state = weight.quant_state
        quant_state.dtype = torch.float32
        if k % block:
            # The kernels for processors of 0.50 begin a block with every row, which is not how it is quantised; the plain way does not.
            dequantized = _dequantize_4bit_compute(
                weight.data.flatten(), quant_state.absmax, quant_state.code, block, (n, k), torch.float32
            )
        else:
            dequantized = dequantize_4bit(weight.data, quant_state)
        record.matrix(layer, dequantized, block, layer == UP)
    save_file({key: value.contiguous() for key, value in state.items()}, folder(name) / "model.safetensors")
    return record.done()


def cases():
    return [
        case("bitsandbytes-fp4", "fp4", {UP: (48, 256, 1), DOWN: (33, 128, 2)}),
        case("bitsandbytes-fp4-double", "fp4", {UP: (96, 192, 3)}, nested=True, dtype=torch.float16),
        case("bitsandbytes-nf4-block128", "nf4", {UP: (40, 256, 4)}, block=128),
        # As people store weights whose shards are to be of one type.
        case("bitsandbytes-nf4-double-bf16-storage", "nf4", {UP: (32, 192, 5)}, nested=True, storage=torch.bfloat16),
        # Blocks run over the flattened matrix: here they reach over rows, and the last one is not full.
        case("bitsandbytes-fp4-over-rows", "fp4", {UP: (21, 96, 6), DOWN: (10, 160, 7)}),
    ]
