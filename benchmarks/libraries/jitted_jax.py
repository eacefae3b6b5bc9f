"""JAX: one jitted call a step, its state donated, Adam written out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from benchmarks.workloads.mlp import MLP
from benchmarks.workloads.workload import LEARNING_RATE

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
Params = list[tuple[jax.Array, jax.Array]]


class State(NamedTuple):
    """What a step changes: the parameters, Adam's moments and the steps done."""

    params: Params
    first: Params
    second: Params
    done: jax.Array


def logits(params: Params, x: jax.Array) -> jax.Array:
    """The network's outputs `(B, classes)`."""
    *hidden, (weight, bias) = params
    for inner_weight, inner_bias in hidden:
        x = jax.nn.relu(x @ inner_weight + inner_bias)
    return x @ weight + bias


def mean_loss(params: Params, x: jax.Array, y: jax.Array) -> jax.Array:
    """Softmax cross-entropy."""
    log_p = jax.nn.log_softmax(logits(params, x))
    return -jnp.mean(jnp.take_along_axis(log_p, y[:, None], axis=1))


def compiled(workload: MLP) -> Callable[..., tuple[State, jax.Array]]:
    """The training step: (state, inputs, targets, order of the epoch) -> (state, loss)."""
    size, steps = workload.batch, workload.steps_per_epoch

    @partial(jax.jit, donate_argnums=0)
    def step(state: State, inputs: jax.Array, targets: jax.Array, order: jax.Array) -> tuple[State, jax.Array]:
        rows = jax.lax.dynamic_slice(order, (state.done % steps * size,), (size,))
        x, y = jnp.take(inputs, rows, axis=0, mode="clip"), jnp.take(targets, rows, axis=0, mode="clip")
        loss, grads = jax.value_and_grad(mean_loss)(state.params, x, y)
        done = state.done + 1
        first = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, state.first, grads)
        second = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, state.second, grads)
        rate, scale = LEARNING_RATE / (1 - BETA1**done), 1 / jnp.sqrt(1 - BETA2**done)
        params = jax.tree.map(
            lambda p, m, v: p - rate * m / (jnp.sqrt(v) * scale + EPSILON), state.params, first, second
        )
        return State(params, first, second, done), loss

    return step


class JaxTraining:
    """Calls the step without waiting for it, as JAX is meant to be used; waits at the end of `run`."""

    version = jax.__version__

    def __init__(self, workload: MLP, threads: int) -> None:
        self.threads = threads  # XLA takes them from the environment variable NPROC
        inputs, targets = workload.data()
        self._inputs, self._targets = jnp.asarray(inputs), jnp.asarray(targets, jnp.int32)
        self._step = compiled(workload)
        params = [(jnp.asarray(weight), jnp.zeros(weight.shape[1])) for weight in workload.weights().values()]
        zeros = partial(jax.tree.map, jnp.zeros_like)
        self._state = State(params, zeros(params), zeros(params), jnp.zeros((), jnp.int32))
        self._orders = self._of_each_step(workload)

    def run(self, steps: int) -> float:
        """Trains; the loss is read once, after the last step."""
        step, inputs, targets, orders = self._step, self._inputs, self._targets, self._orders
        state, loss = self._state, jnp.zeros(())
        for _ in range(steps):
            state, loss = step(state, inputs, targets, next(orders))
        self._state = jax.block_until_ready(state)
        return float(loss)

    @staticmethod
    def _of_each_step(workload: MLP) -> Iterator[Any]:
        for order in workload.orders():
            on_device = jnp.array(order, jnp.int32)  # a copy: `order` changes while calls are still under way
            for _ in range(workload.steps_per_epoch):
                yield on_device


def start(workload: MLP, threads: int) -> JaxTraining:
    """A new training."""
    return JaxTraining(workload, threads)
