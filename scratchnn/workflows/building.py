"""From a config and the data's facts to a network and its loss."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from scratchnn.config.schema import Config
from scratchnn.data.encoder import Encoder
from scratchnn.data.preparation import CheckNumbers
from scratchnn.data.tables import is_number
from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.arena import walk_params
from scratchnn.nn.chain import Chain
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.layers.composite import Repeat, Sequential
from scratchnn.nn.losses import MSE, BinaryCrossEntropy, CrossEntropy, Loss, TargetSpec
from scratchnn.nn.metrics import Metric, default_metrics
from scratchnn.nn.network import Network


@dataclass(frozen=True)
class Built:
    """What a config means for data of one kind."""

    network: Network
    loss: Loss
    target: TargetSpec


def build(config: Config, inputs: InputSpec, target: TargetSpec) -> Built:
    """The network, not initialized, and its loss. Raises `ShapeError` and `ConfigError` with key paths as places."""
    loss = resolve_loss(config.loss, target)
    try:
        size = loss.output_size(target)
    except ShapeError as error:
        raise ShapeError(error.message, where=f"loss.{error.where}".rstrip("."), hint=error.hint) from None
    model = config.model
    layers = [*model.layers[:-1], model.layers[-1].with_outputs(size)]
    _refuse_output_activation(layers[-1], len(layers) - 1, loss)
    try:
        network = Network(layers, inputs, init=model.init, init_by_name=model.init_by_name, dtype=model.dtype)
    except (MemoryError, OverflowError, ValueError) as error:  # NumPy raises each of them, by the size
        raise _too_large(layers, inputs) from error
    if network.outputs.shape != (size,):
        got = network.outputs.shape
        message = f"({layers[-1].tag()}) gives outputs {got}, but {loss.tag()} needs ({size},) for this target"
        of_steps = layers[-1].tag() == "dense" and len(got) > 1  # it worked on the last axis alone
        hint = 'Add "flatten" before it.' if of_steps else "End with {type: dense, units: auto}."
        raise ShapeError(message, where=f"model.layers[{len(layers) - 1}]", hint=hint)
    return Built(network, loss, target)


def build_for(config: Config, encoder: Encoder) -> Built:
    """The same for data that was prepared."""
    built = build(config, InputSpec(encoder.input_shape), target_spec(encoder))
    if encoder.scales_targets and built.loss.wants_raw_targets():
        message = f"{built.loss.tag()} needs the targets as they are in the data, but they are scaled"
        raise ConfigError(message, where="loss", hint="Set data.target_scale: none.")
    texts = [name for name in encoder.classes if not is_number(name)]
    if texts and config.data.class_order is None and built.loss.wants_ordered_classes():
        message = f'{built.loss.tag()} needs the order of the classes, but "{texts[0]}" is a text'
        names = ", ".join(encoder.classes)
        raise ConfigError(message, where="loss", hint=f"Set data.class_order: [{names}], lowest first.")
    return built


def target_check(config: Config) -> CheckNumbers | None:
    """What the config's loss demands of targets that are numbers; the losses of `auto` take any."""
    return config.loss.check_numbers if isinstance(config.loss, Loss) else None


def target_spec(encoder: Encoder) -> TargetSpec:
    """What the engine needs to know of the target."""
    return TargetSpec(classes=len(encoder.classes), columns=encoder.target_count)


def resolve_loss(loss: Loss | str, target: TargetSpec) -> Loss:
    """`auto` by task: cross_entropy, binary_cross_entropy for two classes, mse for numbers."""
    if isinstance(loss, Loss):
        return loss
    if not target.is_classification:
        return MSE()
    return BinaryCrossEntropy() if target.classes == 2 else CrossEntropy()


def resolve_metrics(config: Config, target: TargetSpec) -> list[Metric]:
    """The config's metrics, or those that suit the task. Raises `ConfigError` for a metric of the other task."""
    task = "classification" if target.is_classification else "regression"
    if config.metrics is None:
        return list(default_metrics(task, target.classes))
    for index, metric in enumerate(config.metrics):
        if metric.task != task:
            hint = f"The target is for {task}: choose another metric, or set data.task."
            raise ConfigError(f"{metric.tag()} is for {metric.task}", where=f"metrics[{index}]", hint=hint)
    return list(config.metrics)


def figure_names(metrics: Iterable[Metric]) -> list[str]:
    """The names of the figures of a part that are single numbers."""
    return ["loss", *(metric.tag() for metric in metrics if metric.scalar)]


def _too_large(layers: list[Layer], inputs: InputSpec) -> ConfigError:
    """Names the layer with the most numbers."""
    chain = Chain(layers, inputs, "model.layers")
    counts = [sum(math.prod(param.shape) for _, param in walk_params(plan)) for plan in chain.plans]
    index = counts.index(max(counts))
    message = f"({layers[index].tag()}) has {counts[index]:,} parameters, too many for this machine's memory"
    return ConfigError(message, where=f"model.layers[{index}]", hint="Use fewer units.")


def _refuse_output_activation(layer: Layer, index: int, loss: Loss) -> None:
    """A softmax or sigmoid before a loss that takes raw outputs would be applied twice."""
    last = layer
    while isinstance(last, Sequential | Repeat):
        last = last.layers[-1]
    applied = getattr(last, "activation", None) or getattr(last, "function", None)
    if applied is not None and applied.tag() in ("softmax", "sigmoid") and not loss.reads_outputs_as_they_are():
        message = f"{loss.tag()} takes raw outputs, not those of a {applied.tag()}"
        raise ConfigError(message, where=f"model.layers[{index}]", hint=f"Remove the {applied.tag()} at the end.")
