"""Classes in an order."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from scratchnn.data.tables import is_number
from scratchnn.data.targets.classes import ClassTarget, strata_of
from scratchnn.data.targets.target import Rows, TargetRules
from scratchnn.errors import DataError


class OrderedClasses(ClassTarget):
    """Classes from the lowest to the highest: numbers by their value, texts in the order that the config gives."""

    type: Literal["ordinal"] = "ordinal"
    what: ClassVar[str] = "the target is a class in an order"

    @classmethod
    def fit(cls, data: Rows, names: list[str], rules: TargetRules) -> Self:
        """The classes of these rows. Raises `DataError` for texts without an order."""
        classes = list(strata_of(data, names).names)
        texts = [name for name in classes if not is_number(name)]
        if texts and rules.class_order is None:
            got = f'the target is ordinal, but "{texts[0]}" is a text, and texts have no order of their own'
            hint = f"Set data.class_order: [{', '.join(classes)}], lowest first."
            raise DataError(got, where=f"{data.where}:{names[0]}", hint=hint)
        return super().fit(data, names, rules)
