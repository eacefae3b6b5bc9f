"""Predictions of files that need not fit in memory: the same bytes whatever the blocks, and nothing half made."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from scratchnn.errors import DataError, StorageError, UsageError
from scratchnn.workflows.model import load_model
from scratchnn.workflows.predict import predict, write_predictions
from scratchnn.workflows.train import train


@pytest.fixture
def model(config):
    return load_model(train(config()).run)


@pytest.fixture
def many(table, write):
    """1100 rows, a few with something to flag: four passes of the network and a part."""
    rows = table(1100, 4)
    for place in (0, 300, 301, 1099):
        rows[place]["color"] = "violet"
    return write("many.csv", rows)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".npz", ".parquet"])
def test_the_bytes_do_not_depend_on_the_blocks(model, many, suffix):
    if suffix == ".parquet":
        pytest.importorskip("polars", reason="Parquet needs polars: pip install 'scratchnn[data]'")
    predict(many, model, proba=True).write(f"whole{suffix}")
    for block_rows in (1, 256, 300, 1024, 10_000):
        summary = write_predictions(many, Path(f"out{suffix}"), model, proba=True, block_rows=block_rows)
        assert Path(f"out{suffix}").read_bytes() == Path(f"whole{suffix}").read_bytes()
        assert (summary.rows, summary.flagged, summary.flags) == (1100, 4, {"unseen:color": 4})
        assert summary.notes == ["color: 4 cells hold a level that training never saw"]


def test_a_stream_in_and_a_stream_out(model, many):
    made = io.BytesIO()
    with many.open("rb") as stream:
        write_predictions(stream, made.write, model, block_rows=256)
    assert made.getvalue().decode() == predict(many, model).to_csv()


def test_a_block_goes_out_before_the_next_comes_in(model, many):
    seen = []
    stream = io.BytesIO(many.read_bytes() + b"1,2\n")
    with pytest.raises(DataError, match=r"stdin:1102: 2 cells, expected 6"):
        write_predictions(stream, seen.append, model, block_rows=256)
    assert b"".join(seen).decode() == "".join(predict(many, model).to_csv().splitlines(keepends=True)[:1025])
    assert len(seen) == 4


def test_formats_agree(model, many, table):
    Path("many.jsonl").write_text("\n".join(map(json.dumps, table(1100, 4))))
    with Path("many.jsonl").open("rb") as stream:
        write_predictions(stream, Path("a.csv"), model, columns=["id"], format="jsonl", block_rows=256)
    write_predictions(Path("many.jsonl"), Path("b.csv"), model, columns=["id"])
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()
    with pytest.raises(UsageError, match=r'--format: unknown format "xml"\. Choose one of: csv, tsv, jsonl'):
        write_predictions(Path("many.jsonl"), Path("b.csv"), model, format="xml")


def test_arrays_in_blocks_keep_their_numbers(config):
    data = {"source": {"type": "moons", "samples": 80}, "target": None, "features": None}
    model = load_model(train(config("moons", data=data)).run)
    inputs = np.random.default_rng(0).normal(size=(600, 2))
    np.savez("new.npz", inputs=inputs)
    write_predictions(Path("new.npz"), Path("out.csv"), model, block_rows=256)
    assert Path("out.csv").read_text() == predict("new.npz", model).to_csv()
    assert Path("out.csv").read_text().splitlines()[-1].startswith("599,")
    inputs[513, 1] = 1e300
    np.savez("new.npz", inputs=inputs)
    with pytest.raises(DataError, match=r"new\.npz:inputs\[513\]: a number is too large"):
        write_predictions(Path("new.npz"), Path("out.csv"), model, block_rows=256)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), DataError("x"), MemoryError(), OSError(28, "No space left")])
def test_whatever_ends_it_early_leaves_the_old_file_and_no_other(model, many, monkeypatch, error):
    Path("out").mkdir()
    Path("out/out.csv").write_text("old")
    rows = type(model).predict

    def fail_later(self, data, *rest, start=0, **more):
        if start:
            raise error
        return rows(self, data, *rest, start=start, **more)

    monkeypatch.setattr(type(model), "predict", fail_later)
    with pytest.raises(StorageError if isinstance(error, OSError) else type(error)):
        write_predictions(many, Path("out/out.csv"), model, block_rows=256)
    assert [path.name for path in Path("out").iterdir()] == ["out.csv"]
    assert Path("out/out.csv").read_text() == "old"


@pytest.mark.parametrize("link", [False, True])
def test_the_rows_are_never_written_over(model, many, link):
    before = many.read_bytes()
    out = Path("link.csv") if link else many
    if link:
        out.symlink_to(many)
    with pytest.raises(UsageError, match=r"is the file of the rows itself\. Name another file: the rows would be lost"):
        write_predictions(many, out, model, columns=["id"])
    with many.open("rb") as stream, pytest.raises(UsageError, match="is the file of the rows itself"):
        write_predictions(stream, out, model)
    assert many.read_bytes() == before


def test_memory_does_not_grow_with_the_rows(model, many):
    body = many.read_bytes().split(b"\n", 1)[1]
    peaks = []
    for count in (20, 100):  # thousands of rows
        with Path("long.csv").open("wb") as file:
            file.write(b"id,x,y,color,kind,price\n" + body * (count * 1000 // 1100))
        tracemalloc.start()
        write_predictions(Path("long.csv"), Path("out.csv"), model, block_rows=2048)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]
    assert Path("long.csv").stat().st_size > 3_000_000


PEAK = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-c", "from scratchnn.cli.app import main; main()", *sys.argv[1:]], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss is that of Linux")
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_process_needs_no_more_memory_for_two_million_rows(model, many, suffix):
    body = many.read_bytes().split(b"\n", 1)[1]
    peaks = []
    for count in (100, 2000):
        with Path("long.csv").open("wb") as file:
            file.write(b"id,x,y,color,kind,price\n")
            for _ in range(count * 1000 // 1100):
                file.write(body)
        words = ["predict", str(model.path), "long.csv", "-o", f"out{suffix}", "--quiet", "--columns", "id,x,y"]
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run([sys.executable, "-c", PEAK, *words], capture_output=True, env=environment, check=True)
        peaks.append(int(done.stdout))
    assert peaks[1] < peaks[0] + 16_384  # KiB; the rows themselves are 70 MB
    with Path(f"out{suffix}").open("rb") as file:
        lines = sum(1 for _ in file)
    assert lines == 2000 * 1000 // 1100 * 1100 + (suffix == ".csv")
