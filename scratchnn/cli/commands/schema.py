"""scratchnn schema"""

from __future__ import annotations

import json
import sys

from scratchnn.cli.options import Plugins


def command(plugins: Plugins = None) -> int:
    """Prints the JSON Schema of a config, for editors that check YAML."""
    from scratchnn.workflows.components import config_schema

    sys.stdout.write(json.dumps(config_schema(plugins or ()), indent=2) + "\n")
    return 0
