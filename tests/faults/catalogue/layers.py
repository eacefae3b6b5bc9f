"""Faults in the layers that see a sample at a time: dense, convolutions, pooling, norms, noise, gates, composites."""

from __future__ import annotations

from tests.faults.fault import Fault

DENSE = "nn/layers/test_dense.py"
CONVOLUTION = "nn/layers/test_convolution.py"
CORRELATION = "nn/test_correlation.py nn/layers/test_convolution.py"
DEPTHWISE = "nn/layers/test_depthwise.py"
POOLING = "nn/layers/test_pooling.py"
GLOBAL_POOLING = "nn/layers/test_global_pooling.py"
NORMALIZATION = "nn/layers/test_normalization.py"
GROUP_NORMALIZATION = "nn/layers/test_group_normalization.py"
ROW_NORMALIZATION = "nn/layers/test_row_normalization.py"
DROPOUT = "nn/layers/test_dropout.py"
NOISE = "nn/layers/test_noise.py"
GATES = "nn/layers/test_gates.py"
COMPOSITE = "nn/layers/test_composite.py"
SHAPE = "nn/layers/test_shape.py"
RESIZING = "nn/layers/test_resizing.py"


def gradients(tag: str) -> str:
    """The gradient checks of one component."""
    return f"nn/test_gradcheck.py::test_every_component_passes[{tag}]"


FAULTS = (
    Fault(
        "dense-fans-swapped",
        "nn/layers/dense.py",
        "(fan_in, fan_out), (fan_in, fan_out), fallback",
        "(fan_in, fan_out), (fan_out, fan_in), fallback",
        "weights start by the number of outputs instead of inputs",
        DENSE,
    ),
    Fault(
        "dense-fallback-of-activation-ignored",
        "nn/layers/dense.py::Dense.plan",
        "self.activation.fallback_init() if self.activation else None",
        "None",
        "weights before relu start as those before tanh",
        DENSE,
    ),
    Fault(
        "bias-decayed",
        "nn/layer.py",
        "self.bias_init, decay=False",
        "self.bias_init",
        "biases count as weights: they decay",
        "nn/test_arena.py",
    ),
    Fault(
        "conv-bias-gradient-of-last-block",
        "nn/layers/convolution.py",
        "np.add(total, part, out=total)",
        "np.copyto(total, part)",
        "the bias gradient of later rows replaces that of the rows before",
        CONVOLUTION,
    ),
    Fault(
        "conv1d-gradient-reaches-padding",
        "nn/layers/convolution.py",
        "np.multiply(dx, mem.saved.mask, out=dx)",
        "np.multiply(dx, 1, out=dx)",
        "steps that count as 0 get a gradient",
        CONVOLUTION,
    ),
    Fault(
        "conv1d-mask-without-padding-after",
        "nn/layers/convolution.py",
        "time.reach - time.before - time.after",
        "time.reach - time.before",
        "the mask forgets the padding behind a sequence",
        CONVOLUTION,
    ),
    Fault(
        "conv2d-fans-ignore-groups",
        "nn/layers/convolution.py",
        "(height * width * group, height * width * self.filters)",
        "(height * width * channels, height * width * self.filters)",
        "each filter counts the channels of all groups as its inputs",
        CONVOLUTION,
    ),
    Fault(
        "same-padding-odd-cell-before",
        "nn/windows.py",
        "total // 2, total - total // 2",
        "total - total // 2, total // 2",
        "same padding puts the odd cell before",
        CONVOLUTION,
    ),
    Fault(
        "dilation-reaches-too-far",
        "nn/windows.py::Axis.reach",
        "(self.kernel - 1) * self.dilation",
        "self.kernel * self.dilation - 1",
        "a dilated window ends behind its last tap",
        "nn/test_windows.py",
    ),
    Fault(
        "gradient-padding-front-and-rear-swapped",
        "nn/windows.py",
        "front, rear = self.reach - self.before, self.reach - self.after",
        "rear, front = self.reach - self.before, self.reach - self.after",
        "the input gradient is shifted where padding is uneven",
        "nn/test_windows.py",
    ),
    Fault(
        "kernel-turned-in-one-axis",
        "nn/correlation.py",
        "[::-1, ::-1]",
        "[::-1]",
        "the input gradient uses a kernel turned upside down, but not left to right",
        CORRELATION,
    ),
    Fault(
        "padding-cleared-by-half",
        "nn/correlation.py",
        "mem.scratch.padded[: windows.padded_numbers].fill(0)",
        "mem.scratch.padded[: windows.padded_numbers // 2].fill(0)",
        "the padding of later images holds what was there before",
        CORRELATION,
    ),
    Fault(
        "weight-gradient-of-last-block",
        "nn/correlation.py::Correlation.weight_gradient",
        "np.add(total, part, out=total)",
        "np.copyto(total, part)",
        "the weight gradient of later blocks replaces that of those before",
        CORRELATION,
    ),
    Fault(
        "scatter-without-dilation",
        "nn/correlation.py",
        "j * columns.dilation",
        "j",
        "with a stride, the input gradient ignores the dilation of columns",
        CORRELATION,
    ),
    Fault(
        "depthwise-weight-gradient-of-last-block",
        "nn/layers/depthwise.py",
        "np.add(total, part, out=total)",
        "np.copyto(total, part)",
        "the weight gradient of later samples replaces that of those before",
        CORRELATION,
    ),
    Fault(
        "depthwise-dilation-of-rows-for-columns",
        "nn/layers/depthwise.py",
        "k * rows.dilation, j * columns.dilation",
        "k * rows.dilation, j * rows.dilation",
        "columns take the dilation of rows",
        DEPTHWISE,
    ),
    Fault(
        "depthwise-fans-swapped",
        "nn/layers/depthwise.py",
        "(cells, cells * multiplier)",
        "(cells * multiplier, cells)",
        "the depth multiplier counts as inputs",
        DEPTHWISE,
    ),
    Fault(
        "average-counts-padding",
        "nn/layers/pooling.py",
        "along[outputs] += 1",
        "along += 1",
        "the mean divides by the whole window at the border",
        POOLING,
    ),
    Fault(
        "max-pool-ties-all-get-the-gradient",
        "nn/layers/pooling.py",
        "np.subtract(rest, share, out=rest)",
        "np.subtract(rest, 0, out=rest)",
        "of equal numbers in overlapping windows each gets the whole gradient",
        POOLING,
    ),
    Fault(
        "overlapping-windows-overwrite",
        "nn/layers/pooling.py::PooledAxis.apart",
        "self.axis.stride >= self.axis.kernel",
        "self.axis.stride + 1 >= self.axis.kernel",
        "where windows overlap by one, the gradient of one is lost",
        POOLING,
    ),
    Fault(
        "pooled-mask-of-any-step",
        "nn/layers/pooling.py",
        "np.logical_and",
        "np.logical_or",
        "a step is real where any step of its window is",
        POOLING,
    ),
    Fault(
        "global-max-ties-all-get-the-gradient",
        "nn/layers/global_pooling.py",
        "np.divide(dy, counts, out=counts)",
        "np.copyto(counts, dy)",
        "equal maxima get the whole gradient each",
        GLOBAL_POOLING,
    ),
    Fault(
        "global-max-gradient-reaches-padding",
        "nn/layers/global_pooling.py",
        "np.multiply(places, mem.saved.real[:, :, None], out=places)",
        "np.multiply(places, 1, out=places)",
        "a padding step that equals the maximum shares its gradient",
        GLOBAL_POOLING,
    ),
    Fault(
        "global-pooling-keeps-the-mask",
        "nn/layers/global_pooling.py::GlobalPool.take_mask",
        "run.mask = None",
        "pass",
        "behind a global pooling the mask of the steps goes on",
        GLOBAL_POOLING,
    ),
    Fault(
        "batch-norm-running-variance-biased",
        "nn/layers/normalization.py",
        "np.divide(variance, count - 1, out=row)",
        "np.divide(variance, count, out=row)",
        "the running variance is the biased one",
        NORMALIZATION,
    ),
    Fault(
        "batch-norm-momentum-of-the-old",
        "nn/layers/normalization.py",
        "np.multiply(running, 1 - momentum, out=running)\n    np.multiply(new, momentum, out=new)",
        "np.multiply(running, momentum, out=running)\n    np.multiply(new, 1 - momentum, out=new)",
        "momentum weighs the old statistics, as in Keras",
        NORMALIZATION,
    ),
    Fault(
        "batch-norm-gradient-without-the-mean",
        "nn/layers/normalization.py",
        "np.subtract(dx, total, out=dx)",
        "np.subtract(dx, 0, out=dx)",
        "the gradient takes the mean for a constant",
        NORMALIZATION,
    ),
    Fault(
        "batch-norm-inference-without-epsilon",
        "nn/layers/normalization.py",
        "np.add(mem.state.running_variance, self.epsilon, out=inverse)",
        "np.copyto(inverse, mem.state.running_variance)",
        "outside of training there is no epsilon",
        NORMALIZATION,
    ),
    Fault(
        "group-norm-every-other-channel",
        "nn/layers/group_normalization.py",
        "sums.reshape(len(sums), group.shape[1], -1)",
        "sums.reshape(len(sums), -1, group.shape[1]).transpose(0, 2, 1)",
        "a group takes every G-th channel instead of neighbours",
        GROUP_NORMALIZATION,
    ),
    Fault(
        "group-norm-gamma-gets-the-gradient-of-beta",
        "nn/layers/group_normalization.py",
        "np.dot(samples, along[:, 0], out=mem.grads.gamma)",
        "np.dot(samples, total[:, 0], out=mem.grads.gamma)",
        "the gradient of gamma leaves out the normalized numbers",
        GROUP_NORMALIZATION,
    ),
    Fault(
        "layer-norm-epsilon-outside-the-root",
        "nn/layers/row_normalization.py",
        "np.add(inverse, epsilon, out=inverse)\n    np.sqrt(inverse, out=inverse)",
        "np.sqrt(inverse, out=inverse)\n    np.add(inverse, epsilon, out=inverse)",
        "epsilon is added after the square root",
        ROW_NORMALIZATION,
    ),
    Fault(
        "layer-norm-gradient-without-the-mean",
        "nn/layers/row_normalization.py",
        "scale=self.scale, centered=True",
        "scale=self.scale, centered=False",
        "the gradient takes the mean for a constant",
        ROW_NORMALIZATION,
    ),
    Fault(
        "l2-normalize-gradient-of-short-rows",
        "nn/layers/row_normalization.py",
        "where=length <= self.epsilon",
        "where=length < self.epsilon",
        "below epsilon the gradient still treats the divisor as a length",
        ROW_NORMALIZATION,
    ),
    Fault(
        "dropout-without-its-factor",
        "nn/layers/dropout.py",
        "1 / (1 - self.rate)",
        "1.0",
        "what is kept is not divided by 1 - rate",
        DROPOUT,
    ),
    Fault(
        "dropout-rate-is-kept",
        "nn/layers/dropout.py",
        "np.greater_equal(draws, self.rate, out=mask)",
        "np.less(draws, self.rate, out=mask)",
        "the rate is the share that is kept",
        DROPOUT,
    ),
    Fault(
        "dropout-gradient-without-its-factor",
        "nn/layers/dropout.py",
        "np.multiply(dy, mem.saved.mask, out=dx)",
        "np.multiply(dy, mem.saved.mask > 0, out=dx)",
        "the gradient is not divided by 1 - rate",
        gradients("dropout"),
    ),
    Fault(
        "dropout-outside-of-training",
        "nn/layers/dropout.py::InvertedDropout.forward",
        "if not run.drops or self.rate == 0:",
        "if self.rate == 0:",
        "numbers are dropped outside of training",
        "nn/layers/test_dropout.py -k 'outside'",
    ),
    Fault(
        "spatial-dropout-drops-places",
        "nn/layers/noise.py",
        "(*(1 for _ in inputs.shape[:-1]), inputs.shape[-1])",
        "(*inputs.shape[:-1], 1)",
        "places are dropped in all channels, instead of channels at all places",
        NOISE,
    ),
    Fault(
        "alpha-dropout-shift",
        "nn/layers/noise.py",
        "a * limit * (1 - self.rate)",
        "a * limit * self.rate",
        "the shift that keeps the mean is that of the kept share",
        NOISE,
    ),
    Fault(
        "gaussian-noise-of-the-variance",
        "nn/layers/noise.py",
        "np.multiply(draws, self.deviation, out=draws)",
        "np.multiply(draws, self.deviation**2, out=draws)",
        "the deviation of the noise is its square",
        NOISE,
    ),
)
