"""Augmentations of training batches. Importing this package is what enrols them."""

from scratchnn.data.augmentation.augmentation import Augmentation, Mix
from scratchnn.data.augmentation.augmenter import Augmenter, check_augmentation, fills_of
from scratchnn.data.augmentation.canvas import Canvas, Fills
from scratchnn.data.augmentation.crop import Crop, ResizedCrop
from scratchnn.data.augmentation.cutmix import CutMix
from scratchnn.data.augmentation.cutout import Cutout
from scratchnn.data.augmentation.flip import Flip
from scratchnn.data.augmentation.light import Brightness, Contrast
from scratchnn.data.augmentation.mixup import Mixup
from scratchnn.data.augmentation.pixels import Pixels
from scratchnn.data.augmentation.rotate import Rotate
from scratchnn.data.augmentation.shift import Shift
from scratchnn.data.augmentation.zoom import Zoom

__all__ = [
    "Augmentation",
    "Augmenter",
    "Brightness",
    "Canvas",
    "Contrast",
    "Crop",
    "CutMix",
    "Cutout",
    "Fills",
    "Flip",
    "Mix",
    "Mixup",
    "Pixels",
    "ResizedCrop",
    "Rotate",
    "Shift",
    "Zoom",
    "check_augmentation",
    "fills_of",
]
