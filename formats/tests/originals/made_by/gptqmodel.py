"""A layer that GPTQModel packs in the second version of GPTQ's format, its inputs in the order of activation. It is dequantised by `dequantize_weight`, of
scales that are f32."""

import numpy as np
import torch
from gptqmodel.nn_modules.qlinear.torch import TorchLinear

from .common import linear, one_layer, ranges


def cases():
    n, k, size = 64, 128, 32
    layer = linear(n, k, 74)
    order = torch.from_numpy(np.random.default_rng(74).permutation(k))
    index = torch.empty(k, dtype=torch.int32)
    index[order] = torch.arange(k, dtype=torch.int32) // size
    scales, zeros = ranges(layer.weight.data[:, order], size)
    made = TorchLinear(bits=4, group_size=size, sym=False, desc_act=True, in_features=k, out_features=n)
    made.pack_original(layer, scales, zeros, index)
    state = {key: made.state_dict()[key].clone() for key in ["qweight", "qzeros", "scales", "g_idx"]}
    made.post_init()
    made.scales = made.scales.float()
    config = {
        "quant_method": "gptq",
        "checkpoint_format": "gptq_v2",
        "bits": 4,
        "group_size": size,
        "desc_act": True,
        "sym": False,
    }
    tool = "gptqmodel TorchLinear.pack_original; dequantize_weight"
    dequantized = made.dequantize_weight().T
    return [one_layer("gptq-v2", tool, ["gptqmodel", "torch"], state, config, dequantized, size, False)]
