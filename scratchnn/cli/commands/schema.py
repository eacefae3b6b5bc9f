"""scratchnn schema"""

from __future__ import annotations

import json

from scratchnn.cli.options import Json, Plugins

EXAMPLE = "> scratchnn.schema.json"


def command(plugins: Plugins = None, as_json: Json = False) -> int:
    """Prints the JSON Schema of a config, for editors. It is JSON with and without --json."""
    from scratchnn.cli.console import Console
    from scratchnn.workflows.components import config_schema

    Console(as_json=as_json).text(json.dumps(config_schema(plugins or ()), indent=2) + "\n")
    return 0
