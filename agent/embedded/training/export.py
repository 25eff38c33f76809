"""The taught network as the small file that is shipped."""

from __future__ import annotations

import io
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from agent.embedded.model.encoding import STATES
from agent.embedded.training.network import WIDTH, Network

INPUTS = ("ids", "kinds", "fields", "options", "lines")
OUTPUTS = ("told", "start", "end", "option", "line")


class OneRow(nn.Module):
    """As it runs in service: one row at a time, nothing padded but the options."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: Tensor, kinds: Tensor, fields: Tensor, options: Tensor, lines: Tensor) -> tuple[Tensor, ...]:
        row = (part.unsqueeze(0) for part in (ids, kinds))
        asked = (part.unsqueeze(0) for part in (fields, options, lines))
        return tuple(part.squeeze(0) for part in self.network(*row, None, *asked))


def export(network: Network, path: Path) -> None:
    """Weights of the matrices as small integers, a scale for each of their columns."""
    network.eval()
    example = (
        torch.zeros(40, dtype=torch.long), torch.zeros(40, dtype=torch.long), torch.arange(1, 4),
        torch.ones(3, 2, dtype=torch.long), torch.arange(20, 25),
    )  # fmt: skip
    dims = {"ids": {0: "tokens"}, "kinds": {0: "tokens"}, "fields": {0: "fields"}, "lines": {0: "lines"},
            "options": {0: "fields", 1: "options"}}  # fmt: skip
    made = io.BytesIO()
    with torch.inference_mode():
        torch.onnx.export(
            OneRow(network), example, made, input_names=list(INPUTS), output_names=list(OUTPUTS),
            dynamic_axes=dims, opset_version=17, dynamo=False,
        )  # fmt: skip
    quantize_dynamic(
        _with_states(onnx.load_from_string(made.getvalue())),
        path,
        op_types_to_quantize=["MatMul"],
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
    )


def _with_states(model: onnx.ModelProto) -> onnx.ModelProto:
    """What the last layer makes of each token comes out as well; it is reckoned anyway."""
    last = [node.output[0] for node in model.graph.node if node.op_type == "LayerNormalization"][-1]
    for node in model.graph.node:
        for names in (node.input, node.output):
            for place, name in enumerate(names):
                if name == last:
                    names[place] = STATES
    model.graph.output.append(onnx.helper.make_tensor_value_info(STATES, onnx.TensorProto.FLOAT, [1, "tokens", WIDTH]))
    return model
