"""The kinds of targets: what a network learns, fitted to the training rows. Each is one file."""

from scratchnn.data.targets.classes import Classes
from scratchnn.data.targets.counts import Counts
from scratchnn.data.targets.inputs import InputsAgain
from scratchnn.data.targets.multi_label import Labels
from scratchnn.data.targets.next_token import NextToken
from scratchnn.data.targets.numbers import Numbers
from scratchnn.data.targets.ordinal import OrderedClasses
from scratchnn.data.targets.target import FittedTarget, TargetRules, kind_of

__all__ = [
    "Classes",
    "Counts",
    "FittedTarget",
    "InputsAgain",
    "Labels",
    "NextToken",
    "Numbers",
    "OrderedClasses",
    "TargetRules",
    "kind_of",
]
