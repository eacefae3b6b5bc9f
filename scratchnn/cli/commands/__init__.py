"""One thin file for each command: it parses, calls a workflow, and shows the result."""
