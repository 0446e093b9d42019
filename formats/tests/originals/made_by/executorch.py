"""Layers that torchao quantises and executorch packs for its Vulkan kernels (`et_vk.linear_q4gsw`). They are dequantised by that operator, as its product with
the identity. The container and its names are this project's: executorch keeps such tensors in a program of its own."""

import torch
from executorch.backends.vulkan import custom_ops_lib  # noqa: F401, for its operators
from executorch.backends.vulkan.patterns.quantized_linear import compute_per_group_sums
from executorch.backends.vulkan.patterns.weight_packing_utils import pack_4bit_weight_tensor
from safetensors.torch import save_file
from torchao.quantization.quant_primitives import MappingType, choose_qparams_affine, quantize_affine

from .common import HERE, Case, linear


def case(name, n, k, size, seed, has_bias):
    record = Case(
        name,
        "torchao quantize_affine, executorch pack_4bit_weight_tensor; et_vk.linear_q4gsw",
        ["executorch", "torchao", "torch"],
        f"{name}.safetensors",
    )
    layer = linear(n, k, seed, has_bias)
    weight, block = layer.weight.data, (1, size)
    scales, zeros = choose_qparams_affine(
        weight, MappingType.SYMMETRIC, block, torch.int8, -8, 7, scale_dtype=torch.float32
    )
    q = quantize_affine(weight, block, scales, zeros, torch.int8, -8, 7)
    scales = scales.reshape(n, -1)
    packed = pack_4bit_weight_tensor(q)

    def padded(values):
        """What the pass of executorch does to scales and bias: the last dimension is a multiple of 4."""
        return torch.nn.functional.pad(values, (0, -n % 4))

    state = {
        "up_proj.weight": packed,
        "up_proj.scales": padded(scales.T),
        "up_proj.weight_sums": compute_per_group_sums(q, size),
    }
    if has_bias:
        state["up_proj.bias"] = padded(layer.bias.data)
    save_file({key: value.contiguous() for key, value in state.items()}, HERE / f"{name}.safetensors")
    dequantized = torch.ops.et_vk.linear_q4gsw(torch.eye(k), packed, scales.T.contiguous(), size).T
    record.matrix("up_proj", dequantized, size, has_bias)
    return record.done()


def cases():
    return [
        case("q4gsw-executorch", 32, 128, 32, 91, True),
        case("q4gsw-executorch-ragged", 21, 192, 64, 92, True),
        case("q4gsw-executorch-no-bias", 16, 128, 128, 93, False),
    ]
