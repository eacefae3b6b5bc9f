"""The model that a training starts from: found, read, and put into the network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scratchnn.data.encoder import Encoder
from scratchnn.data.files import shown
from scratchnn.data.targets import FittedTarget
from scratchnn.nn.network import Network
from scratchnn.training.model_file import ModelFile
from scratchnn.training.starting import Source, StartReport, StartSettings, start_from
from scratchnn.workflows.configs import LoadedConfig
from scratchnn.workflows.model import locate_model


@dataclass(frozen=True)
class Start:
    """A model to start from, as `settings` say. `name` is what to call it."""

    settings: StartSettings
    stored: ModelFile
    name: str

    @classmethod
    def of(cls, loaded: LoadedConfig, copy: Path | None = None) -> Start | None:
        """That of a config, None where it has none; from the `copy` of it that a run keeps, where there is one.

        Raises `ModelError` where there is no such model, or where it cannot be read.
        """
        settings = loaded.config.start
        if settings is None:
            return None
        if copy is not None and copy.is_file():
            return cls(settings, ModelFile.read(copy), settings.path)
        path, here = loaded.base / Path(settings.path).expanduser(), Path.cwd()
        file, _ = locate_model(path.relative_to(here) if path.is_relative_to(here) else path)
        return cls(settings, ModelFile.read(file), shown(file))

    @property
    def encoder(self) -> Encoder | None:
        """The encoder whose inputs are kept; None where all is fitted anew."""
        return self.stored.encoder if self.settings.preprocessing == "keep" else None

    def fill(self, network: Network, target: FittedTarget) -> StartReport:
        """Puts the arrays into an initialized network; see `start_from`."""
        source = Source(self.name, self.stored.arrays, self.stored.encoder.target)
        return start_from(network, source, target, self.settings)
