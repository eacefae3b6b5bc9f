"""scratchnn schema"""

from __future__ import annotations

import json

from scratchnn.cli.options import Plugins

EXAMPLE = "> scratchnn.schema.json"


def command(plugins: Plugins = None) -> int:
    """Prints the JSON Schema of a config, for editors."""
    from scratchnn.cli.console import Console
    from scratchnn.workflows.components import config_schema

    Console().text(json.dumps(config_schema(plugins or ()), indent=2) + "\n")
    return 0
