"""Makes the files beside this one: layers written by the tools that people quantise with, and what each tool dequantises them to.

    python make.py                 # of all tools of the first environment
    python make.py mlx gguf        # of some tools

`README.md` says what to install, `manifest.json` what was made. The weights are seeded random numbers, so that a second run writes the same bytes.
"""

import importlib
import json
import sys

from made_by.common import HERE, write_json

MANIFEST = HERE / "manifest.json"

TOOLS = ["auto_round", "bitsandbytes", "compressed_tensors", "executorch", "gguf", "gptqmodel", "mlx", "onnx"]
# Those that need a version of a package of which another tool needs another.
ALONE = ["compressed_tensors_0_8"]


def main():
    chosen = sys.argv[1:] or TOOLS
    unknown = set(chosen) - {*TOOLS, *ALONE}
    if unknown:
        sys.exit(f"{unknown}: choose of {TOOLS + ALONE}")
    cases = {case["case"]: case for case in json.loads(MANIFEST.read_text())["cases"]} if MANIFEST.exists() else {}
    for tool in chosen:
        cases |= {case["case"]: case for case in importlib.import_module(f"made_by.{tool}").cases()}
    write_json(MANIFEST, {"cases": [cases[name] for name in sorted(cases)]})


if __name__ == "__main__":
    main()
