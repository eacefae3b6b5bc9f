"""One module for what each command does: a config in, a result out, nothing printed."""
