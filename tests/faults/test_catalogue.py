"""The catalogue stays true to the source: every fault can still be seeded."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from tests.faults.catalogue import FAULTS
from tests.faults.fault import ROOT, Fault, PatchError, parsed
from tests.faults.trials import words


def complaint(fault: Fault) -> str:
    """What is wrong with a fault, if anything."""
    source = (ROOT / fault.file).read_text(encoding="utf-8")
    try:
        faulty = ast.parse(fault.applied(source))
    except (PatchError, SyntaxError) as error:
        return str(error)
    if ast.dump(faulty) == ast.dump(parsed(source)):
        return "it changes nothing"
    paths = [word.partition("::")[0] for word in words(fault.tests) if word.startswith("tests/")]
    if not paths:
        return "it has no tests"
    return "".join(f"there is no {path}" for path in paths if not (ROOT / path).is_file())


def test_each_fault_applies_to_the_source_as_it_is() -> None:
    """Mend with: the text as it now is, or another fault in its place."""
    assert {fault.name: text for fault in FAULTS if (text := complaint(fault))} == {}


def test_there_are_enough_of_them_in_every_family() -> None:
    assert [name for name, count in Counter(fault.name for fault in FAULTS).items() if count > 1] == []
    assert len(FAULTS) >= 250
    folders = Counter(fault.file.parent.as_posix().removeprefix("scratchnn/") for fault in FAULTS)
    fewest = {"nn/layers": 60, "nn/losses": 15, "nn/activations": 10, "nn/optimizers": 20, "nn/schedules": 10}
    fewest |= {"data": 5, "training": 15}
    assert {name: folders[name] for name, count in fewest.items() if folders[name] < count} == {}


SOURCE = """\
class One:
    def add(self, x):
        return x + 1

class Two:
    def add(self, x):
        return x + 1
"""


@pytest.mark.parametrize("place", ["a.py", "a.py::Three", "a.py::One.multiply", "a.py::One.add.x"])
def test_a_place_that_is_not_one_place_is_refused(place: str) -> None:
    with pytest.raises(PatchError):
        Fault("a", place, "x + 1", "x + 2", "", "").applied(SOURCE)


def test_a_fault_stays_in_its_place() -> None:
    fault = Fault("a", "nn/a.py::Two.add", "x + 1", "x + 2", "", "")
    assert fault.applied(SOURCE) == SOURCE[:-2] + "2\n"
    assert fault.module == "scratchnn.nn.a"
