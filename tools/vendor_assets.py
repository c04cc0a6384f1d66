"""Make geoplan/render/assets/vendor again, from the npm packages and versions named here.

Run ``python tools/vendor_assets.py``; it needs the npm client. A package whose checksum is not the one below is refused.
Files stay as they were published; pages inline them when they are drawn.
"""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[1] / "geoplan" / "render" / "assets" / "vendor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package of npm: which version, what its archive must hash to, which of its files we keep."""

    name: str
    version: str
    sha512: str
    files: tuple[str, ...]


PACKAGES = (
    Package(
        name="leaflet",
        version="1.9.4",
        sha512="nxS1ynzJOmOlHp+iL3FyWqK89GtNL8U8rvlMOsQdTTssxZwCXh8N2NB3GDQOL+YR3XnWyZAxwQixURb+FA74PA==",
        files=(
            "LICENSE",
            "dist/leaflet.css",
            "dist/leaflet.js",
            "dist/images/layers-2x.png",
            "dist/images/layers.png",
            "dist/images/marker-icon-2x.png",
            "dist/images/marker-icon.png",
            "dist/images/marker-shadow.png",
        ),
    ),
    Package(
        name="tiny-inflate",
        version="1.0.3",
        sha512="pkY1fj1cKHb2seWDy0B16HeWyczlJA9/WW3u3c4z/NiWDsO3DOU5D7nhTLE9CF0yXv/QZFY7sEJmj24dK+Rrqw==",
        files=("LICENSE", "index.js"),
    ),
)


def archive_of(package: Package) -> bytes:
    """Ask the npm client for the archive of a package, and check it."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is not installed: it fetches the packages")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", f"{package.name}@{package.version}", "--silent"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  (the command is ours)
        (file,) = Path(folder).glob("*.tgz")
        raw = file.read_bytes()
    found = base64.b64encode(hashlib.sha512(raw).digest()).decode("ascii")
    if found != package.sha512:
        sys.exit(f"{package.name}@{package.version} has the checksum {found}, not {package.sha512}")
    return raw


def unpack(package: Package, folder: Path) -> None:
    """Write the files we keep to ``folder/<package>/``, without the archive's own folders."""
    with tarfile.open(fileobj=io.BytesIO(archive_of(package)), mode="r:gz") as archive:
        for name in package.files:
            member = archive.extractfile(f"package/{name}")
            if member is None:
                sys.exit(f"{package.name}@{package.version} has no file {name}")
            target = folder / package.name / name.removeprefix("dist/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(member.read())


def checksums_of(folder: Path) -> str:
    """One line per file: SHA-256, two spaces, path; as ``sha256sum -c`` reads it."""
    files = sorted(
        path for path in folder.rglob("*") if path.is_file() and path.name != "CHECKSUMS"
    )
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in files
    )


def main() -> None:
    """Fetch everything, and only then replace the folder."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "vendor"
        for package in PACKAGES:
            unpack(package, fresh)
        (fresh / "CHECKSUMS").write_text(checksums_of(fresh), encoding="utf-8", newline="\n")
        shutil.rmtree(VENDOR, ignore_errors=True)
        shutil.copytree(fresh, VENDOR)


if __name__ == "__main__":
    main()
