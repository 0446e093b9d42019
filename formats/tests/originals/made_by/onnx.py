"""Models of onnx's own packing and of the quantisers of ONNX Runtime, which dequantises them: by itself, or in a product with the identity."""

import ml_dtypes
import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer

from .common import HERE, Case, bias, weights


def model(nodes, constants, k, n, dtype=TensorProto.FLOAT, opset=21):
    graph = helper.make_graph(
        nodes,
        "layers",
        [helper.make_tensor_value_info("x", dtype, ["M", k])],
        [helper.make_tensor_value_info("y", dtype, ["M", n])],
        constants,
    )
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


def identity_product(model, k):
    """What a model, or the file of one, makes of the identity."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session.run(["y"], {"x": np.eye(k, dtype=np.float32)})[0].T


def save(name, made, external=False):
    path = HERE / f"{name}.onnx"
    data = HERE / f"{name}.onnx_data"
    data.unlink(missing_ok=True)
    if external:
        onnx.save(made, path, save_as_external_data=True, location=data.name, size_threshold=0)
    else:
        onnx.save(made, path)
    return path


def qdq(name, data_type, n, k, block, turned, zeros, raw, external=False):
    """A matrix in blocks along its inputs, packed by `onnx.helper`."""
    record = Case(name, "onnx.helper.make_tensor, onnx.save; onnxruntime", ["onnx", "onnxruntime"], f"{name}.onnx")
    signed = data_type == TensorProto.INT4
    random = np.random.default_rng(n + k)
    low, high = (-8, 8) if signed else (0, 16)
    blocks = -(-k // block)
    shape, scale_shape = ((n, k), (n, blocks)) if turned else ((k, n), (blocks, n))
    q = random.integers(low, high, shape)
    scales = random.uniform(0.001, 0.02, scale_shape).astype(np.float32)
    zero = random.integers(low, high, scale_shape)
    element = ml_dtypes.int4 if signed else ml_dtypes.uint4

    def nibbles(name, values):
        if raw:
            return onnx.numpy_helper.from_array(values.astype(element), name)
        return helper.make_tensor(name, data_type, values.shape, values.flatten().tolist())

    constants = [nibbles("up_proj.weight", q), onnx.numpy_helper.from_array(scales, "scales")]
    inputs = ["up_proj.weight", "scales"]
    if zeros:
        constants.append(nibbles("zeros", zero))
        inputs.append("zeros")
    axis = 1 if turned else 0
    nodes = [helper.make_node("DequantizeLinear", inputs, ["w"], axis=axis, block_size=block)]
    if turned:
        nodes.append(helper.make_node("Transpose", ["w"], ["t"], perm=[1, 0]))
    nodes.append(helper.make_node("MatMul", ["x", "t" if turned else "w"], ["y"]))
    path = save(name, model(nodes, constants, k, n), external)
    record.matrix("up_proj", identity_product(path, k), block)
    return record.done()


def n_bits(name, n, k, block, symmetric, dtype, seed):
    """A matrix in the operator `MatMulNBits`."""
    record = Case(name, "onnxruntime MatMulNBitsQuantizer; onnxruntime", ["onnx", "onnxruntime"], f"{name}.onnx")
    w = weights(n, k, seed).T.astype(dtype)
    constants = [onnx.numpy_helper.from_array(np.ascontiguousarray(w), "up_proj.weight")]
    onnx_type = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    float_model = model([helper.make_node("MatMul", ["x", "up_proj.weight"], ["y"], "up")], constants, k, n, onnx_type)
    quantiser = MatMulNBitsQuantizer(
        float_model, algo_config=DefaultWeightOnlyQuantConfig(block_size=block, is_symmetric=symmetric)
    )
    quantiser.process()
    quantised = quantiser.model.model
    save(name, quantised)
    # A copy whose scales are f32, since the product of a model of f16 is rounded once more.
    for tensor in quantised.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT16:
            tensor.CopyFrom(
                onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor).astype(np.float32), tensor.name)
            )
    for value in [*quantised.graph.input, *quantised.graph.output]:
        value.type.tensor_type.elem_type = TensorProto.FLOAT
    record.matrix("up_proj", identity_product(quantised.SerializeToString(), k), block)
    return record.done()


def static():
    """Weights of INT4 by output and inputs of UINT8, as `quantize_static` writes them."""
    name, n, k = "onnx-static-int4", 20, 48
    record = Case(name, "onnxruntime quantize_static; onnxruntime", ["onnx", "onnxruntime"], f"{name}.onnx")
    constants = [
        onnx.numpy_helper.from_array(np.ascontiguousarray(weights(n, k, 61).T), "up_proj.weight"),
        onnx.numpy_helper.from_array(bias(n, 61), "b"),
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "up_proj.weight"], ["p"], "up"),
        helper.make_node("Add", ["p", "b"], ["y"], "add"),
    ]
    source = HERE / "float.onnx.tmp"
    onnx.save(model(nodes, constants, k, n), source)

    class Inputs(CalibrationDataReader):
        def __init__(self):
            self.all = iter([{"x": np.random.default_rng(62).standard_normal((4, k)).astype(np.float32)}])

        def get_next(self):
            return next(self.all, None)

    path = HERE / f"{name}.onnx"
    quantize_static(
        source,
        path,
        Inputs(),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt4,
        per_channel=True,
        extra_options={"MatMulConstBOnly": True},
    )
    source.unlink()
    quantised = onnx.load(path)
    # The dequantised weights are an output of a copy: the product of inputs that are quantised would not show them.
    dequantized = next(node.output[0] for node in quantised.graph.node if node.input[0].startswith("up_proj.weight"))
    quantised.graph.output.append(helper.make_tensor_value_info(dequantized, TensorProto.FLOAT, [k, n]))
    session = ort.InferenceSession(quantised.SerializeToString(), providers=["CPUExecutionProvider"])
    w = session.run([dequantized], {"x": np.zeros((1, k), np.float32)})[0]
    # Its product is rounded before the bias is added, so the bias is not the layer's.
    record.matrix("up_proj", w.T, k)
    return record.done()


def cases():
    return [
        qdq("onnx-int4-blocks", TensorProto.INT4, 19, 96, 32, False, False, raw=False),
        qdq("onnx-uint4-zeros", TensorProto.UINT4, 19, 96, 32, False, True, raw=False),
        qdq("onnx-int4-turned", TensorProto.INT4, 21, 64, 16, True, True, raw=True),
        qdq("onnx-uint4-elsewhere", TensorProto.UINT4, 24, 128, 64, True, True, raw=True, external=True),
        n_bits("onnx-nbits-f16", 24, 96, 32, True, np.float16, 51),
        n_bits("onnx-nbits-zeros-part", 19, 200, 64, False, np.float32, 52),
        static(),
    ]
