"""Layers that `ModelCompressor` packs. They are dequantised by its own decompression, of scales that are f32."""

import torch
from compressed_tensors.compressors import ModelCompressor
from compressed_tensors.compressors.base import BaseCompressor
from compressed_tensors.compressors.nvfp4.helpers import unpack_fp4_from_uint8
from compressed_tensors.quantization import (
    QuantizationArgs,
    QuantizationConfig,
    QuantizationScheme,
    apply_quantization_config,
)
from compressed_tensors.quantization.lifecycle.forward import dequantize
from compressed_tensors.quantization.utils import calculate_qparams, generate_gparam
from huggingface_hub import save_torch_state_dict

from .common import Case, folder, linear, write_json


def case(name, arguments, layers, dtype=torch.bfloat16, shard="5GB", entry="model.safetensors"):
    record = Case(
        name,
        "compressed_tensors ModelCompressor.compress_model; decompress",
        ["compressed-tensors", "torch"],
        f"{name}/{entry}",
    )
    scheme = QuantizationScheme(targets=["Linear"], weights=QuantizationArgs(**arguments))
    model = torch.nn.Module()
    for layer, (n, k, seed, has_bias) in layers.items():
        model.add_module(layer, linear(n, k, seed, has_bias, dtype, low=0.01 if layer == "positive" else None))
    apply_quantization_config(model, QuantizationConfig(config_groups={"group_0": scheme}))
    size = scheme.weights.group_size
    for layer, (n, k, *_) in layers.items():
        module = getattr(model, layer)
        groups = module.weight.data.reshape(n, -1, size) if size else module.weight.data.reshape(n, 1, k)
        least, most = groups.amin(-1), groups.amax(-1)
        shared = None
        if hasattr(module, "weight_global_scale"):
            shared = generate_gparam(module.weight.data.min(), module.weight.data.max())
            module.weight_global_scale.data = shared
        scale, zero = calculate_qparams(least, most, scheme.weights, global_scale=shared)
        module.weight_scale.data = scale.to(module.weight_scale.dtype)
        if hasattr(module, "weight_zero_point"):
            module.weight_zero_point.data = zero.to(module.weight_zero_point.dtype)
    compressor = ModelCompressor.from_pretrained_model(model)
    compressor.compress_model(model)
    path = folder(name)
    state = {key: value.clone() for key, value in model.state_dict().items()}
    save_torch_state_dict(state, path, max_shard_size=shard)
    write_json(path / "config.json", {"architectures": ["LlamaForCausalLM"]})
    compressor.update_config(path)
    kind = BaseCompressor.get_value_from_registry(model.get_submodule(next(iter(layers))).quantization_scheme.format)
    for layer, (n, k, _, has_bias) in layers.items():
        module = model.get_submodule(layer)
        state = dict(module.state_dict())
        if scheme.weights.type == "float":
            # What `decompress` does, without rounding the weights to bfloat16 at its end.
            dequantized = dequantize(
                unpack_fp4_from_uint8(state["weight_packed"], n, k, torch.float32),
                kind._decompress_scale(state["weight_scale"], torch.float32),
                args=scheme.weights,
                global_scale=state.get("weight_global_scale"),
                dtype=torch.float32,
            )
        else:
            state["weight_scale"] = state["weight_scale"].float()
            dequantized = kind.decompress(state, scheme)["weight"]
        record.matrix(layer, dequantized, size or k, has_bias)
    return record.done()


def integers(**others):
    return {"num_bits": 4, "type": "int", **others}


def cases():
    return [
        case(
            "compressed-tensors-asym-group",
            integers(symmetric=False, strategy="group", group_size=32),
            {"up_proj": (44, 256, 11, True), "down_proj": (16, 128, 12, False), "positive": (13, 64, 13, False)},
        ),
        case(
            "compressed-tensors-asym-channel",
            integers(symmetric=False, strategy="channel"),
            {"up_proj": (30, 200, 14, False), "down_proj": (16, 156, 15, True)},
            torch.float16,
        ),
        case(
            "compressed-tensors-sym-channel",
            integers(symmetric=True, strategy="channel"),
            {"up_proj": (24, 128, 16, False)},
        ),
        case(
            "compressed-tensors-sharded",
            integers(symmetric=False, strategy="group", group_size=128),
            {"up_proj": (32, 256, 18, True), "gate_proj": (32, 256, 19, False), "down_proj": (32, 256, 20, False)},
            shard=5000,
            entry="model.safetensors.index.json",
        ),
        case(
            "compressed-tensors-nvfp4",
            {
                "num_bits": 4,
                "type": "float",
                "symmetric": True,
                "strategy": "tensor_group",
                "group_size": 16,
                "scale_dtype": "torch.float8_e4m3fn",
            },
            {"up_proj": (24, 128, 21, False)},
        ),
        case(
            "compressed-tensors-mxfp4",
            {
                "num_bits": 4,
                "type": "float",
                "symmetric": True,
                "strategy": "group",
                "group_size": 32,
                "scale_dtype": "torch.uint8",
            },
            {"up_proj": (24, 128, 22, False)},
        ),
    ]
