"""Images in folders, one folder a class. Read by pillow."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.data.extras import require
from scratchnn.data.files import locate, reading, shown
from scratchnn.data.sources import Source
from scratchnn.data.tables import Array, Arrays
from scratchnn.errors import DataError

SUFFIXES = (".jpeg", ".jpg", ".png")
MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"})  # of 8 bits a channel or fewer

Side = Annotated[int, Field(ge=1, le=65_535)]


class Images(Source):
    """A folder with one folder of PNG and JPEG images for each class, whose name is the folder's.

    Needs `pip install 'scratchnn[data]'`. Images become bytes (N, height, width, channels), in the order of the names
    of their classes, then of their files: turned as their EXIF data say, converted to grey (luma of ITU-R 601-2) or
    red, green and blue as pillow does it (transparency is dropped), and resized by pillow's bilinear filter, which
    averages over more pixels where an image shrinks; the proportions of the sides are not kept. Names that begin with
    a dot are skipped.
    """

    type: Literal["images"] = "images"
    paths: ClassVar[tuple[str, ...]] = ("path",)
    path: str = Field(min_length=1, description="The folder that holds a folder for each class.")
    size: list[Side] | None = Field(
        None,
        min_length=2,
        max_length=2,
        description="Height and width to which images are resized. Null: all have one size already.",
    )
    channels: Literal[1, 3] = Field(3, description="1 for grey, 3 for colours.")

    def read(self, base: Path) -> Arrays:
        """The images with their classes. Raises `DataError` naming the file, `StorageError` or `UsageError`."""
        root = locate(base, self.path)
        require("PIL", shown(root), "a folder of images")
        folders, files = _entries(root)
        if files:
            hint = f"Put every image into the folder of its class in {shown(root)}."
            raise DataError("this file is in no folder of a class", where=shown(files[0]), hint=hint)
        if not folders:
            hint = "Make a folder for each class, and put its images there."
            raise DataError("there is no folder of a class", where=shown(root), hint=hint)
        names, paths = [], []
        for folder in folders:
            inner, images = _entries(folder)
            if inner or not images:
                where, got = (inner[0], "a folder in the folder of a class") if inner else (folder, "no image is here")
                raise DataError(got, where=shown(where), hint="The folder of a class holds its images, nothing else.")
            names += [folder.name] * len(images)
            paths += images
        return self._arrays(paths, root, np.array(names))

    def read_new(self, path: Path) -> Arrays:
        """One image, or a folder of images in order of their names; with their classes where they are in folders."""
        require("PIL", shown(path), "an image")
        if path.is_file():
            return self._arrays([path], path.parent)
        folders, files = _entries(path)
        if folders or not files:
            return self.model_copy(update={"path": str(path)}).read(Path())
        return self._arrays(files, path)

    def _arrays(self, paths: Sequence[Path], root: Path, classes: Array | None = None) -> Arrays:
        """The images, named by their paths below `root`."""
        arrays = Arrays.of(self._load(paths), classes, where=shown(root), task="classification")
        return replace(arrays, names=tuple(path.relative_to(root).as_posix() for path in paths))

    def _load(self, paths: Sequence[Path]) -> Array:
        """The images (N, height, width, channels), uint8."""
        first = self._image(paths[0])
        images = np.empty((len(paths), *first.shape), np.uint8)
        images[0] = first
        for place, path in enumerate(paths[1:], 1):
            image = self._image(path)
            if image.shape != first.shape:
                got = f"{image.shape[0]} x {image.shape[1]} pixels, but {shown(paths[0])} has "
                hint = "Set size: [height, width] in the source, to which all images are resized."
                raise DataError(f"{got}{first.shape[0]} x {first.shape[1]}", where=shown(path), hint=hint)
            images[place] = image
        return images

    def _image(self, path: Path) -> Array:
        """One image (height, width, channels)."""
        from PIL import Image, ImageOps, UnidentifiedImageError

        where = shown(path)
        if path.suffix.lower() not in SUFFIXES:
            hint = f"Remove it: images are {', '.join(SUFFIXES)} files."
            raise DataError("this is no image by its name", where=where, hint=hint)
        with reading(path):
            data = path.open("rb")
        try:
            with warnings.catch_warnings(), data, Image.open(data, formats=("PNG", "JPEG")) as image:
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                if getattr(image, "n_frames", 1) > 1:
                    raise DataError("this is a film, not one image", where=where, hint="Save one of its images.")
                if image.mode not in MODES:
                    hint = "Save it with 8 bits for each channel."
                    raise DataError(f"its pixels are of the kind {image.mode}", where=where, hint=hint)
                turned = ImageOps.exif_transpose(image).convert("L" if self.channels == 1 else "RGB")
                if self.size is not None:
                    turned = turned.resize((self.size[1], self.size[0]), Image.Resampling.BILINEAR)
                pixels = np.asarray(turned, np.uint8)
        except UnidentifiedImageError:
            hint = "Save it as PNG or JPEG, or remove it."
            raise DataError("this is no PNG or JPEG image", where=where, hint=hint) from None
        except (
            OSError,
            SyntaxError,
            ValueError,
            Image.DecompressionBombError,
            Image.DecompressionBombWarning,
        ) as error:
            reason = (str(error).strip().splitlines() or ["the data is damaged"])[0].rstrip(".")
            raise DataError(f"the image cannot be read: {reason}", where=where, hint="Replace it.") from None
        return pixels.reshape(*pixels.shape[:2], self.channels)


def _entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """The folders and the other files in a folder, each sorted by name, without those that begin with a dot."""
    if folder.is_file():
        hint = "Give the folder that holds a folder for each class."
        raise DataError("this is a file, not a folder", where=shown(folder), hint=hint)
    with reading(folder):
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    return [entry for entry in entries if entry.is_dir()], [entry for entry in entries if not entry.is_dir()]
