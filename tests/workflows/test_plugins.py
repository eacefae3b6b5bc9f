from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scratchnn.errors import ModelError
from scratchnn.training.model_file import ModelFile
from scratchnn.workflows.evaluate import evaluate
from scratchnn.workflows.train import resume, train

SOURCE = '''
from __future__ import annotations

from typing import Literal

import numpy as np

from scratchnn.nn.layer import Layer, Plan


class Halve{name}(Layer):
    """y = x / 2."""

    type: Literal["halve_{name}"] = "halve_{name}"

    def plan(self, inputs):
        return Plan(inputs)

    def forward(self, x, y, mem, run):
        np.multiply(x, 0.5, out=y)

    def backward(self, x, y, dy, dx, mem, run):
        if dx is not None:
            np.multiply(dy, 0.5, out=dx)
'''


@pytest.fixture
def plugin():
    """Writes a plugin with a layer of that name (a file is run once in a process)."""

    def made(name, folder="plugins"):
        Path(folder).mkdir(exist_ok=True)
        path = Path(folder) / f"halve_{name}.py"
        path.write_text(SOURCE.replace("{name}", name))
        return path

    return made


def layers(name):
    return {"layers": [{"type": "dense", "units": 4}, f"halve_{name}", {"type": "dense", "units": "auto"}]}


def test_a_layer_from_a_file_that_the_config_names(config, plugin, stopping):
    plugin("a")
    path = config(model=layers("a"), plugins=["../plugins/halve_a.py"])
    whole = train(path)
    part = train(path, **stopping(2))
    rest = resume(part.run)
    assert rest.metrics == whole.metrics
    models = [(run / "model.safetensors").read_bytes() for run in (whole.run, part.run)]
    assert models[0] == models[1]
    assert ModelFile.read(whole.run / "model.safetensors").config["plugins"] == ["halve_a.py"]
    assert evaluate(whole.run).metrics["loss"] == whole.metrics["test"]["loss"]


def test_the_layer_is_used(config, plugin):
    plugin("b")
    halved = train(config("halved", model=layers("b"), plugins=["../plugins/halve_b.py"]))
    plain = train(config("plain", model={"layers": [layers("b")["layers"][0], layers("b")["layers"][2]]}))
    start = [ModelFile.read(run.run / "model.safetensors").arrays["0.weight"] for run in (halved, plain)]
    assert not np.array_equal(*start)


def test_a_plugin_of_the_command_line_is_kept_in_the_run(config, plugin, stopping):
    file = plugin("c", "elsewhere")
    part = train(config(model=layers("c")), plugins=[file], **stopping(2))
    assert "plugins: [../../elsewhere/halve_c.py]" in (part.run / "config.yaml").read_text()
    program = f"from scratchnn import resume; print(resume({str(part.run)!r}).status)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("completed\n", "")


def test_a_model_whose_plugin_is_not_given_is_refused_with_a_hint(config, plugin):
    file = plugin("d")
    run = train(config(model=layers("d")), plugins=[file]).run
    program = """
import sys
from scratchnn import evaluate, load_model
from scratchnn.errors import ModelError
try:
    load_model(sys.argv[1])
except ModelError as error:
    print(error.exit_code, error)
print(load_model(sys.argv[1], plugins=[sys.argv[2]]).built.network.layers[1].tag())
print(evaluate(sys.argv[1], plugins=[sys.argv[2]]).rows)
"""
    command = [sys.executable, "-c", program, str(run), str(file)]
    first, *rest = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert first.startswith("4 runs/small/model.safetensors: holds a config that cannot be used: ")
    assert 'unknown layer "halve_d"' in first
    assert first.endswith("Plugins are run only when you name them: add --plugin plugins/halve_d.py to the command.")
    assert rest == ["halve_d", "12"]
    Path("alone").mkdir()
    (run / "model.safetensors").rename("alone/model.safetensors")
    lone = subprocess.run([*command[:3], "alone/model.safetensors", str(file)], capture_output=True, text=True)
    assert "name them: add --plugin FOLDER/halve_d.py to the command, with the folder of the file." in lone.stdout


def test_a_plugin_that_moved_is_named_by_its_file(config, plugin):
    """The message is made in a process in which the plugin was never run."""
    file = plugin("m", "a b")
    run = train(config(model=layers("m")), plugins=[file]).run
    command = [
        sys.executable,
        "-c",
        "from scratchnn.cli.app import main; main()",
        "predict",
        str(run),
        "data/table.csv",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 4
    assert "add --plugin 'a b/halve_m.py' to the command." in done.stderr
    file.rename("moved.py")
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 4
    assert "add --plugin FOLDER/halve_m.py to the command, with the folder of the file." in done.stderr


def test_nothing_in_a_model_file_is_run(config, plugin, tmp_path):
    run = train(config()).run
    stored = ModelFile.read(run / "model.safetensors")
    trap = tmp_path / "trap.py"
    trap.write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')")
    stored.config["plugins"] = [str(trap)]
    stored.write(run / "model.safetensors")
    evaluate(run)
    assert not (tmp_path / "sprung").exists()


def test_a_model_whose_config_is_damaged(config):
    run = train(config()).run
    stored = ModelFile.read(run / "model.safetensors")
    for key, value in {"model": {"layers": []}, "loss": "mse", "data": 3, "surplus": 1}.items():
        ModelFile({**stored.config, "plugins": 7, key: value}, stored.encoder, stored.arrays).write(
            run / "model.safetensors"
        )
        with pytest.raises(ModelError, match="holds a config that cannot be used"):
            evaluate(run)


@pytest.mark.parametrize("units", [10**7, 10**12, 10**18, 10**30])
def test_a_model_that_claims_to_be_huge(config, units):
    run = train(config()).run
    stored = ModelFile.read(run / "model.safetensors")
    stored.config["model"]["layers"][0]["units"] = units
    stored.write(run / "model.safetensors")
    with pytest.raises(ModelError):
        evaluate(run)
