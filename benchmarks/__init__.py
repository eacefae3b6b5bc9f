"""How fast scratchnn trains, measured against the libraries that people use instead, in the same run.

    pip install 'scratchnn[bench]'                 # torch, scikit-learn, jax; what is missing is skipped
    python -m benchmarks                           # microseconds per training step, every workload and library
    python -m benchmarks --workload mnist --library torch --rounds 9 --seconds 2
    python -m benchmarks process                   # whole processes: seconds and peak memory of an iris run
    python -m benchmarks csv --rows 1000000        # seconds to read a CSV file, beside pandas where it is installed

The clock of a machine drifts, so compare ratios, not times. Each library has its own process with the same number of
threads (`--threads`), and the processes take turns, round by round: A B C A B C ... A ratio is peer / scratchnn within
one round; the table gives the median of the rounds, with the smallest and the largest. Above 1, scratchnn is faster.
Let nothing else run meanwhile: a busy machine slows most who waits for threads, and is warned about. Every sample goes
to a JSON file (`--json`), by default under `benchmarks/results/`.

The workloads (`--workload`; all of them when absent) are rows made up for the purpose, in these networks:

- `iris`, `digits`, `mnist`, `wide`: dense layers with relu between them;
- `cnn`: that of configs/mnist_cnn.yaml, images of 28x28x1, batch 64. Two 5x5 convolutions (32 and 64 filters), each
  with relu and 2x2 max pooling, then dropout 0.4, dense 128 with relu, dropout 0.3, dense 10;
- `lstm`: that of configs/mnist_lstm.yaml, 28 steps of 28 numbers, batch 64. LSTM 128, dense 10 on its last output;
- `transformer`: 64 steps of 64 float numbers, batch 32. One encoder block (4 heads, feed-forward width 256, relu,
  layer norm after each sum, biases, no mask, no positions, dropout 0), the average over the steps, dense 10.

A step is: gather a shuffled batch from rows in memory, forward, softmax cross-entropy, backward, Adam; float32. No
gradient is clipped. All start from the same weights, and the means of their first 20 losses are compared, so that none
does less work than the others: to 0.001. Draws of dropout differ between libraries: there a second network without
dropout is compared to 0.001, and the one that is timed to 0.03 (without its dropout it would be off by 0.06).

- scratchnn: `scratchnn.training.step.Step`, driven as the trainer drives it, `threads: auto` up to `--threads`;
- torch: eager, `Adam(fused=True)`, gradients set to None; the loss is read at the end of a timed block only.
  `Conv2d` in the `channels_last` format, the faster one here, also in front of the dense layers; `LSTM`; and
  `TransformerEncoderLayer`, both with `batch_first`. Of the LSTM's two biases the second stays 0, or their sum would
  learn at twice the rate; a step takes as long with it;
- scikit-learn: the loop inside `MLPClassifier.fit` (adam, alpha 0), timed from one step's start to another's, so
  that what `fit` does before its loop does not count;
- jax: one jitted call a step, its state donated, the order of the rows already on the device.

`--threads` is what each may use. scratchnn takes one where a step is small, which is its default; the peers keep
theirs, as they do by default. With `--threads 1` nobody has the choice.

In the whole processes, scratchnn writes its run directory with checkpoints and judges its validation rows after each
epoch; torch judges them and writes nothing; scikit-learn does neither, and `fit` has no place for it.

The CSV file holds normal numbers with all their digits. Each reader takes turns with the others in one process, from
the file on the disk to its numbers in memory: scratchnn without and with polars (however large the file is), and
`pandas.read_csv` as it is by default. Here a ratio is the reader's time / that of pandas. All must find the same sums.

To add a workload: a row in `workloads/__init__.py`; a new kind of network is a class beside it, and its layers a few
lines each in `libraries/torch_networks.py`.
To add a library: a row in `libraries/__init__.py`, and a module beside it.
"""
