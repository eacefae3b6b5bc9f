"""The inputs themselves as targets: what an autoencoder learns."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from scratchnn.data.targets.target import FittedTarget


class InputsAgain(FittedTarget):
    """The encoded inputs, given back."""

    type: Literal["reconstruction"] = "reconstruction"
    what: ClassVar[str] = "the model reconstructs its inputs"

    names: list[str] = Field([], max_length=0, description="None: there is no column beside the inputs.")
