"""scratchnn summary"""

from __future__ import annotations

from scratchnn.cli.options import ConfigFile, Json, Plugins, Sets

EXAMPLE = "configs/iris.yaml"


def command(config: ConfigFile, sets: Sets = None, plugins: Plugins = None, as_json: Json = False) -> int:
    """Shows the shapes, parameters, memory and FLOPs of a network."""
    from scratchnn.cli.console import Console
    from scratchnn.workflows.inspect import summary

    console = Console(as_json=as_json)
    made = summary(config, sets or (), plugins or ())
    if as_json:
        console.json(made.to_json())
        return 0
    rows = [["input", "", _shape(made.inputs), "", ""]]
    for row in made.layers:
        rows.append([f"layers[{row.index}]", row.tag, _shape(row.output), f"{row.parameters:,}", f"{row.flops:,}"])
    rows.append(["total", "", "", f"{made.parameters:,}", f"{made.flops:,}"])
    console.table(made.name, ["", "type", "output", "parameters", "FLOPs"], rows, left=3)
    console.say(
        f"loss: {made.loss}",
        f"memory at batch size {made.batch_size}: parameters {_size(made.parameter_bytes)}, "
        f"optimizer {_size(made.optimizer_bytes)}, workspace {_size(made.workspace_bytes)}",
        "FLOPs: of one sample's forward pass; a training step costs about three times as much for each sample",
    )
    return 0


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def _size(count: int) -> str:
    """Bytes for people.

    >>> _size(500), _size(2048), _size(3 << 20)
    ('500 B', '2.0 KiB', '3.0 MiB')
    """
    size, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{count} B" if unit == "B" else f"{size:.1f} {unit}"
