"""Faults in augmentations and in the loss of mixed samples."""

from __future__ import annotations

from tests.faults.fault import Fault

WARP = "data/augmentation/test_warp.py"
AUGMENTER = "data/augmentation/test_augmenter.py"
MIXING = "training/test_mixing.py"
RUNS = "workflows/test_augmentation.py -k 'not killed'"

FAULTS = (
    Fault(
        "flip-top-and-bottom",
        "data/augmentation/flip.py",
        "copy[:, :, ::-1] if horizontal else copy[:, ::-1]",
        "copy[:, ::-1] if horizontal else copy[:, :, ::-1]",
        "a horizontal flip swaps top and bottom",
        "data/augmentation/test_flip.py",
    ),
    Fault(
        "shift-wraps-round",
        "data/augmentation/shift.py",
        "rows[lost] = size",
        "rows[lost] %= size",
        "what leaves an image at the bottom comes in at the top of another",
        "data/augmentation/test_shift.py",
    ),
    Fault(
        "shift-reflects-the-edge-twice",
        "data/augmentation/shift.py",
        "np.minimum(places, 2 * (side - 1) - places, out=places)",
        "np.minimum(places, 2 * side - 1 - places, out=places)",
        "reflects between pixels, not at the outermost ones",
        "data/augmentation/test_shift.py",
    ),
    Fault(
        "rotate-clockwise",
        "data/augmentation/rotate.py",
        "np.sin(angles)",
        "-np.sin(angles)",
        "angles above 0 turn clockwise",
        WARP,
    ),
    Fault(
        "rotate-around-a-corner-of-the-middle",
        "data/augmentation/rotate.py",
        "(height - 1) / 2, (width - 1) / 2",
        "height / 2, width / 2",
        "the image moves by half a pixel",
        WARP,
    ),
    Fault(
        "warp-forgets-the-padding",
        "data/augmentation/warp.py",
        "+ line + 1).astype(dtype)",
        "+ line).astype(dtype)",
        "every pixel comes from one to the left",
        WARP,
    ),
    Fault(
        "resized-crop-without-half-a-pixel",
        "data/augmentation/crop.py",
        "maps[:, 1, 2] = width * (rng.random(count) * (1 - right) + right / 2) - 0.5",
        "maps[:, 1, 2] = width * (rng.random(count) * (1 - right) + right / 2)",
        "boxes lie half a pixel too far right",
        WARP,
    ),
    Fault(
        "cutmix-share-of-the-box-as-drawn",
        "data/augmentation/cutmix.py",
        "Mix(1 - areas / (height * width), partners)",
        "Mix(1 - sides**2, partners)",
        "a box that is cut off at the edge counts as a whole one",
        "data/augmentation/test_cutmix.py",
    ),
    Fault(
        "fill-black-is-zero-after-scaling",
        "data/augmentation/augmenter.py",
        "np.divide(-offset, scale,",
        "np.divide(0 * offset, scale,",
        "black is the mean of the data where these are standardized",
        AUGMENTER,
    ),
    Fault(
        "mixed-partner-weighs-as-the-sample",
        "training/mixing.py",
        "np.multiply(rest, partners, out=rest)",
        "np.multiply(rest, weights, out=rest)",
        "the partner's target has the weight of the other class",
        MIXING,
    ),
    Fault(
        "mixed-loss-with-half-its-gradient",
        "training/mixing.py",
        "np.add(gradient, second, out=gradient)",
        "np.add(gradient, 0, out=gradient)",
        "the partner's target has no gradient",
        MIXING,
    ),
    Fault(
        "mixed-shares-swapped",
        "training/mixing.py",
        "shares = rest.reshape(",
        "shares = own.reshape(",
        "numbers are mixed with the share of the other sample",
        MIXING,
    ),
    Fault(
        "augmentation-stream-not-resumed",
        "training/trainer.py",
        'set_state(self._streams.augmentation, numbers["streams"]["augmentation"])',
        'numbers["streams"]["augmentation"]',
        "a resumed run draws the augmentations of the start again",
        "training/test_resuming.py -k mixed",
    ),
    Fault(
        "channels-scaled-together",
        "data/array_inputs.py",
        "axis = 0 if by_channel or samples.ndim == 2 else None",
        "axis = 0 if samples.ndim == 2 else None",
        "one mean and deviation for all channels",
        "data/test_array_inputs.py",
    ),
)
