"""How fast scratchnn trains, measured against the libraries that people use instead, in the same run.

    pip install 'scratchnn[bench]'                 # torch, scikit-learn, jax; what is missing is skipped
    python -m benchmarks                           # microseconds per training step, every workload and library
    python -m benchmarks --workload mnist --library torch --rounds 9 --seconds 2
    python -m benchmarks process                   # whole processes: seconds and peak memory of an iris run

The clock of a machine drifts, so compare ratios, not times. Each library has its own process with the same number of
threads (`--threads`), and the processes take turns, round by round: A B C A B C ... A ratio is peer / scratchnn within
one round; the table gives the median of the rounds, with the smallest and the largest. Above 1, scratchnn is faster.
Let nothing else run meanwhile: a busy machine slows most who waits for threads, and is warned about. Every sample goes
to a JSON file (`--json`), by default under `benchmarks/results/`.

A step is: gather a shuffled batch from rows in memory, forward, softmax cross-entropy, backward, Adam; float32. All
start from the same weights, and their first losses are compared, so that none does less work than the others:

- scratchnn: `scratchnn.training.step.Step`, driven as the trainer drives it, `threads: auto` up to `--threads`;
- torch: eager, `Adam(fused=True)`, gradients set to None; the loss is read at the end of a timed block only;
- scikit-learn: the loop inside `MLPClassifier.fit` (adam, alpha 0), timed from one step's start to another's, so
  that what `fit` does before its loop does not count;
- jax: one jitted call a step, its state donated, the order of the rows already on the device.

`--threads` is what each may use. scratchnn takes one where a step is small, which is its default; the peers keep
theirs, as they do by default. With `--threads 1` nobody has the choice.

In the whole processes, scratchnn writes its run directory with checkpoints and judges its validation rows after each
epoch; torch judges them and writes nothing; scikit-learn does neither, and `fit` has no place for it.

To add a workload: a row (or a class) in `workloads.py`, and its network in each module of `libraries/`.
To add a library: a row in `libraries/__init__.py`, and a module beside it.
"""
