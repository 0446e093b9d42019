"""Layers that auto-round packs: as GPTQ and as AWQ, and as itself does without an index of groups. They are dequantised by their own product with the
identity, of scales that are f32."""

import torch
from auto_round.export.export_to_awq.utils import WQLinear_GEMM, dequantize_gemm
from auto_round_extension.torch import qlinear_torch, qlinear_torch_zp

from .common import linear, one_layer, ranges


def gptq(name, kind, index, n, k, size, seed, has_bias, config):
    """`kind` is the module of the layer: `qlinear_torch_zp` stores zero points less one, `qlinear_torch` as they are."""
    layer = linear(n, k, seed, has_bias)
    scales, zeros = ranges(layer.weight.data, size)
    made = kind.QuantLinear(4, size, k, n, has_bias, g_idx=index)
    made.device = "cpu"
    made.pack(layer, scales, zeros, None, "cpu")
    state = {key: value.clone() for key, value in made.state_dict().items()}
    made.scales, made.bias = made.scales.float(), None
    tool = f"{kind.__name__}.QuantLinear.pack; forward"
    config = {"bits": 4, "group_size": size, "sym": False} | config
    return one_layer(name, tool, ["auto-round", "torch"], state, config, made(torch.eye(k)).T, size, has_bias)


def awq(name, n, k, size, seed):
    layer = linear(n, k, seed, True)
    scales, zeros = (each.T.contiguous() for each in ranges(layer.weight.data, size))
    made = WQLinear_GEMM.from_linear(layer, 4, size, scales=scales, zeros=zeros, device="cpu")
    dequantized = dequantize_gemm(made.qweight, made.qzeros, made.scales.float(), 4, size)
    config = {"quant_method": "awq", "bits": 4, "group_size": size, "zero_point": True, "version": "gemm"}
    tool = "auto_round WQLinear_GEMM.from_linear; dequantize_gemm"
    return one_layer(name, tool, ["auto-round", "torch"], made.state_dict(), config, dequantized.T, size, True)


def cases():
    def own(packing):
        return {"quant_method": "auto-round", "packing_format": packing}

    return [
        gptq("gptq-auto-round", qlinear_torch_zp, True, 64, 128, 32, 71, True, {"quant_method": "gptq"}),
        gptq("gptq-auto-round-own", qlinear_torch, False, 32, 128, 64, 72, True, own("auto_round")),
        gptq("gptq-auto-round-no-index", qlinear_torch_zp, False, 32, 128, 32, 73, False, own("auto_round:auto_gptq")),
        awq("awq-auto-round", 40, 128, 64, 75),
    ]
