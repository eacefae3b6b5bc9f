"""The kinds of targets: what a network learns, fitted to the training rows. Each is one file."""

from scratchnn.data.targets.classes import Classes
from scratchnn.data.targets.inputs import InputsAgain
from scratchnn.data.targets.next_token import NextToken
from scratchnn.data.targets.numbers import Numbers
from scratchnn.data.targets.target import FittedTarget, TargetRules, kind_of

__all__ = ["Classes", "FittedTarget", "InputsAgain", "NextToken", "Numbers", "TargetRules", "kind_of"]
