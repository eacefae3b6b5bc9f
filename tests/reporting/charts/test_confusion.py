from __future__ import annotations

import numpy as np

from scratchnn.reporting.charts.confusion import OTHERS, Confusion, confusion_chart, confusion_of


def test_rows_are_true_and_columns_predicted():
    whole = confusion_of(["a", "b"], np.array([0, 0, 0, 1]), np.array([0, 1, 1, 1]))
    assert whole.counts.tolist() == [[1, 2], [0, 1]]
    assert (whole.right, whole.total) == (2, 4)
    assert whole.pairs() == [("a", "b", 2)]


def test_of_many_classes_those_with_mistakes_are_shown():
    size = 200
    counts = np.diag(np.full(size, 5))
    counts[150, 3] = 4
    counts[7, 9] = 1
    whole = Confusion([f"c{k}" for k in range(size)], counts)
    small = whole.reduced(4)
    assert list(small.names) == ["c3", "c7", "c9", "c150", OTHERS]
    assert small.total == whole.total
    assert small.counts[3].tolist() == [4, 0, 0, 5, 0]
    assert small.counts[4, 4] == 5 * 196
    text = confusion_chart(whole).description
    assert "1,000 of 1,005 rows" in text
    assert "c150 taken for c3 (4)" in text
    assert "20 of 200 classes" in text
    assert confusion_chart(whole).svg().count("<path") < 1000


def test_what_stands_in_its_cells():
    svg = confusion_chart(Confusion(["yes", "no"], np.array([[1200, 3], [0, 41]]))).svg()
    assert [text in svg for text in (">1.2k<", ">3<", ">41<", ">0<")] == [True, True, True, False]
