"""The modules that PyTorch's users would write for a workload's layers, with the workload's first weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from benchmarks.workloads.workload import Array, Workload

Settings = Mapping[str, Any]
Arrays = Mapping[str, Array]


class LastStep(nn.Module):
    """A recurrent module's output at the last step."""

    def __init__(self, recurrent: nn.LSTM) -> None:
        super().__init__()
        self.recurrent = recurrent

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`(B, T, F)` to `(B, H)`."""
        _, (hidden, _) = self.recurrent(x)
        return hidden[-1]


class MeanOverSteps(nn.Module):
    """The average over the steps."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`(B, T, F)` to `(B, F)`."""
        return x.mean(dim=1)


class ChannelsFirst(nn.Module):
    """A view of images as PyTorch wants them; in memory the channels stay last."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`(B, H, W, C)` to `(B, C, H, W)`."""
        return x.permute(0, 3, 1, 2)


class FlattenChannelsLast(nn.Module):
    """Images in the `channels_last` format as rows, without the copy that `nn.Flatten` would make of them."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`(B, C, H, W)` to `(B, H * W * C)`."""
        return x.permute(0, 2, 3, 1).flatten(1)


def network(workload: Workload) -> nn.Sequential:
    """The workload's network. Convolutions in the `channels_last` format: a step of `cnn` takes 0.7 of the time."""
    made: list[nn.Module] = [ChannelsFirst()] if len(workload.shape) == 3 else []
    weights = workload.weights()
    for index, settings in enumerate(workload.layers()):
        prefix = f"{index}."
        arrays = {name.removeprefix(prefix): array for name, array in weights.items() if name.startswith(prefix)}
        made += MAKERS[settings["type"]](settings, arrays)
    return nn.Sequential(*made).to(memory_format=torch.channels_last)


def _dense(settings: Settings, arrays: Arrays) -> list[nn.Module]:
    layer = nn.Linear(*arrays["weight"].shape)
    _start(layer, {"weight": arrays["weight"].T})
    return [layer, *_relu(settings)]


def _conv2d(settings: Settings, arrays: Arrays) -> list[nn.Module]:
    weight = arrays["weight"].transpose(3, 2, 0, 1)  # (rows, columns, in, out) -> (out, in, rows, columns)
    layer = nn.Conv2d(weight.shape[1], weight.shape[0], settings["kernel_size"])
    _start(layer, {"weight": weight})
    return [layer, *_relu(settings)]


def _max_pool2d(settings: Settings, arrays: Arrays) -> list[nn.Module]:
    return [nn.MaxPool2d(settings["pool_size"])]


def _flatten(settings: Settings, arrays: Arrays) -> list[nn.Module]:
    return [FlattenChannelsLast()]


def _dropout(settings: Settings, arrays: Arrays) -> list[nn.Module]:
    return [nn.Dropout(settings["rate"])]


def _lstm(settings: Settings, arrays: Arrays) -> list[nn.Module]:
    """Of PyTorch's two biases, which add up, the second stays 0: trained both, they would move at twice the rate."""
    weight, recurrent, bias = (arrays[f"0.forward.{name}"] for name in ("weight", "recurrent_weight", "bias"))
    layer = nn.LSTM(len(weight), settings["units"], batch_first=True)
    _start(layer, {"weight_ih_l0": weight.T, "weight_hh_l0": recurrent.T, "bias_ih_l0": bias})
    layer.bias_hh_l0.requires_grad_(False)
    return [LastStep(layer)]


def _transformer_encoder(settings: Settings, arrays: Arrays) -> list[nn.Module]:
    attention, hidden, outer = "0.branch.0", "2.branch.0", "2.branch.1"
    layer = nn.TransformerEncoderLayer(
        len(arrays["1.gamma"]),
        settings["heads"],
        settings["feed_forward"],
        dropout=settings["dropout"],
        activation=settings["activation"],
        batch_first=True,
        norm_first=settings["norm_first"],
    )
    first = {
        "self_attn.in_proj_weight": arrays[f"{attention}.weight"].T,
        "self_attn.out_proj.weight": arrays[f"{attention}.output_weight"].T,
        "linear1.weight": arrays[f"{hidden}.weight"].T,
        "linear2.weight": arrays[f"{outer}.weight"].T,
        "norm1.weight": arrays["1.gamma"],
        "norm2.weight": arrays["3.gamma"],
    }
    _start(layer, first)
    return [layer]


def _global_avg_pool1d(settings: Settings, arrays: Arrays) -> list[nn.Module]:
    return [MeanOverSteps()]


MAKERS: dict[str, Callable[[Settings, Arrays], list[nn.Module]]] = {
    "dense": _dense,
    "conv2d": _conv2d,
    "max_pool2d": _max_pool2d,
    "flatten": _flatten,
    "dropout": _dropout,
    "lstm": _lstm,
    "transformer_encoder": _transformer_encoder,
    "global_avg_pool1d": _global_avg_pool1d,
}


def _relu(settings: Settings) -> list[nn.Module]:
    return [nn.ReLU(inplace=True)] if settings.get("activation") == "relu" else []


def _start(module: nn.Module, first: Arrays) -> None:
    """Copies these arrays into the parameters of their names, 0 into all others."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        for name, array in first.items():
            module.get_parameter(name).copy_(torch.from_numpy(array))
