from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from scratchnn.data.columns import FittedColumn
from scratchnn.data.features.bent import PowerColumn
from scratchnn.data.features.feature import Feature
from scratchnn.data.features.number import Number, NumberColumn, standard
from scratchnn.data.tables import Array, Table
from scratchnn.errors import DataError

MakeTable = Callable[..., Table]

GOLDEN = np.load(Path(__file__).parents[2] / "fixtures" / "sklearn_scalers.npz")  # by make_sklearn_scalers.py
COLUMNS = ("normal", "incomes", "mixed", "left", "small", "counts", "many", "two")
SCALES = ("standard", "min_max", "robust", "quantile", "power", "log1p", "none")


def as_table(values: Array) -> Table:
    """Numbers as the text that gives them back exactly, NaN as an empty cell."""
    cells = tuple("" if np.isnan(value) else repr(value) for value in values.tolist())
    return Table("data.csv", {"a": cells}, np.arange(2, len(values) + 2))


def encoded(column: FittedColumn, table: Table) -> Array:
    out = np.zeros((len(table), column.width))
    column.encode(table, out)
    return out


def test_number_scales(table: MakeTable) -> None:
    """Mean 2.5, variance ((1.5^2 + 0.5^2) * 2) / 4 = 1.25; quartiles 1.75 and 3.25."""
    rows = table(a=["1", "2", "3", "4"])
    assert Number().fit(rows, "a") == NumberColumn(name="a", offset=2.5, scale=1.25**0.5)
    assert Number(scale="min_max").fit(rows, "a") == NumberColumn(name="a", offset=1.0, scale=3.0)
    assert Number(scale="robust").fit(rows, "a") == NumberColumn(name="a", offset=2.5, scale=1.5)
    assert Number(scale="none").fit(rows, "a") == NumberColumn(name="a", offset=0.0, scale=1.0)


def test_the_goldens_are_of_the_version_that_the_docstrings_name() -> None:
    assert str(GOLDEN["version"]) == "1.9.1"


@pytest.mark.parametrize("scale", ["standard", "min_max", "robust", "quantile"])
@pytest.mark.parametrize("name", COLUMNS)
def test_scales_equal_scikit_learn(name: str, scale: str) -> None:
    """scikit-learn 1.9.1 on the training rows and on others; `many` has more rows than quantiles are kept."""
    column = Number.model_validate({"scale": scale}).fit(as_table(GOLDEN[f"{name}.train"]), "a")
    for part in ("train", "new"):
        got = encoded(column, as_table(GOLDEN[f"{name}.{part}"]))[:, 0]
        np.testing.assert_allclose(got, GOLDEN[f"{name}.{scale}.{part}"], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", COLUMNS)
def test_powers_equal_scikit_learn(name: str) -> None:
    """Near its maximum a likelihood is flat, so two searches agree in λ to the root of the rounding error alone."""
    column = Number(scale="power").fit(as_table(GOLDEN[f"{name}.train"]), "a")
    assert isinstance(column, PowerColumn)
    assert column.power == pytest.approx(float(GOLDEN[f"{name}.power.lambda"]), abs=1e-6)
    for part in ("train", "new"):
        got = encoded(column, as_table(GOLDEN[f"{name}.{part}"]))[:, 0]
        np.testing.assert_allclose(got, GOLDEN[f"{name}.power.{part}"], rtol=1e-6, atol=1e-6)


def test_log1p_by_hand(table: MakeTable) -> None:
    """s = -log 4, 0, log 4: mean 0, deviation log 4 * sqrt(2/3)."""
    column = Number(scale="log1p").fit(table(a=["-3", "0", "3"]), "a")
    root = 1.5**0.5
    assert encoded(column, table(a=["3", "-3", "15"]))[:, 0] == pytest.approx([root, -root, 2 * root], rel=1e-14)


@pytest.mark.parametrize("scale", SCALES)
def test_scales_come_from_the_values_that_are_there(scale: str) -> None:
    known = GOLDEN["mixed.train"]
    gaps = np.insert(known, [0, 20, len(known)], np.nan)
    plain = Number.model_validate({"scale": scale}).fit(as_table(known), "a")
    filled = Number.model_validate({"scale": scale, "missing": "median"}).fit(as_table(gaps), "a")
    assert filled == plain.model_copy(update={"fill": float(np.median(known))})


@pytest.mark.parametrize(
    ("missing", "fill", "inputs"),
    [
        ({"missing": "mean"}, 4.0, [[1], [4], [3], [8], [4]]),
        ({"missing": "median"}, 3.0, [[1], [3], [3], [8], [3]]),
        ({"missing": "drop_row"}, 3.0, [[1], [3], [3], [8], [3]]),
        ({"missing": "constant", "fill": -1}, -1.0, [[1], [-1], [3], [8], [-1]]),
        ({"missing": "indicator"}, 3.0, [[1, 0], [3, 1], [3, 0], [8, 0], [3, 1]]),
    ],
)
def test_what_stands_for_missing_values(
    table: MakeTable, missing: dict[str, object], fill: float, inputs: list[list[float]]
) -> None:
    rows = table(a=["1", "NA", "3", "8", " "])
    column = Number.model_validate({"scale": "none", **missing}).fit(rows, "a")
    assert column.fill == fill
    assert encoded(column, rows).tolist() == inputs
    assert column.missing(rows).tolist() == [False, True, False, False, True]
    assert column.names == ["a", "a is missing"][: len(inputs[0])]
    assert column.width == len(inputs[0])


def test_a_filled_value_is_scaled_and_then_clipped(table: MakeTable) -> None:
    """Values 0 and 4 have mean 2 and deviation 2: 0 -> -1, 10 -> 4, -6 (filled) -> -4."""
    settings = {"missing": "constant", "fill": -6, "clip": [-3, 2.5]}
    column = Number.model_validate(settings).fit(table(a=["0", "4", "?"]), "a")
    got = encoded(column, table(a=["0", "10", "", "3"]))
    assert got[:, 0].tolist() == [-1, 2.5, -3, 0.5]
    assert column.decode(got).tolist() == [0, 7, -4, 3]  # not exact where it was clipped
    assert column.decode(np.array([[9.0], [-9.0]])).tolist() == [7, -4]


def test_an_indicator_is_not_clipped(table: MakeTable) -> None:
    column = Number(missing="indicator", clip=[-0.5, 0.5]).fit(table(a=["0", "4", "?"]), "a")
    got = encoded(column, table(a=["4", ""]))
    assert got.tolist() == [[0.5, 0], [0, 1]]
    assert column.decode(got)[0] == 3
    assert np.isnan(column.decode(got)[1])  # the row says that there is no value


def test_rows_are_dropped_only_where_it_says_so(table: MakeTable) -> None:
    rows = table(a=["1", "NA", "3"])
    assert Number(missing="drop_row").drops(rows, "a").tolist() == [False, True, False]
    assert not Number(missing="median").drops(rows, "a").any()


@pytest.mark.parametrize("scale", SCALES[:-1])
def test_a_constant_column_is_0_throughout(table: MakeTable, scale: str) -> None:
    rows = table(a=["0.1"] * 7 + [""])
    column = Number.model_validate({"scale": scale, "missing": "indicator"}).fit(rows, "a")
    got = encoded(column, table(a=["0.1", "5", "NA"]))
    assert got.tolist() == [[0, 0], [0, 0], [0, 1]]
    assert column.decode(got[:2]).tolist() == [0.1, 0.1]
    assert np.full(7, 0.1).std() > 0  # the plain formula would have divided by this rounding error


def test_a_missing_value_is_refused_with_the_mend(table: MakeTable) -> None:
    with pytest.raises(DataError) as caught:
        Number().fit(table(age=["1", "NA", ""]), "age")
    assert str(caught.value).startswith('data.csv:3:age: the value is missing ("NA").')
    assert "Set data.features.age: {type: number, missing: median}" in caught.value.hint
    column = Number().fit(table(age=["1", "2"]), "age")
    with pytest.raises(DataError, match=r"data.csv:3:age: the value is missing") as caught:
        encoded(column, table(age=["1", ""]))
    assert "train with data.features.age: {type: number, missing: median}" in caught.value.hint


def test_a_column_without_any_value_is_refused(table: MakeTable) -> None:
    for missing in ("mean", "median", "indicator", "drop_row"):
        with pytest.raises(DataError, match=r"data.csv:a: no training row has a value. Set data.features.a: ignore"):
            Number.model_validate({"missing": missing}).fit(table(a=["", "NA"]), "a")


@pytest.mark.parametrize("scale", SCALES[:-1])
def test_numbers_too_large_to_scale(table: MakeTable, scale: str) -> None:
    feature = Feature.parse({"type": "number", "scale": scale})
    rows = table(a=["1e308", "-1e308", "1e308", "-1e308"])
    if scale == "log1p":  # logarithms are small
        assert encoded(feature.fit(rows, "a"), rows)[:, 0] == pytest.approx([1, -1, 1, -1])  # type: ignore[arg-type]
        return
    with pytest.raises(DataError, match="a: the numbers are too large to scale"):
        feature.fit(rows, "a")


def test_a_mean_too_large_to_fill_in(table: MakeTable) -> None:
    with pytest.raises(DataError, match="a: the numbers are too large to scale"):
        Number(scale="none", missing="mean").fit(table(a=["1.7e308", "1.7e308", ""]), "a")


def test_a_column_that_is_mostly_one_value_has_no_interquartile_range(table: MakeTable) -> None:
    with pytest.raises(DataError, match=r"data.csv:a: the middle half of the values is 0 throughout") as caught:
        Number(scale="robust").fit(table(a=["0", "0", "0", "0", "9"]), "a")
    assert "scale: standard" in caught.value.hint


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"missing": "constant"}, "needs `fill`"),
        ({"missing": "median", "fill": 1}, "needs `fill`, the number to take, and only it does"),
        ({"fill": 1}, "needs `fill`"),
        ({"clip": [2, 2]}, "`clip` must be"),
        ({"clip": [1]}, "at least 2 items"),
        ({"clip": [1, 2, 3]}, "at most 2 items"),
        ({"clip": [0, float("inf")]}, "finite number"),
        ({"missing": "zero"}, "'refuse', 'mean', 'median'"),
        ({"scale": "log"}, "'standard', 'min_max'"),
    ],
)
def test_settings_that_contradict_themselves(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Feature.model_validate({"type": "number", **settings})


def test_standard_of_bytes_does_not_wrap() -> None:
    assert standard(np.array([[250, 250], [254, 254]], np.uint8)) == (252.0, 2.0)


def test_a_number_column_names_the_decimal_setting() -> None:
    table = Table("data.csv", {"w": ("1,5",)}, np.array([2]))
    with pytest.raises(DataError, match='"1,5" is not a number') as caught:
        table.numbers("w")
    assert 'decimal: ","' in caught.value.hint


usual = st.lists(st.integers(-(10**7), 10**7).map(lambda value: value / 8), min_size=2, max_size=30, unique=True)


@settings(deadline=None)
@given(usual, st.sampled_from(SCALES), st.sampled_from(["refuse", "median", "indicator"]))
def test_decoding_inverts_encoding_and_json_keeps_it(values: list[float], scale: str, missing: str) -> None:
    table = as_table(np.array(values))
    column = Number.model_validate({"scale": scale, "missing": missing}).fit(table, "a")
    got = encoded(column, table)
    assert np.isfinite(got).all()
    # What a scale squeezes to within rounding of each other cannot come apart again: a millionth of the range.
    width = max(values) - min(values)
    np.testing.assert_allclose(column.decode(got), values, rtol=1e-6, atol=1e-6 * width)
    again = FittedColumn.model_validate_json(column.model_dump_json())
    assert again == column
    assert encoded(again, table).tobytes() == got.tobytes()


@settings(deadline=None)
@given(usual, st.sampled_from(SCALES))
def test_scales_rise(values: list[float], scale: str) -> None:
    """A larger number never has a smaller input."""
    table = as_table(np.sort(values))
    column = Number.model_validate({"scale": scale}).fit(table, "a")
    assert (np.diff(encoded(column, table)[:, 0]) >= -1e-9).all()


def test_what_can_stand_for_a_column_of_an_array() -> None:
    """One number from each row: also with an indicator, for arrays have no gaps."""
    column = Number(missing="indicator").fit(as_table(np.array([0.0, 4.0])), "a")
    assert column.is_plain_number
    out = np.zeros((2, 2))
    column.encode_numbers(np.array([4, 2]), out)
    assert out.tolist() == [[1, 0], [0, 0]]


def test_which_columns_are_scaled() -> None:
    rows = as_table(np.array([0.0, 1.0, 3.0, 4.0]))
    assert [scale for scale in SCALES if not Number.model_validate({"scale": scale}).fit(rows, "a").scaled] == ["none"]
