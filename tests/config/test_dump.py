from __future__ import annotations

import math

from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import Field

from scratchnn.component import Settings
from scratchnn.config.dump import dump_config
from scratchnn.config.explain import validate
from scratchnn.config.load import parse_document


class Inner(Settings):
    text: str = "x"
    number: float = 1.0
    entries: list[str] = Field([])
    weights: dict[str, float] = Field({})


class Outer(Settings):
    count: int = 3
    flag: bool = True
    limit: float | None = None
    inner: Inner = Inner()
    many: list[Inner] = Field([])


texts = st.text(max_size=20).filter(lambda text: "\0" not in text)
numbers = st.floats(allow_nan=False)
inners = st.builds(
    Inner,
    text=texts,
    number=numbers,
    entries=st.lists(texts, max_size=3),
    weights=st.dictionaries(texts, numbers, max_size=3),
)
outers = st.builds(
    Outer, count=st.integers(), limit=numbers | st.none(), inner=inners, many=st.lists(inners, max_size=2)
)


@given(outers)
@example(Outer(inner=Inner(text="1e5", entries=["08", "0o7", "yes", "<<", "1e999", "~", ""])))
@example(Outer(inner=Inner(text="a\x85b", entries=["\u2028", "\ufeff"], weights={"a: b": -0.0, " x\ny ": 5e-324})))
def test_what_is_written_reads_back_the_same(settings: Outer) -> None:
    read = validate(parse_document(dump_config(settings), "c.yaml"), Outer)
    assert read == settings
    assert math.copysign(1, read.inner.number) == math.copysign(1, settings.inner.number)


def test_it_is_complete_ordered_and_readable() -> None:
    text = dump_config(Outer(limit=1e-5, inner=Inner(entries=["a", "é"], weights={"b": 2.0, "a": 1.0}), many=[Inner()]))
    assert text == (
        "count: 3\nflag: true\nlimit: 1.0e-05\n"
        "inner:\n  text: x\n  number: 1.0\n  entries: [a, é]\n  weights:\n    b: 2.0\n    a: 1.0\n"
        "many:\n- text: x\n  number: 1.0\n  entries: []\n  weights: {}\n"
    )


def test_the_type_of_a_component_comes_first() -> None:
    class Base(Settings):
        rate: float = 0.5

    class Member(Base):
        type: str = "member"

    assert dump_config(Member()) == "type: member\nrate: 0.5\n"
