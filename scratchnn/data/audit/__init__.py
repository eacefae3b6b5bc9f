"""What may be wrong with a data set: pure functions on what a source reads into and how its rows are divided."""
