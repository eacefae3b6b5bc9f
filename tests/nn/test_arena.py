from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.errors import ShapeError
from scratchnn.nn.arena import ALIGNMENT, Arena, DecayGroup, Workspace, allocate
from scratchnn.nn.chain import Chain
from scratchnn.nn.initializers import Constant, Orthogonal
from scratchnn.nn.layer import InputSpec, Layer, Param, Plan
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.memory import Buffer, Memory

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
SPEC = InputSpec((1,))


def arena_of(layers: list[Layer], dtype: np.dtype = FLOAT32) -> Arena:
    return Arena(Chain(layers, InputSpec((3,))).plan(), dtype)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 1000), st.sampled_from([np.float32, np.float64, np.int64, np.bool_]))
def test_arrays_start_at_a_cache_line(count: int, dtype: type) -> None:
    array = allocate(count, np.dtype(dtype))
    assert array.shape == (count,)
    assert array.ctypes.data % ALIGNMENT == 0
    assert not array.any()


@pytest.mark.parametrize("dtype", [FLOAT32, FLOAT64])
def test_every_array_is_aligned_and_apart_from_the_others(dtype: np.dtype) -> None:
    arena = arena_of([Dense(units=5), BatchNorm(), Dense(units=7)], dtype)
    for slot in arena.slots.values():
        for flat in (arena.parameters, arena.gradients):
            assert slot.view(flat).ctypes.data % ALIGNMENT == 0
    for number, slot in enumerate(arena.slots.values(), start=1):
        slot.view(arena.parameters)[...] = number
    for number, slot in enumerate(arena.slots.values(), start=1):
        assert (slot.view(arena.parameters) == number).all()
    assert arena.count == 15 + 5 + 5 + 5 + 35 + 7


def test_decayed_parameters_come_first_in_the_order_of_the_layers() -> None:
    arena = arena_of([Dense(units=5), BatchNorm(), Dense(units=7)])
    assert list(arena.slots) == ["0.weight", "2.weight", "0.bias", "1.gamma", "1.beta", "2.bias"]
    assert arena.decayed == 16 + 35  # 15 numbers, rounded up to a cache line, then 35
    assert arena.slots["0.bias"].start >= arena.decayed
    assert list(arena.named_arrays()) == [
        "0.weight",
        "0.bias",
        "1.gamma",
        "1.beta",
        "2.weight",
        "2.bias",
        "1.running_mean",
        "1.running_variance",
    ]


def test_overrides_of_l1_and_l2_are_grouped() -> None:
    arena = arena_of([Dense(units=16), Dense(units=16, l2=0.5), Dense(units=16), Dense(units=16, l1=0.1, l2=0.5)])
    assert arena.groups == (
        DecayGroup(slice(0, 48 + 256), None, None),
        DecayGroup(slice(304, 560), None, 0.5),
        DecayGroup(slice(560, 816), 0.1, 0.5),
    )


def test_who_says_how_a_parameter_starts() -> None:
    own, fallback, network = Constant(value=1.0), Constant(value=2.0), Constant(value=3.0)
    plan = Plan(
        SPEC,
        params={
            "own": Param((1,), own, fallback),
            "weight": Param((1,), None, fallback),
            "gain": Param((1,), None, fallback, decay=False),
        },
    )
    for default, weight in ((network, 3), (None, 2)):
        arena = Arena(plan, FLOAT32)
        arena.initialize(default, np.random.default_rng(0))
        assert {name: array.tolist() for name, array in arena.named_arrays().items()} == {
            "own": [1],
            "weight": [weight],
            "gain": [2],
        }


def test_an_initializer_by_name_wins_over_all_others() -> None:
    arena = arena_of([Dense(units=2, init=Constant(value=1.0)), BatchNorm()])
    names = {"0.weight": Constant(value=5.0), "0.bias": Constant(value=6.0), "1.gamma": Constant(value=7.0)}
    arena.initialize(Constant(value=3.0), np.random.default_rng(0), names)
    arrays = arena.named_arrays()
    assert [float(arrays[name].reshape(-1)[0]) for name in ("0.weight", "0.bias", "1.gamma", "1.beta")] == [5, 6, 7, 0]


def test_an_initializer_that_does_not_fit_names_the_parameter() -> None:
    arena = arena_of([Dense(units=2)])
    with pytest.raises(ShapeError, match=r"parameter 0\.bias: \(orthogonal\) expects two axes or more, got \(2,\)"):
        arena.initialize(None, np.random.default_rng(0), {"0.bias": Orthogonal()})


def test_the_draws_follow_the_order_of_the_layers_not_of_the_vector() -> None:
    arena = arena_of([Dense(units=2, l2=0.5), BatchNorm(), Dense(units=2)])
    assert list(arena.slots)[:2] == ["2.weight", "0.weight"]
    arena.initialize(None, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    expected = rng.uniform(-1, 1, (3, 2)) * (6 / 5) ** 0.5
    np.testing.assert_allclose(arena.named_arrays()["0.weight"], expected, rtol=1e-6)
    expected = rng.uniform(-1, 1, (2, 2)) * (6 / 4) ** 0.5
    np.testing.assert_allclose(arena.named_arrays()["2.weight"], expected, rtol=1e-6)


def test_state_starts_at_its_fill_and_lies_apart() -> None:
    arena = arena_of([BatchNorm()])
    arena.state.fill(7)
    arena.initialize(None, np.random.default_rng(0))
    assert arena.named_arrays()["0.running_mean"].tolist() == [0, 0, 0]
    assert arena.named_arrays()["0.running_variance"].tolist() == [1, 1, 1]
    assert arena.count == 6


def everything() -> Plan:
    return Plan(
        SPEC,
        saved={
            "numbers": Buffer((3,)),
            "row": Buffer((4,), per_sample=False),
            "flags": Buffer((3,), "bool"),
            "codes": Buffer((), "ids"),
            "draws": Buffer((2,), "float32"),
            "ones": Buffer((), fill=1.0),
        },
        scratch={"first": Buffer((3,)), "second": Buffer((5,), "bool")},
        children={
            "a": Plan(SPEC, scratch={"work": Buffer((2,))}),
            "b": Plan(SPEC, scratch={"work": Buffer((6,))}),
        },
    )


def memory_of(plan: Plan, capacity: int, rows: int, dtype: np.dtype = FLOAT64, poison: bool = True) -> Memory:
    return Workspace(Arena(plan, dtype), plan, capacity, poison=poison).memory(rows)


def test_buffers_have_their_shape_and_dtype() -> None:
    mem = memory_of(everything(), 8, 5)
    found = {name: (array.shape, array.dtype.name) for name, array in vars(mem.saved).items()}
    assert found == {
        "numbers": ((5, 3), "float64"),
        "row": ((4,), "float64"),
        "flags": ((5, 3), "bool"),
        "codes": ((5,), "int64"),
        "draws": ((5, 2), "float32"),
        "ones": ((5,), "float64"),
    }
    assert mem.scratch.first.shape == (5, 3)
    assert mem.scratch.second.dtype == np.bool_


def test_poison_is_nan_but_for_constants() -> None:
    workspace = Workspace(Arena(everything(), FLOAT64), everything(), 8, poison=True)
    mem = workspace.memory(5)
    assert np.isnan(mem.saved.numbers).all()
    assert np.isnan(mem.saved.draws).all()
    assert np.isnan(mem.scratch.first).all()
    assert np.isnan(mem.children["b"].scratch.work).all()
    assert (mem.saved.codes == -1).all()
    assert (mem.saved.ones == 1).all()
    mem.scratch.first.fill(0)
    workspace.poison_scratch()
    assert np.isnan(mem.scratch.first).all()


def test_siblings_share_scratch_and_their_parent_does_not() -> None:
    mem = memory_of(everything(), 8, 8)
    mem.scratch.first.fill(1)
    mem.scratch.second.fill(True)
    mem.children["a"].scratch.work.fill(2)
    mem.children["b"].scratch.work.fill(3)
    assert (mem.children["a"].scratch.work == 3).all()
    assert (mem.scratch.first == 1).all()
    assert (mem.scratch.second == 1).all()


def test_memory_of_one_batch_size_is_made_once() -> None:
    plan = everything()
    workspace = Workspace(Arena(plan, FLOAT32), plan, 8)
    assert workspace.memory(3) is workspace.memory(3)
    assert workspace.memory(3).saved.row is not None
    workspace.memory(3).saved.numbers.fill(5)
    assert (workspace.memory(8).saved.numbers[:3] == 5).all()  # a short batch is a view


def test_more_samples_than_there_is_room_for() -> None:
    plan = everything()
    with pytest.raises(ValueError, match="room for 8 samples, got 9"):
        Workspace(Arena(plan, FLOAT32), plan, 8).memory(9)


def test_gradients_and_parameters_are_views_of_the_flat_vectors() -> None:
    chain = Chain([Dense(units=2), Dropout(), BatchNorm()], InputSpec((3,)))
    plan = chain.plan()
    arena = Arena(plan, FLOAT32)
    mem = Workspace(arena, plan, 4).memory(4)
    arena.parameters.fill(1)
    arena.gradients.fill(2)
    arena.state.fill(3)
    inner = mem.children["0"]
    assert (inner.params.weight == 1).all()
    assert (inner.grads.weight == 2).all()
    assert (mem.children["2"].state.running_mean == 3).all()
    assert inner.params.weight.flags.c_contiguous
