"""An activation function as a layer of its own."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from scratchnn.nn.activations import Activation
from scratchnn.nn.layer import InputSpec, Layer, Plan
from scratchnn.nn.memory import Array, Memory, Pass


class ActivationLayer(Layer):
    """y = f(x), any shape. In a list of layers the bare tag of an activation is enough: `relu`."""

    keeps_size: ClassVar[bool] = True
    type: Literal["activation"] = "activation"
    function: Activation = Field(description="The function.")

    def plan(self, inputs: InputSpec) -> Plan:
        """The memory of the function."""
        self.expects_numbers(inputs)
        return self.function.plan(inputs)

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        """Writes y."""
        self.function.forward(x, y, mem)

    def backward(self, x: Array, y: Array, dy: Array, dx: Array | None, mem: Memory, run: Pass) -> None:
        """Writes dx, the product of dy with the derivative."""
        if dx is not None:
            self.function.backward(x, y, dy, dx, mem)
