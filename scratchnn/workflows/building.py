"""From a config and the data's facts to a network and its loss."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from scratchnn.config.schema import Config
from scratchnn.data.array_inputs import ArrayInputs
from scratchnn.data.encoder import Encoder, TableInputs
from scratchnn.data.preparation import CheckNumbers, Part
from scratchnn.data.tables import is_number
from scratchnn.data.targets import InputsAgain
from scratchnn.data.vocabulary import TextInputs
from scratchnn.errors import ConfigError, ShapeError, TargetError
from scratchnn.nn.arena import walk_params
from scratchnn.nn.chain import Chain
from scratchnn.nn.layer import Column, InputSpec, Layer, with_outputs
from scratchnn.nn.layers.composite import Repeat, Sequential
from scratchnn.nn.layers.shape import Flatten, Reshape
from scratchnn.nn.losses import (
    MSE,
    BinaryCrossEntropy,
    CrossEntropy,
    Loss,
    MultiLabelCrossEntropy,
    Ordinal,
    Poisson,
    TargetSpec,
    fitted,
)
from scratchnn.nn.memory import Array, Shape
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
    if target.is_reconstruction and inputs.code_columns:
        message = f"codes cannot be reconstructed: {', '.join(inputs.code_columns)}"
        raise ShapeError(message, where="data.features", hint="Encode them as one_hot, or ignore them.")
    _refuse_other_counts(loss, size, target)
    layers = with_outputs(model.layers, size)
    _refuse_output_activation(layers, loss)
    try:
        network = Network(layers, inputs, init=model.init, init_by_name=model.init_by_name, dtype=model.dtype)
    except (MemoryError, OverflowError, ValueError) as error:  # NumPy raises each of them, by the size
        raise _too_large(layers, inputs) from error
    got, needed = network.outputs.shape, target.shape or ((target.steps, size) if target.steps else (size,))
    if got != needed:
        purpose = "to reconstruct the inputs" if target.is_reconstruction else "for this target"
        message = f"({layers[-1].tag()}) gives outputs {got}, but {loss.tag()} needs {needed} {purpose}"
        hint = _step_hint(got, needed) if target.steps else _output_hint(layers[-1], got, needed)
        raise ShapeError(message, where=f"model.layers[{len(layers) - 1}]", hint=hint)
    return Built(network, fitted(loss, target), target)


def build_for(config: Config, encoder: Encoder) -> Built:
    """The same for data that was prepared."""
    built = build(config, input_spec(encoder), target_spec(encoder))
    _refuse_scaled_targets(built.loss, encoder)
    if built.target.kind == "multi_label" and not built.loss.tells_labels():
        message = f"{built.loss.title} tells no probabilities of labels that may be true together"
        hint = "Use multi_label_cross_entropy, or set data.task: regression."
        raise ConfigError(message, where="loss", hint=hint)
    if built.target.steps and built.loss.wants_ordered_classes():
        message = f"{built.loss.title} needs an order of the classes, but tokens have none"
        raise ConfigError(message, where="loss", hint="Use cross_entropy.")
    texts = [name for name in encoder.class_names if not is_number(name)]
    if texts and config.data.class_order is None and built.loss.wants_ordered_classes():
        message = f'{built.loss.title} needs the order of the classes, but "{texts[0]}" is a text'
        names = ", ".join(encoder.class_names)
        raise ConfigError(message, where="loss", hint=f"Set data.class_order: [{names}], lowest first.")
    return built


def target_check(config: Config) -> CheckNumbers:
    """What the config's loss and metrics demand of targets that are numbers; the losses of `auto` take any.

    A loss is not asked about targets that are scaled: see `_refuse_scaled_targets`.
    """

    def check(targets: Array, scaled: bool) -> None:
        if isinstance(config.loss, Loss) and not scaled:
            config.loss.check_numbers(targets)
        for metric in config.metrics or []:
            metric.check_numbers(targets)

    return check


def check_reconstruction(loss: Loss, part: Part) -> None:
    """Raises `ConfigError` where these rows hold inputs that the loss cannot take as what is to be reconstructed."""
    if part.targets is not part.inputs:
        return
    try:
        loss.check_inputs(part.targets.reshape(len(part), -1))
    except TargetError as error:
        raise ConfigError(error.message, where="loss", hint=error.hint) from None


def input_spec(encoder: Encoder) -> InputSpec:
    """What the network is given."""
    if isinstance(encoder.inputs, TextInputs):
        return InputSpec(encoder.input_shape, "ids", count=encoder.inputs.count)
    columns = encoder.columns
    if isinstance(encoder.inputs, TableInputs) and encoder.inputs.sequence is not None:
        kind: Literal["ids", "float"] = "ids" if encoder.takes_ids else "float"
        return InputSpec(encoder.input_shape, kind, count=columns[0].levels_of_code or 0, padded=True)
    seen = [
        Column(column.name, column.levels_of_code, column.units_of_code, column.width, column.is_sequence)
        for column in columns
    ]
    return InputSpec(encoder.input_shape, columns=tuple(seen))


def target_spec(encoder: Encoder) -> TargetSpec:
    """What the engine needs to know of the target."""
    if isinstance(encoder.target, InputsAgain):
        return TargetSpec.of_inputs(encoder.input_shape)
    if isinstance(encoder.inputs, TextInputs):
        return TargetSpec(classes=encoder.inputs.count, steps=encoder.inputs.context)
    kinds: dict[str, Literal["ordinal", "multi_label", "count"]]
    kinds = {"ordinal": "ordinal", "multi_label": "multi_label", "count": "count"}
    target = encoder.target
    return TargetSpec(len(target.class_names), target.columns, kind=kinds.get(target.task, ""))


def resolve_loss(loss: Loss | str, target: TargetSpec) -> Loss:
    """`auto` by task.

    cross_entropy, binary_cross_entropy for two classes, ordinal for those in an order; mse for numbers, poisson for
    counts; multi_label_cross_entropy for labels.
    """
    if isinstance(loss, Loss):
        return loss
    by_kind: dict[str, type[Loss]] = {"ordinal": Ordinal, "multi_label": MultiLabelCrossEntropy, "count": Poisson}
    if target.kind:
        return by_kind[target.kind]()
    if not target.is_classification:
        return MSE()
    return BinaryCrossEntropy() if target.classes == 2 and not target.steps else CrossEntropy()


def resolve_metrics(config: Config, built: Built) -> list[Metric]:
    """The config's metrics, or those that suit the task.

    Raises `ConfigError` for a metric of another task, or one that needs another loss.
    """
    target = built.target
    task = target.task
    if config.metrics is None:
        return list(default_metrics(task, target.classes))
    for index, metric in enumerate(config.metrics):
        if not metric.suits(task):
            hint = f"The target is for {task}: choose another metric, or set data.task."
            if target.is_reconstruction:
                hint = "A reconstruction is measured by metrics for regression: mse, rmse, mae, r2."
            message = f"{metric.tag()} is for {' and '.join(metric.tasks)}"
            raise ConfigError(message, where=f"metrics[{index}]", hint=hint)
        try:
            metric.check_loss(built.loss)
        except ConfigError as error:
            raise ConfigError(error.message, where=f"metrics[{index}]", hint=error.hint) from None
    return list(config.metrics)


def figure_names(metrics: Iterable[Metric]) -> list[str]:
    """The names of the figures of a part that are single numbers."""
    return ["loss", *(metric.name for metric in metrics if metric.scalar)]


def _too_large(layers: list[Layer], inputs: InputSpec) -> ConfigError:
    """Names the layer with the most numbers."""
    chain = Chain(layers, inputs, "model.layers")
    counts = [sum(math.prod(param.shape) for _, param in walk_params(plan)) for plan in chain.plans]
    index = counts.index(max(counts))
    message = f"({layers[index].tag()}) has {counts[index]:,} parameters, too many for this machine's memory"
    return ConfigError(message, where=f"model.layers[{index}]", hint="Use fewer units.")


def _output_hint(layer: Layer, got: Shape, needed: Shape) -> str:
    """How to come from these outputs to those."""
    if math.prod(got) == math.prod(needed):
        return f"Add {{type: reshape, shape: {list(needed)}}} after it."
    if layer.tag() == "dense" and len(got) > 1 and got[:-1] == needed[:-1]:
        return f"Set its units to {needed[-1]}."
    if layer.tag() == "dense" and len(got) > len(needed) == 1:  # it worked on the last axis alone
        return 'Add "flatten" before it.'
    if len(needed) > 1:
        return f"End with that shape, or with dense of units: auto and {{type: reshape, shape: {list(needed)}}}."
    return "End with {type: dense, units: auto}."


def _step_hint(got: Shape, needed: Shape) -> str:
    """The same where each step of a sequence needs outputs."""
    if len(got) < len(needed):
        return "Each step needs outputs: set return_sequences: true on recurrent layers; do not pool or flatten."
    if got[:-1] == needed[:-1]:
        return "End with {type: dense, units: auto}, or with a tied_embedding without `count`."
    return f"The layers must keep the {needed[0]} steps of the context."


def _refuse_other_counts(loss: Loss, size: int, target: TargetSpec) -> None:
    """A reconstruction has one output for each input, and a loss may need more."""
    if target.is_reconstruction and size != target.columns:
        message = f"({loss.tag()}) needs {size} outputs for {target.columns} inputs, a reconstruction has one for each"
        raise ShapeError(message, where="loss", hint="Use mse, mae, huber, smooth_l1 or log_cosh.")


def _refuse_scaled_targets(loss: Loss, encoder: Encoder) -> None:
    """Some losses are for targets as they are in the data."""
    if isinstance(encoder.target, InputsAgain):
        wrong = encoder.scales_inputs and loss.wants_raw_inputs()
        of_arrays = isinstance(encoder.inputs, ArrayInputs)
        hint = "Set scale: none for each column under data.features, encode: one_hot for ordinal ones."
        hint = "Set data.input_scale: none." if of_arrays else hint
    else:
        wrong, hint = encoder.target.scaled and loss.wants_raw_targets(), "Set data.target_scale: none."
    if wrong:
        message = f"{loss.title} needs the targets as they are in the data, but they are scaled"
        raise ConfigError(message, where="loss", hint=hint)


def _refuse_output_activation(layers: Sequence[Layer], loss: Loss) -> None:
    """A softmax or sigmoid before a loss that takes raw outputs would be applied twice."""
    index = len(layers) - 1
    while index > 0 and isinstance(layers[index], Flatten | Reshape):
        index -= 1
    last = layers[index]
    while isinstance(last, Sequential | Repeat):
        last = last.layers[-1]
    applied = getattr(last, "activation", None) or getattr(last, "function", None)
    if applied is not None and applied.tag() in ("softmax", "sigmoid") and not loss.reads_outputs_as_they_are():
        message = f"{loss.tag()} takes raw outputs, not those of a {applied.tag()}"
        raise ConfigError(message, where=f"model.layers[{index}]", hint=f"Remove the {applied.tag()} at the end.")
