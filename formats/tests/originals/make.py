"""Makes the files beside this one: layers written by the tools that people quantise with, and what each tool dequantises them to.

    python make.py                 # all of them
    python make.py mlx gguf        # of some tools

`README.md` says what to install, `manifest.json` what was made. The weights are seeded random numbers, so that a second run writes the same bytes.
"""

import hashlib
import json
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
MANIFEST = HERE / "manifest.json"


def weights(n, k, seed, low=None):
    """Weights as trained ones are spread: most of them small, a few far out, columns of different sizes. With `low`, none is below it."""
    random = np.random.default_rng(seed)
    w = random.standard_t(4, (n, k)) * random.uniform(0.01, 0.04, (n, 1))
    outliers = random.integers(0, [n, k], (max(1, n * k // 500), 2))
    w[outliers[:, 0], outliers[:, 1]] *= 12
    if low is not None:
        w = np.abs(w) + low
    return w.astype(np.float32)


def bias(n, seed):
    return (np.random.default_rng(seed + 1000).standard_normal(n) * 0.1).astype(np.float32)


class Case:
    """A file or a folder of files, and the matrices that it has."""

    def __init__(self, name, tool, packages, path):
        self.path = HERE / path
        self.entry = {
            "case": name,
            "tool": tool,
            "version": ", ".join(f"{package} {version(package)}" for package in packages),
            "open": path,
            "matrices": {},
        }

    def matrix(self, name, dequantized, group_size=None, has_bias=False):
        """What the tool makes of a matrix of the file: `[N, K]`, floats."""
        w = np.ascontiguousarray(np.asarray(dequantized, dtype=np.float32)) + np.float32(0)
        self.entry["matrices"][name] = {
            "N": w.shape[0],
            "K": w.shape[1],
            "group_size": group_size,
            "has_bias": has_bias,
            "dequantized_sha256": hashlib.sha256(w.astype("<f4").tobytes()).hexdigest(),
            "last_row": [float(value) for value in w[-1, :6]],
        }

    def done(self):
        folder = self.path.parent if self.path.parent != HERE else None
        files = sorted(folder.rglob("*")) if folder else sorted(HERE.glob(self.path.name + "*"))
        for file in files:
            file.chmod(0o755 if file.is_dir() else 0o644)
        self.entry["files"] = [
            {
                "path": file.relative_to(HERE).as_posix(),
                "bytes": file.stat().st_size,
                "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            }
            for file in files
            if file.is_file()
        ]
        return self.entry


def folder(name):
    """An empty folder for a model."""
    path = HERE / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def of_torch(w):
    import torch

    return torch.from_numpy(np.array(w))


def linear(n, k, seed, has_bias=False, dtype=None, low=None):
    """A layer of torch."""
    import torch

    layer = torch.nn.Linear(k, n, bias=has_bias)
    with torch.no_grad():
        layer.weight.copy_(of_torch(weights(n, k, seed, low)))
        if has_bias:
            layer.bias.copy_(of_torch(bias(n, seed)))
    return layer.to(dtype or torch.float32)


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def bitsandbytes():
    """Layers of `Linear4bit`, saved by their own `state_dict`. They are dequantised by `dequantize_4bit` to f32."""
    import bitsandbytes as bnb
    import torch
    from bitsandbytes.backends.default.ops import _dequantize_4bit_compute
    from bitsandbytes.functional import dequantize_4bit
    from safetensors.torch import save_file

    up, down = "model.layers.0.mlp.up_proj", "model.layers.0.mlp.down_proj"

    def case(name, kind, layers, nested=False, storage=torch.uint8, dtype=torch.bfloat16, block=64):
        case = Case(
            name,
            "bitsandbytes.nn.Linear4bit.state_dict; functional.dequantize_4bit",
            ["bitsandbytes", "torch"],
            f"{name}/model.safetensors",
        )
        state = {}
        for layer, (n, k, seed) in layers.items():
            source = linear(n, k, seed, has_bias=layer == up, dtype=dtype)
            quantised = bnb.nn.Linear4bit(
                k,
                n,
                bias=layer == up,
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
            if layer == up:
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
            case.matrix(layer, dequantized, block, layer == up)
        save_file({key: value.contiguous() for key, value in state.items()}, folder(name) / "model.safetensors")
        return case.done()

    return [
        case("bitsandbytes-fp4", "fp4", {up: (48, 256, 1), down: (33, 128, 2)}),
        case("bitsandbytes-fp4-double", "fp4", {up: (96, 192, 3)}, nested=True, dtype=torch.float16),
        case("bitsandbytes-nf4-block128", "nf4", {up: (40, 256, 4)}, block=128),
        # As people store weights whose shards are to be of one type.
        case("bitsandbytes-nf4-double-bf16-storage", "nf4", {up: (32, 192, 5)}, nested=True, storage=torch.bfloat16),
        # Blocks run over the flattened matrix: here they reach over rows, and the last one is not full.
        case("bitsandbytes-fp4-over-rows", "fp4", {up: (21, 96, 6), down: (10, 160, 7)}),
    ]


def compressed_tensors():
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

    def case(name, arguments, layers, dtype=torch.bfloat16, shard="5GB", entry="model.safetensors"):
        case = Case(
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
        for layer, (n, k, seed, has_bias) in layers.items():
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
            case.matrix(layer, dequantized, size or k, has_bias)
        return case.done()

    def integers(**others):
        return {"num_bits": 4, "type": "int", **others}

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


TOOLS = [bitsandbytes, compressed_tensors]


def main():
    chosen = sys.argv[1:]
    unknown = set(chosen) - {tool.__name__ for tool in TOOLS}
    if unknown:
        sys.exit(f"{unknown}: choose of {[tool.__name__ for tool in TOOLS]}")
    cases = {case["case"]: case for case in json.loads(MANIFEST.read_text())["cases"]} if MANIFEST.exists() else {}
    for tool in TOOLS:
        if not chosen or tool.__name__ in chosen:
            cases |= {case["case"]: case for case in tool()}
    write_json(MANIFEST, {"cases": [cases[name] for name in sorted(cases)]})


if __name__ == "__main__":
    main()
