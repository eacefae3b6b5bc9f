"""The scripts that do with other libraries what `scratchnn train configs/iris.yaml` does."""
