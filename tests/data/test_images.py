from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scratchnn.data import extras
from scratchnn.data.images import Images
from scratchnn.data.preparation import prepare, read_path
from scratchnn.data.settings import DataSettings
from scratchnn.data.sources import Source
from scratchnn.data.tables import Arrays
from scratchnn.errors import ConfigError, DataError, UsageError

Image = pytest.importorskip("PIL.Image", reason="pillow is not installed")


def save(path: Path, pixels: object, **options: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.array(pixels, np.uint8)).save(path, **options)


RED, GREEN, BLUE = [255, 0, 0], [0, 255, 0], [0, 0, 255]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two images of dogs and one of a cat, each two pixels high and one wide."""
    save(tmp_path / "pets" / "dog" / "b.png", [[RED], [GREEN]])
    save(tmp_path / "pets" / "dog" / "a.PNG", [[BLUE], [BLUE]])
    save(tmp_path / "pets" / "cat" / "z.png", [[10], [200]])
    (tmp_path / "pets" / ".DS_Store").touch()
    return tmp_path


def test_images_in_order_of_their_classes_and_names(folder: Path) -> None:
    arrays = Images(path="pets").read(folder)
    assert arrays.inputs.dtype == np.uint8
    assert arrays.inputs.tolist() == [
        [[[10, 10, 10]], [[200, 200, 200]]],
        [[BLUE], [BLUE]],
        [[RED], [GREEN]],
    ]
    assert arrays.targets is not None
    assert arrays.targets.tolist() == ["cat", "dog", "dog"]
    assert arrays.task == "classification"
    assert arrays.names == ("cat/z.png", "dog/a.PNG", "dog/b.png")
    assert arrays.take(np.array([2, 0])).names == ("dog/b.png", "cat/z.png")


def test_grey_is_the_luma_of_the_colours(folder: Path) -> None:
    """L = 0.299 R + 0.587 G + 0.114 B, rounded: pillow's documentation of Image.convert."""
    grey = Images(path="pets", channels=1).read(folder).inputs
    assert grey.shape == (3, 2, 1, 1)
    assert grey[:, :, 0, 0].tolist() == [[10, 200], [29, 29], [76, 150]]


def test_resizes_by_the_bilinear_filter(folder: Path) -> None:
    """From 2 pixels to 4, centres lie at a quarter and three quarters: 10, 10*3/4 + 200/4, 10/4 + 200*3/4, 200."""
    inputs = Images(path="pets", size=[4, 2], channels=1).read(folder).inputs
    assert inputs.shape == (3, 4, 2, 1)
    assert inputs[0, :, 0, 0].tolist() == pytest.approx([10, 57.5, 152.5, 200], abs=0.51)
    assert inputs[0, :, 1, 0].tolist() == inputs[0, :, 0, 0].tolist()


def test_jpeg_and_the_turn_in_its_exif_data(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the row on top of the stored image is the right-hand side of what it shows
    save(tmp_path / "x" / "a.jpg", np.repeat([[0] * 16, [255] * 16], 8, axis=0), exif=exif, quality=100)
    image = Images(path=".", channels=1).read(tmp_path).inputs[0, :, :, 0]
    assert image[:, 0].tolist() == [255] * 16
    assert image[:, -1].tolist() == [0] * 16


def test_is_prepared_for_training(folder: Path) -> None:
    document = {"source": {"type": "images", "path": "pets"}, "split": "none"}
    data = prepare(DataSettings.model_validate(document), folder, np.random.default_rng(0))
    assert data.encoder.class_names == ["cat", "dog"]
    assert data.train.targets.tolist() == [0, 1, 1]
    assert data.train.inputs[2, 0, 0].tolist() == [1, 0, 0]
    assert data.train.inputs.shape == (3, 2, 1, 3)


def test_new_images_need_no_class(folder: Path) -> None:
    like = Images(path="pets", channels=1)
    one = read_path(folder / "pets" / "dog" / "b.png", like)
    assert isinstance(one, Arrays)
    assert (one.inputs.ravel().tolist(), one.targets) == ([76, 150], None)
    several = read_path(folder / "pets" / "dog", like)
    assert isinstance(several, Arrays)
    assert (several.inputs[:, 0, 0, 0].tolist(), several.targets) == ([29, 76], None)
    assert (one.names, several.names) == (("b.png",), ("a.PNG", "b.png"))
    classes = read_path(folder / "pets", like)
    assert isinstance(classes, Arrays)
    assert classes.targets is not None
    assert classes.targets.tolist() == ["cat", "dog", "dog"]


def test_files_that_are_no_images_are_named(folder: Path) -> None:
    def refused(path: str = "pets", **settings: object) -> tuple[str, str]:
        with pytest.raises(DataError) as caught:
            Images.model_validate({"path": path, **settings}).read(folder)
        assert caught.value.hint
        return caught.value.where.removeprefix(f"{folder}/"), caught.value.message

    pets = folder / "pets"
    assert refused("pats") == ("pats", "there is no such file")
    assert refused("pets/dog/b.png") == ("pets/dog/b.png", "this is a file, not a folder")
    assert refused("pets/dog") == ("pets/dog/a.PNG", "this file is in no folder of a class")
    (pets / "emu").mkdir()
    assert refused() == ("pets/emu", "no image is here")
    assert refused("pets/emu") == ("pets/emu", "there is no folder of a class")
    (pets / "emu" / "young").mkdir()
    assert refused() == ("pets/emu/young", "a folder in the folder of a class")
    (pets / "emu" / "young").rmdir()
    (pets / "emu" / "notes.txt").touch()
    assert refused() == ("pets/emu/notes.txt", "this is no image by its name")
    (pets / "emu" / "notes.txt").rename(pets / "emu" / "a.png")
    assert refused() == ("pets/emu/a.png", "this is no PNG or JPEG image")
    whole = (pets / "dog" / "b.png").read_bytes()
    (pets / "emu" / "a.png").write_bytes(whole[:45])
    assert refused()[0] == "pets/emu/a.png"
    assert refused()[1].startswith("the image cannot be read: ")
    Image.fromarray(np.zeros((2, 1), np.uint16)).save(pets / "emu" / "a.png")
    assert refused() == ("pets/emu/a.png", "its pixels are of the kind I;16")
    frames = [Image.new("L", (1, 2), level) for level in (0, 255)]
    frames[0].save(pets / "emu" / "a.png", save_all=True, append_images=frames[1:])
    assert refused() == ("pets/emu/a.png", "this is a film, not one image")
    Image.new("L", (2, 2)).save(pets / "emu" / "a.gif")
    (pets / "emu" / "a.gif").rename(pets / "emu" / "a.png")
    assert refused() == ("pets/emu/a.png", "this is no PNG or JPEG image")
    save(pets / "emu" / "a.png", [[0, 0]])
    assert refused() == ("pets/emu/a.png", f"1 x 2 pixels, but {pets}/cat/z.png has 2 x 1")
    assert Images(path="pets", size=[1, 1]).read(folder).inputs.shape == (4, 1, 1, 3)


def test_an_image_of_absurd_size_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for most in (1, 1.5):  # beyond twice the limit pillow raises, below it warns
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", most)
        with pytest.raises(DataError, match="the image cannot be read: Image size"):
            Images(path="pets").read(folder)


@pytest.mark.parametrize("settings", [{"size": [8]}, {"size": [0, 8]}, {"channels": 2}, {"channels": 4}])
def test_settings_that_cannot_work_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Source.parse({"type": "images", "path": "a", **settings})


def test_without_the_extra_the_error_says_how_to_install_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "is_installed", lambda module: False)
    with pytest.raises(UsageError, match="needs the library pillow") as caught:
        Images(path="pets").read(folder)
    assert caught.value.hint == "Run: pip install 'scratchnn[data]'"
