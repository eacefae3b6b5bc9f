"""Who owns the arrays: the arena holds parameters, gradients and state; a workspace holds everything else.

All parameters are views of one flat vector, their gradients of another, so that an optimizer is a few passes over
slices and a checkpoint is one array. Decayed parameters come first: weight decay is one slice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from scratchnn.errors import ShapeError
from scratchnn.nn.initializers import Initializer
from scratchnn.nn.layer import Param, Plan
from scratchnn.nn.memory import Array, Buffer, Memory, Shape

_FIXED_DTYPES = {"float32": np.dtype(np.float32), "bool": np.dtype(np.bool_), "ids": np.dtype(np.int64)}
ALIGNMENT = 64  # bytes: a cache line, and the widest vector register


def allocate(count: int, dtype: np.dtype[np.generic]) -> Array:
    """A flat array of zeros that starts at a multiple of `ALIGNMENT` bytes.

    >>> allocate(5, np.dtype("float32")).ctypes.data % ALIGNMENT
    0
    """
    raw = np.zeros(count * dtype.itemsize + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + count * dtype.itemsize].view(dtype)


@dataclass(frozen=True)
class Slot:
    """Where one named array lies in its flat vector."""

    name: str
    start: int
    shape: Shape

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)

    def view(self, flat: Array) -> Array:
        """The array itself."""
        return flat[self.start : self.start + self.size].reshape(self.shape)


@dataclass(frozen=True)
class DecayGroup:
    """Neighbouring decayed parameters with the same overrides of l1 and l2."""

    span: slice
    l1: float | None
    l2: float | None


class Arena:
    """The flat vectors `parameters`, `gradients` and `state`, and where each named array lies in them.

    `params` says what each parameter is, in the order of the layers.

    Names are paths through the plans: `0.weight`, `3.running_mean`. Gaps between arrays, left for alignment, stay 0.
    """

    def __init__(self, plan: Plan, dtype: np.dtype[np.generic]) -> None:
        self.dtype = dtype
        params = dict(walk_params(plan))
        buffers = dict(walk_state(plan))
        order = sorted(params, key=lambda name: _decay_key(params[name]))  # stable: keeps the order of the layers
        self.slots, size = _place([(name, params[name].shape) for name in order], dtype)
        self.state_slots, state_size = _place([(name, buffers[name].shape) for name in buffers], dtype)
        self.parameters = allocate(size, dtype)
        self.gradients = allocate(size, dtype)
        self.state = allocate(state_size, dtype)
        self.decayed = self._end([name for name in order if params[name].decay])
        self.groups = self._groups(params, order)
        self.params = params
        self._state_fill = {name: buffer.fill or 0.0 for name, buffer in buffers.items()}

    @property
    def count(self) -> int:
        """How many trainable numbers there are."""
        return sum(slot.size for slot in self.slots.values())

    def initialize(
        self,
        default: Initializer | None,
        rng: np.random.Generator,
        by_name: Mapping[str, Initializer] = MappingProxyType({}),
    ) -> None:
        """Fills the parameters in the order of the layers, and the state with its starting values.

        `by_name` says it for single parameters and wins over all else. Raises `ShapeError` where an initializer cannot
        fill an array of this shape.
        """
        for name, init in self.initializers(default, by_name).items():
            param = self.params[name]
            try:
                init.fill(self.slots[name].view(self.parameters), param.fans, rng)
            except ShapeError as error:
                raise ShapeError(error.message, where=f"parameter {name}", hint=error.hint) from None
        for name, slot in self.state_slots.items():
            slot.view(self.state)[...] = self._state_fill[name]

    def initializers(
        self, default: Initializer | None, by_name: Mapping[str, Initializer] = MappingProxyType({})
    ) -> dict[str, Initializer]:
        """What starts each parameter, with the arguments of `initialize`."""
        return {
            name: by_name.get(name) or param.init or (default if param.decay else None) or param.fallback
            for name, param in self.params.items()
        }

    def named_arrays(self) -> dict[str, Array]:
        """Every parameter and state array by its name, as views."""
        arrays = {name: self.slots[name].view(self.parameters) for name in self.params}
        return arrays | {name: slot.view(self.state) for name, slot in self.state_slots.items()}

    def by_unit(self, name: str, flat: Array) -> Array:
        """A view of this parameter, in a vector laid out as `parameters`, with its units on the last axis."""
        return self.params[name].by_unit(self.slots[name].view(flat))

    def _end(self, names: list[str]) -> int:
        """Where the last of these arrays ends in the flat vector."""
        return max((self.slots[name].start + self.slots[name].size for name in names), default=0)

    def _groups(self, params: Mapping[str, Param], order: list[str]) -> tuple[DecayGroup, ...]:
        groups: list[DecayGroup] = []
        for name in order:
            param, slot = params[name], self.slots[name]
            if not param.decay:
                continue
            stop = slot.start + slot.size
            if groups and (groups[-1].l1, groups[-1].l2) == (param.l1, param.l2):
                groups[-1] = DecayGroup(slice(groups[-1].span.start, stop), param.l1, param.l2)
            else:
                groups.append(DecayGroup(slice(slot.start, stop), param.l1, param.l2))
        return tuple(groups)


class Workspace:
    """Every array of a network that is not a parameter, for up to `capacity` samples.

    `poison` fills buffers with NaN (and ids and masks with all bits set), so that a read of what was never written
    shows; checks use it.
    """

    def __init__(self, arena: Arena, plan: Plan, capacity: int, *, poison: bool = False) -> None:
        self.capacity = capacity
        self._arena = arena
        self._plan = plan
        self._poison = poison
        self._saved = {path: self._allocate(buffer) for path, buffer in walk_saved(plan)}
        self._scratch = allocate(scratch_bytes(plan, capacity, arena.dtype), np.dtype(np.uint8))
        self._memories: dict[int, Memory] = {}
        if poison:
            self.poison_scratch()

    def poison_scratch(self) -> None:
        """Fills scratch with NaN: it is undefined at the start of every call."""
        self._scratch[...] = 0xFF

    @property
    def nbytes(self) -> int:
        """The memory it holds."""
        return sum(array.nbytes for array in self._saved.values()) + self._scratch.nbytes

    def memory(self, n: int) -> Memory:
        """The views for a batch of n samples; made at the first call, then the same objects."""
        if n not in self._memories:
            if n > self.capacity:
                raise ValueError(f"there is room for {self.capacity} samples, got {n}")
            self._memories[n] = self._bind(self._plan, "", 0, n)
        return self._memories[n]

    def _allocate(self, buffer: Buffer) -> Array:
        dtype = dtype_of(buffer, self._arena.dtype)
        shape = _full_shape(buffer, self.capacity)
        array = allocate(math.prod(shape), dtype).reshape(shape)
        if buffer.fill is not None:
            array[...] = buffer.fill
        elif self._poison:
            array.view(np.uint8)[...] = 0xFF
        return array

    def _bind(self, plan: Plan, path: str, offset: int, n: int) -> Memory:
        mem = Memory(path)
        mem.program = plan.program
        arena = self._arena
        for name in plan.params:
            slot = arena.slots[path + name]
            setattr(mem.params, name, slot.view(arena.parameters))
            setattr(mem.grads, name, slot.view(arena.gradients))
        for name in plan.state:
            setattr(mem.state, name, arena.state_slots[path + name].view(arena.state))
        for name, buffer in plan.saved.items():
            array = self._saved[path + name]
            setattr(mem.saved, name, array[: n * buffer.rows] if buffer.per_sample else array)
        for name, buffer in plan.scratch.items():
            setattr(mem.scratch, name, self._carve(buffer, offset, n))
            offset += _nbytes(buffer, self.capacity, arena.dtype)
        mem.children = {name: self._bind(child, f"{path}{name}.", offset, n) for name, child in plan.children.items()}
        return mem

    def _carve(self, buffer: Buffer, offset: int, n: int) -> Array:
        dtype = dtype_of(buffer, self._arena.dtype)
        shape = _full_shape(buffer, n)
        return self._scratch[offset : offset + math.prod(shape) * dtype.itemsize].view(dtype).reshape(shape)


def walk_params(plan: Plan, path: str = "") -> Iterator[tuple[str, Param]]:
    """Every parameter with its path, in the order of the layers."""
    for name, param in plan.params.items():
        yield path + name, param
    for child, inner in plan.children.items():
        yield from walk_params(inner, f"{path}{child}.")


def walk_state(plan: Plan, path: str = "") -> Iterator[tuple[str, Buffer]]:
    """Every state array with its path, in the order of the layers."""
    for name, buffer in plan.state.items():
        yield path + name, buffer
    for child, inner in plan.children.items():
        yield from walk_state(inner, f"{path}{child}.")


def walk_saved(plan: Plan, path: str = "") -> Iterator[tuple[str, Buffer]]:
    """Every saved buffer with its path, in the order of the layers."""
    for name, buffer in plan.saved.items():
        yield path + name, buffer
    for child, inner in plan.children.items():
        yield from walk_saved(inner, f"{path}{child}.")


def scratch_bytes(plan: Plan, capacity: int, dtype: np.dtype[np.generic]) -> int:
    """Scratch of a plan and its children. Siblings share theirs; a parent's outlives the calls of its children."""
    own = sum(_nbytes(buffer, capacity, dtype) for buffer in plan.scratch.values())
    return own + max((scratch_bytes(child, capacity, dtype) for child in plan.children.values()), default=0)


def dtype_of(buffer: Buffer, network: np.dtype[np.generic]) -> np.dtype[np.generic]:
    """The NumPy dtype of a buffer in a network of this dtype."""
    return network if buffer.dtype == "float" else _FIXED_DTYPES[buffer.dtype]


def _full_shape(buffer: Buffer, n: int) -> Shape:
    return (n * buffer.rows, *buffer.shape) if buffer.per_sample else buffer.shape


def _nbytes(buffer: Buffer, capacity: int, dtype: np.dtype[np.generic]) -> int:
    exact = math.prod(_full_shape(buffer, capacity)) * dtype_of(buffer, dtype).itemsize
    return -(-exact // ALIGNMENT) * ALIGNMENT


def _decay_key(param: Param) -> tuple[bool, float, float]:
    """Decayed ones first, those with the same overrides side by side."""
    return (not param.decay, -1.0 if param.l1 is None else param.l1, -1.0 if param.l2 is None else param.l2)


def _place(arrays: list[tuple[str, Shape]], dtype: np.dtype[np.generic]) -> tuple[dict[str, Slot], int]:
    """Lays arrays one after the other, each at a multiple of `ALIGNMENT` bytes; also the size of the whole."""
    step = ALIGNMENT // dtype.itemsize
    slots: dict[str, Slot] = {}
    end = 0
    for name, shape in arrays:
        slots[name] = Slot(name, end, shape)
        end += -(-slots[name].size // step) * step
    return slots, end
