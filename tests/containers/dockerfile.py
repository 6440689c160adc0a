"""What the Dockerfile copies into each image: the files themselves."""

from __future__ import annotations

import re
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text()
IGNORED = (ROOT / ".dockerignore").read_text().splitlines()
LET_IN = [line[1:] for line in IGNORED if line.startswith("!")]
KEPT_OUT = [line.removeprefix("**/") for line in IGNORED if line.startswith("**/")]


def stages():
    """Return the instructions of each stage, by its name."""
    parts = re.split(r"^FROM \S+ AS (\S+)$", TEXT, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def sources(image):
    """Return what an image's build stage copies from the context, in order."""
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", stages()[f"build-{image}"], re.MULTILINE)
    return [source for line in lines for source in line.split()]


def files(image):
    """Return every tracked file that an image gets, as the context lets it in."""
    tracked = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", *sources(image)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [name for name in tracked if is_let_in(name)]


def is_let_in(name):
    inside = any(name == entry or name.startswith(f"{entry}/") for entry in LET_IN)
    return inside and not any(fnmatch(Path(name).name, pattern) for pattern in KEPT_OUT)


def assemble(image, folder):
    """Put an image's files into a folder, as its stage does."""
    for name in files(image):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
