"""What the files of all tools have: weights, a place, and a record of what they dequantise to."""

import hashlib
import json
import shutil
from importlib.metadata import version
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent.parent


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


def linear(n, k, seed, has_bias=False, dtype=None, low=None):
    """A layer of torch."""
    import torch

    layer = torch.nn.Linear(k, n, bias=has_bias)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weights(n, k, seed, low)))
        if has_bias:
            layer.bias.copy_(torch.from_numpy(bias(n, seed)))
    return layer.to(dtype or torch.float32)


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def ranges(w, group_size):
    """Scales and zero points of groups along the inputs, both `[N, K / group_size]`: the least and the most number of a group, and 0, are levels. No zero
    point is 0, which the first version of GPTQ's format does not have."""
    import torch

    groups = w.reshape(w.shape[0], -1, group_size)
    least, most = groups.amin(-1).clamp(max=0), groups.amax(-1).clamp(min=0)
    scales = ((most - least) / 15).half().float()
    return scales, torch.round(-least / scales).clamp(1, 15)


def one_layer(name, tool, packages, state, config, dequantized, group_size, has_bias):
    """A model of one layer and its configuration, as the `transformers` load it."""
    from safetensors.torch import save_file

    record = Case(name, tool, packages, f"{name}/model.safetensors")
    path = folder(name)
    save_file({f"up_proj.{key}": value.contiguous() for key, value in state.items()}, path / "model.safetensors")
    write_json(path / "config.json", {"quantization_config": config})
    record.matrix("up_proj", dequantized, group_size, has_bias)
    return record.done()
