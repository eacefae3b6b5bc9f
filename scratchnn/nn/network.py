"""A network: layers, planned and allocated once, then only computed.

>>> from scratchnn.nn.layers.dense import Dense
>>> network = Network([Dense(units=4, activation="relu"), Dense(units=2)], InputSpec((3,)))
>>> network.arena.count
26
>>> network.initialize(np.random.default_rng(0))
>>> network.predict(np.ones((5, 3), np.float32)).shape
(5, 2)
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, Protocol

import numpy as np

from scratchnn.nn.arena import Arena, Workspace, allocate
from scratchnn.nn.calibration import Calibration
from scratchnn.nn.chain import Chain, Steps
from scratchnn.nn.initializers import LSUV, Initializer
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.memory import Array, Buffer, Pass
from scratchnn.nn.patterns import matching

DType = Literal["float32", "float64"]
PREDICT_ROWS = 256  # rows per forward pass outside of training: enough for the matrix products, small in memory
PREDICT_STEPS = 4096  # the same for the steps of sequences of ids


class SampleRows(Protocol):
    """Inputs (N, *shape): an array, or what gives the samples of a slice as one."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> Array: ...


class Batch:
    """A network's arrays for one batch size: fill `inputs`, call `forward`, fill `output_gradient`, call `backward`."""

    __slots__ = ("_mask", "_starts", "_steps", "input_gradient", "inputs", "output_gradient", "outputs")

    def __init__(
        self,
        steps: Steps,
        inputs: Array,
        outputs: Array,
        output_gradient: Array,
        input_gradient: Array | None,
        mask: Array | None = None,
    ) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.output_gradient = output_gradient  # backward may destroy it
        self.input_gradient = input_gradient
        self._steps = steps
        self._mask = mask  # (n, T), where the inputs are padded
        self._starts = inputs.reshape(len(inputs), -1) if mask is None else inputs.reshape(*mask.shape, -1)[..., 0]

    def forward(self, run: Pass) -> Array:
        """Computes and returns `outputs`.

        Every step of a sequence is real, save padding of inputs that are `padded`, until a layer says otherwise.
        """
        run.mask = self._mask
        if self._mask is not None:
            np.not_equal(self._starts, 0, out=self._mask)
        self._steps.forward(run)
        return self.outputs

    def backward(self, run: Pass) -> None:
        """Overwrites the arena's gradients from the layer `run.lowest` on, and `input_gradient` where there is one."""
        self._steps.backward(self.output_gradient, self.input_gradient, run, run.lowest)


class Network:
    """Layers on one arena. `init` starts every weight whose layer does not say otherwise.

    `init_by_name` maps patterns over the names of parameters (`*.bias`, `0.*`) to what starts them; the first pattern
    that matches wins, also over what a layer says. Raises `ConfigError` for a pattern that matches none.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        inputs: InputSpec,
        *,
        init: Initializer | None = None,
        init_by_name: Mapping[str, Initializer] = MappingProxyType({}),
        dtype: DType = "float32",
        where: str = "model.layers",
    ) -> None:
        self.init = init
        self.dtype = np.dtype(dtype)
        self.chain = Chain(layers, inputs, where)
        self.plan = self.chain.plan()
        self.arena = Arena(self.plan, self.dtype)
        names = [name for name in self.arena.named_arrays() if name in self.arena.slots]
        self._init_by_name: dict[str, Initializer] = {}
        for pattern, initializer in init_by_name.items():
            for name in matching(pattern, names, "model.init_by_name"):
                self._init_by_name.setdefault(name, initializer)
        self._predictor: NetworkWorkspace | None = None

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, first to last."""
        return self.chain.layers

    @property
    def inputs(self) -> InputSpec:
        """What goes in."""
        return self.chain.specs[0]

    @property
    def outputs(self) -> InputSpec:
        """What comes out."""
        return self.chain.specs[-1]

    def initialize(self, rng: np.random.Generator) -> None:
        """Gives every parameter and state array its starting values."""
        self.arena.initialize(self.init, rng, self._init_by_name)

    def calibrate(self, inputs: SampleRows, keep: Collection[str] = ()) -> None:
        """Scales the weights that start as `lsuv` on inputs `(N, *shape)`; the first ones are used, as many as needed.

        Comes after `initialize`. Parameters to `keep`, which came from elsewhere, stay as they are. Does nothing where
        there are no such weights.
        """
        starts = self.arena.initializers(self.init, self._init_by_name)
        inits = {name: init for name, init in starts.items() if isinstance(init, LSUV) and name not in keep}
        if not inits or not len(inputs):
            return
        rows = inputs[: max(init.samples for init in inits.values())]
        batch = self.workspace(len(rows)).batch(len(rows))
        batch.inputs[...] = rows
        batch.forward(Pass(before_layer=Calibration(inits, len(rows))))

    def workspace(self, capacity: int, *, input_gradient: bool = False, poison: bool = False) -> NetworkWorkspace:
        """New arrays for batches of up to `capacity` samples. Inputs that are ids have no gradient."""
        return NetworkWorkspace(self, capacity, input_gradient=input_gradient, poison=poison)

    def predict(self, inputs: SampleRows) -> Array:
        """The outputs (logits) for inputs `(N, *shape)` in inference mode, as a new array `(N, *outputs.shape)`."""
        outputs = np.empty((len(inputs), *self.outputs.shape), self.dtype)
        for rows, chunk, _ in self.chunks(inputs):
            outputs[rows] = chunk
        return outputs

    def chunks(self, inputs: SampleRows) -> Iterator[tuple[slice, Array, Array | None]]:
        """The same a few samples at a time: which ones, their outputs, and the mask `(n, T)` of their real steps.

        Both arrays are the network's own: they hold until the next chunk.
        """
        run = Pass(training=False)
        for rows, batch in self.batches(inputs):
            outputs = batch.forward(run)
            yield rows, outputs, run.mask

    def batches(self, inputs: SampleRows) -> Iterator[tuple[slice, Batch]]:
        """A few samples at a time: which ones, and the network's own batch with them as its inputs."""
        if self._predictor is None:
            self._predictor = self.workspace(self.predict_rows)
        for start in range(0, len(inputs), self.predict_rows):
            rows = slice(start, min(start + self.predict_rows, len(inputs)))
            batch = self._predictor.batch(rows.stop - start)
            batch.inputs[...] = inputs[rows]
            yield rows, batch

    @property
    def predict_rows(self) -> int:
        """Samples per forward pass outside of training."""
        if self.inputs.kind == "ids":
            return min(max(PREDICT_STEPS // self.inputs.size, 1), PREDICT_ROWS)
        return PREDICT_ROWS


class NetworkWorkspace:
    """What a network needs besides its arena to run batches of up to `capacity` samples."""

    def __init__(self, network: Network, capacity: int, *, input_gradient: bool, poison: bool) -> None:
        self._network = network
        self._workspace = Workspace(network.arena, network.plan, capacity, poison=poison)
        self._inputs = _array(Buffer(network.inputs.shape, network.inputs.kind), capacity, network.dtype)
        self._outputs = _array(Buffer(network.outputs.shape), capacity, network.dtype)
        self._output_gradient = np.empty_like(self._outputs)
        has_gradient = input_gradient and network.inputs.kind == "float"
        self._input_gradient = np.empty_like(self._inputs) if has_gradient else None
        self._mask = np.empty((capacity, network.inputs.shape[0]), bool) if network.inputs.padded else None
        self._batches: dict[int, Batch] = {}
        if poison:
            for array in (self._outputs, self._output_gradient, self._input_gradient):
                if array is not None:
                    array.fill(np.nan)

    @property
    def nbytes(self) -> int:
        """The memory that it holds."""
        return self._workspace.nbytes + self._inputs.nbytes + 2 * self._outputs.nbytes

    def poison_scratch(self) -> None:
        """Fills scratch with NaN, for checks."""
        self._workspace.poison_scratch()

    def batch(self, n: int) -> Batch:
        """The arrays for n samples; made at the first call, then the same object."""
        if n not in self._batches:
            inputs, outputs = self._inputs[:n], self._outputs[:n]
            steps = self._network.chain.steps(inputs, outputs, self._workspace.memory(n))
            dx = None if self._input_gradient is None else self._input_gradient[:n]
            mask = None if self._mask is None else self._mask[:n]
            self._batches[n] = Batch(steps, inputs, outputs, self._output_gradient[:n], dx, mask)
        return self._batches[n]


def _array(buffer: Buffer, capacity: int, dtype: np.dtype[np.generic]) -> Array:
    kind = np.dtype(np.int64) if buffer.dtype == "ids" else dtype
    shape = (capacity, *buffer.shape)
    return allocate(int(np.prod(shape)), kind).reshape(shape)
