"""Runs an optimizer over the arena: owns its vectors, cuts the work into slices, uses a second thread where it pays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from scratchnn.nn.arena import ALIGNMENT, Arena, Slot, allocate
from scratchnn.nn.memory import Array, Shape
from scratchnn.nn.optimizers import Optimizer, ParameterwiseOptimizer, SearchingOptimizer
from scratchnn.nn.patterns import matching

CHUNK = 256 * 1024  # numbers: measured best for Adam, with one thread and with two
THREADED = 400_000  # parameters from which a second thread pays


class _Rule:
    """One way to train: an optimizer, a factor on its learning rate, and its numbers for the current step.

    It is frozen for so many epochs: `until`. Its steps are counted from `began` on, the step count when it was freed.
    """

    def __init__(self, optimizer: Optimizer, factor: float, dtype: np.dtype[np.generic], until: float = 0) -> None:
        self.until = until
        self.began: int | None = None if until else 0
        self.optimizer = optimizer
        self.factor = factor
        self.learning_rate = 0.0
        self.carried = optimizer.carried()
        self.numbers = tuple(np.empty((), dtype) for _ in optimizer.numbers(1.0, 1, optimizer.carried()))

    def prepare(self, learning_rate: float, step: int, momentum: float | None) -> None:
        """Works out the numbers of a step."""
        t = step - (self.began or 0)
        optimizer = self.optimizer if momentum is None else self.optimizer.with_momentum(momentum)
        self.learning_rate = learning_rate * self.factor
        for array, value in zip(self.numbers, optimizer.numbers(self.learning_rate, t, self.carried), strict=True):
            array[()] = value


@dataclass(frozen=True)
class _Segment:
    """Neighbouring parameters under one rule, up to `decayed` of them decayed. With a shape it is one parameter."""

    rule: _Rule
    start: int
    stop: int
    decayed: int
    slot: Slot | None = None


@dataclass(frozen=True, slots=True)
class _Slice:
    """The views that one call of `update` works on; `decayed` of them, from the left, are decayed."""

    rule: _Rule
    p: Array
    g: Array
    slots: tuple[Array, ...]
    work: tuple[Array, ...]
    decayed: int
    span: slice
    shape: Shape


class Updater:
    """An optimizer bound to an arena. The result does not depend on the number of threads.

    `momentum`, where a schedule sets it, stands in for the optimizer's own momentum or beta1.
    `until` says for how many epochs parameters are frozen, `free` after how many they are: a frozen one stays as it is,
    and its part of the optimizer's vectors starts when it is freed. Raises `ConfigError` for a group that matches no
    parameter.
    """

    def __init__(
        self, optimizer: Optimizer, arena: Arena, threads: int = 1, until: Mapping[str, float] = MappingProxyType({})
    ) -> None:
        self._until = until
        self.optimizer = optimizer
        self.step_count = 0
        self.momentum: float | None = None
        self._arena = arena
        size = len(arena.parameters)
        self._rules: dict[tuple[int | None, bool, float], _Rule] = {}
        segments = list(self._segments())
        self._layouts = {name: self._layout(name) for name in optimizer.slots()}
        self.slots = {name: allocate(length, arena.dtype) for name, (_, length) in self._layouts.items()}
        self._searches = isinstance(optimizer, SearchingOptimizer)
        lanes = max(1, threads) if size >= THREADED and not self._searches else 1
        line = ALIGNMENT // arena.dtype.itemsize  # two threads must not write to one cache line
        bounds = [size * lane // lanes // line * line for lane in range(lanes)] + [size]
        self._all_lanes = [self._cut(segments, bounds[lane], bounds[lane + 1]) for lane in range(lanes)]
        self._lanes: list[list[_Slice]] = []
        self._pick()
        if optimizer.lookahead is not None:
            self.slots["lookahead"] = allocate(size, arena.dtype)
        self._pool = ThreadPoolExecutor(lanes - 1, "scratchnn-optimizer", np.seterr, ("ignore",)) if lanes > 1 else None

    @property
    def keeps_average(self) -> bool:
        """Whether the parameters are not what the trained network is to use; `average` gives that."""
        return self.optimizer.keeps_average

    @property
    def carried(self) -> list[dict[str, float]]:
        """The numbers that are kept from step to step beside `step_count`, for each rule; the live ones."""
        return [rule.carried for rule in self._rules.values()]

    def load_carried(self, carried: list[Mapping[str, float]]) -> None:
        """Puts them back. Raises `ValueError` where they are of another optimizer."""
        for mine, other in zip(self.carried, carried, strict=True):
            if mine.keys() != other.keys():
                raise ValueError("the optimizer's numbers have other names")
            mine.update(other)

    def free(self, epochs: int) -> None:
        """Lets those parameters go that were to be frozen for no more epochs than are done."""
        freed = [rule for rule in self._rules.values() if rule.began is None and epochs >= rule.until]
        for rule in freed:
            rule.began = self.step_count
        if freed:
            self._pick()

    @property
    def began(self) -> list[int | None]:
        """The step count when each rule was freed, None while it is frozen: what a checkpoint keeps of `free`."""
        return [rule.began for rule in self._rules.values()]

    def load_began(self, began: Sequence[int | None]) -> None:
        """Puts it back. Raises `ValueError` where it is of other parameters."""
        for rule, step in zip(self._rules.values(), began, strict=True):
            rule.began = step
        self._pick()

    def step(self, learning_rate: float) -> None:
        """Changes the parameters by the arena's gradients; destroys the gradients."""
        self.step_count += 1
        for rule in self._rules.values():
            if rule.began is not None:
                rule.prepare(learning_rate, self.step_count, self.momentum)
        if any(rule.began == self.step_count - 1 for rule in self._rules.values()):
            self._start()
        if self._pool is None:
            _run(self._lanes[0])
        else:
            running = [self._pool.submit(_run, lane) for lane in self._lanes[1:]]
            _run(self._lanes[0])
            for future in running:
                future.result()
        if self.optimizer.lookahead is not None:
            self._look_ahead(self.optimizer.lookahead.every, self.optimizer.lookahead.share)

    def search(self, learning_rate: float, evaluate: Callable[[], float]) -> float:
        """The step of a `SearchingOptimizer`; returns the loss at the parameters that it leaves.

        `evaluate` gives the loss at the arena's parameters and fills its gradients. A step whose first loss is not
        finite returns NaN and does not count.
        """
        optimizer = self.optimizer
        if not isinstance(optimizer, SearchingOptimizer):
            raise TypeError(f"{optimizer.tag()} does not search")
        if not self._lanes[0]:  # no parameters
            loss = evaluate()
        else:
            (part,) = self._lanes[0]
            loss = optimizer.search(part.p, part.g, part.slots, part.work, part.rule.carried, learning_rate, evaluate)
        self.step_count += math.isfinite(loss)
        return loss

    def average(self, out: Array) -> None:
        """Writes the weights that the trained network is to use; `out` is not the arena's own vector.

        Before the first step they are the parameters.
        """
        if self.step_count == 0:
            out[...] = self._arena.parameters
            return
        for lane in self._all_lanes:
            for part in lane:
                share = out[part.span].reshape(part.shape)
                if part.rule.began is None or part.rule.began == self.step_count:
                    share[...] = part.p
                else:
                    part.rule.optimizer.average(part.p, part.slots, share)

    def close(self) -> None:
        """Ends the second thread."""
        if self._pool is not None:
            self._pool.shutdown()

    def _start(self) -> None:
        """Fills the slots of what was freed just before this step."""
        if self.optimizer.lookahead is not None and self.step_count == 1:
            self.slots["lookahead"][...] = self._arena.parameters
        for lane in self._lanes:
            for part in lane:
                if part.rule.began == self.step_count - 1:
                    part.rule.optimizer.start(part.p, part.slots, part.rule.learning_rate)

    def _pick(self) -> None:
        """The slices that a step works on: those of rules that are not frozen."""
        self._lanes = [[part for part in lane if part.rule.began is not None] for lane in self._all_lanes]

    def _look_ahead(self, every: int, share: float) -> None:
        if self.step_count % every:
            return
        slow, p = self.slots["lookahead"], self._arena.parameters
        np.subtract(p, slow, out=p)
        np.multiply(p, share, out=p)
        np.add(slow, p, out=slow)
        p[...] = slow

    def _segments(self) -> Iterator[_Segment]:
        """The whole arena in its order: one segment where there are no groups and no need for single parameters."""
        optimizer, arena = self.optimizer, self._arena
        group_of = self._group_of()
        whole = isinstance(optimizer, ParameterwiseOptimizer)
        if not group_of and not optimizer.decays_inside and not any(self._until.values()):
            yield _Segment(self._rule(None, True, 0), 0, len(arena.parameters), arena.decayed)
            return
        places = sorted((slot for slot in arena.slots.values() if slot.size), key=lambda slot: slot.start)
        ends = [*(slot.start for slot in places[1:]), len(arena.parameters)]
        pending: _Segment | None = None
        for slot, end in zip(places, ends, strict=True):
            group = group_of.get(slot.name)
            stated = group is not None and optimizer.groups[group].weight_decay is not None
            decays = stated or slot.start < arena.decayed
            rule = self._rule(group, decays, self._until.get(slot.name, 0))
            decayed = end - slot.start if decays else 0
            if pending is not None and pending.rule is rule and not whole:
                pending = _Segment(rule, pending.start, end, pending.decayed + decayed)
                continue
            if pending is not None:
                yield pending
            pending = _Segment(rule, slot.start, end, decayed, slot if whole else None)
        if pending is not None:
            yield pending

    def _group_of(self) -> dict[str, int]:
        """The first group that each parameter belongs to, by its name."""
        found: dict[str, int] = {}
        for index, group in enumerate(self.optimizer.groups):
            for name in matching(group.match, list(self._arena.slots), f"optimizer.groups[{index}].match"):
                found.setdefault(name, index)
        return found

    def _rule(self, group: int | None, decays: bool, until: float) -> _Rule:
        """The rule of a group, for parameters that are frozen for so many epochs; made once."""
        key = (group, decays, until)
        if key not in self._rules:
            settings = None if group is None else self.optimizer.groups[group]
            decay = self.optimizer.weight_decay
            if settings is not None and settings.weight_decay is not None:
                decay = settings.weight_decay
            made = self.optimizer.model_copy(update={"weight_decay": decay if decays else 0.0})
            self._rules[key] = _Rule(
                made, 1.0 if settings is None else settings.learning_rate_factor, self._arena.dtype, until
            )
        return self._rules[key]

    def _layout(self, name: str) -> tuple[dict[str, int] | None, int]:
        """Where each parameter's part of a slot starts, and its length in all; None: where the parameter does."""
        optimizer = self.optimizer
        if not isinstance(optimizer, ParameterwiseOptimizer):
            return None, len(self._arena.parameters)
        starts: dict[str, int] = {}
        end = 0
        line = ALIGNMENT // self._arena.dtype.itemsize
        for slot in self._arena.slots.values():
            starts[slot.name] = end
            end += -(-math.prod(optimizer.slot_shape(name, slot.shape)) // line) * line
        return starts, end

    def _cut(self, segments: list[_Segment], start: int, stop: int) -> list[_Slice]:
        """The slices of one thread: they share their work arrays. A whole parameter goes where it begins."""
        arena = self._arena
        chunk = stop - start if self._searches else CHUNK  # a search is on the whole vectors
        mine = [part for part in segments if part.slot and start <= part.start < stop]
        longest = max((part.slot.size for part in mine if part.slot), default=min(chunk, stop - start))
        work = [allocate(longest, arena.dtype) for _ in range(self.optimizer.work_arrays)]
        if any(part.slot for part in segments):
            return [self._whole(part.rule, part.slot, work) for part in mine if part.slot]
        slices = []
        for segment in segments:
            left = max(segment.start, start)
            while left < min(segment.stop, stop):
                right = min(left + chunk, segment.stop, stop)
                length = right - left
                decayed = min(max(segment.start + segment.decayed - left, 0), length)
                if not segment.rule.optimizer.weight_decay or self.optimizer.decays_inside:
                    decayed = 0
                span = slice(left, right)
                slots = tuple(self.slots[name][span] for name in self._layouts)
                cut = tuple(array[:length] for array in work)
                p, g = arena.parameters[span], arena.gradients[span]
                slices.append(_Slice(segment.rule, p, g, slots, cut, decayed, span, (length,)))
                left = right
        return slices

    def _whole(self, rule: _Rule, slot: Slot, work: list[Array]) -> _Slice:
        optimizer, arena = self.optimizer, self._arena
        slots = []
        for name, (starts, _) in self._layouts.items():
            if isinstance(optimizer, ParameterwiseOptimizer) and starts is not None:
                slots.append(
                    Slot(name, starts[slot.name], optimizer.slot_shape(name, slot.shape)).view(self.slots[name])
                )
        cut = tuple(array[: slot.size].reshape(slot.shape) for array in work)
        span = slice(slot.start, slot.start + slot.size)
        p, g = slot.view(arena.parameters), slot.view(arena.gradients)
        return _Slice(rule, p, g, tuple(slots), cut, 0, span, slot.shape)


def _run(lane: list[_Slice]) -> None:
    for part in lane:
        rule = part.rule
        optimizer = rule.optimizer
        if part.decayed:
            end = part.decayed
            optimizer.decay(part.p[:end], part.g[:end], part.work[0][:end], rule.learning_rate)
        optimizer.update(part.p, part.g, part.slots, part.work, rule.numbers)
