"""The zip files that jobs make: one as clients have seen it, and the ones that a careful client refuses."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from .sample import picture

if TYPE_CHECKING:
    from .account import Account, Row

Files = Mapping[str, bytes]
DAY = (2026, 1, 1, 0, 0, 0)
BOMB = 64 * 1024 * 1024  # bytes of zeros, which make a zip of 64 KB


def production_files(account: Account, row: Row) -> dict[str, bytes]:
    """What a production puts into its archive: one top folder, in it `out/` with the result and the log."""
    setting = account.find(row.get("publishsetting", ""), "publishsettings") or {"resource": 0, "format": "html5"}
    publication = account.find(setting["resource"], "documents") or {"id": 0, "name": "Gone", "languages": ["en"]}
    placed = [fork["document"] for fork in account.rows("forks") if fork["root_document"] == publication["id"]]
    titles = [escape(account.tables["documents"][number]["name"]) for number in placed]
    name, made = str(publication["name"]).replace(" ", "_").replace("/", "_"), {"transformation.log": log(row).encode()}
    for language in publication["languages"]:
        if setting["format"] == "html5":
            body = "".join(f"<h2>{title}</h2>" for title in titles)
            page = f"<!DOCTYPE html><title>{escape(publication['name'])}</title>{body}"
            made |= {f"{language}/index-{language}.html": page.encode(), "css/style.css": b"body { margin: 0 }\n"}
        elif setting["format"] == "xml":
            body = "".join(f"<section><title>{title}</title></section>" for title in titles)
            made[f"publication-{publication['id']}--{language}.xml"] = f"<article>{body}</article>".encode()
            made["image/figure.png"] = picture(publication["id"])
        else:
            made[f"{name}-{language}.{setting['format']}"] = b"%PDF-1.7\n" + "\n".join(titles).encode()
    return {f"pub/out/{path}": content for path, content in made.items()}


def translation_files(account: Account, row: Row) -> dict[str, bytes]:
    """A file for each document and language."""
    kind = "po" if row.get("format") == "po" else "xlf"
    pairs = [(number, language) for number in row.get("documents", []) for language in row.get("target", [])]
    names = {number: account.tables["documents"].get(number, {"name": ""})["name"] for number, _ in pairs}
    body = {"po": 'msgid "{0}"\nmsgstr ""\n', "xlf": '<xliff version="1.2"><source>{0}</source></xliff>'}[kind]
    return {f"{number}-{language}.{kind}": body.format(escape(names[number])).encode() for number, language in pairs}


def log(row: Row) -> str:
    """The build log."""
    return f"{row['id']}: {row['status']}\n{row['message']}\n"


def packed(files: Files, *more: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    """A zip of these files, and then of these; always the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (*sorted(files.items()), *more):
            info = zipfile.ZipInfo(name, DAY) if isinstance(name, str) else name
            if info.external_attr == 0:
                info.external_attr = 0o644 << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _symlink(files: Files) -> bytes:
    link = zipfile.ZipInfo("pub/out/link", DAY)
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return packed(files, (link, b"/etc"), ("pub/out/link/passwd", b"x"))


def _duplicate(files: Files) -> bytes:
    """The same name twice, which zipfile writes only with a warning: so a name of equal length is replaced."""
    return packed(files, ("pub/out/same1", b"first"), ("pub/out/same2", b"second")).replace(b"same2", b"same1")


def _encrypted(files: Files) -> bytes:
    """The flag for encryption set in every header."""
    content = bytearray(packed(files))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(mark)
        while place >= 0:
            content[place + offset] |= 1
            place = content.find(mark, place + 4)
    return bytes(content)


def _corrupt(files: Files) -> bytes:
    """One bit of a file's data is wrong."""
    content = bytearray(packed({"pub/out/a.bin": bytes(range(256)) * 8, **files}))
    first = 30 + len("pub/out/a.bin")
    content[first + 40] ^= 0x10
    return bytes(content)


ARCHIVES: dict[str, Callable[[Files], bytes]] = {  # switch `zip_kind` → how such an archive is made
    "good": packed,
    "traversal": lambda files: packed(files, ("pub/out/../../../escaped.txt", b"x")),
    "absolute": lambda files: packed(files, ("/tmp/escaped.txt", b"x")),  # noqa: S108 - never written by us
    "drive": lambda files: packed(files, ("C:\\escaped.txt", b"x")),
    "symlink": _symlink,
    "duplicate": _duplicate,
    "bomb": lambda files: packed(files, ("pub/out/zeros.bin", bytes(BOMB))),
    "truncated": lambda files: packed(files)[: len(packed(files)) // 2],
    "corrupt": _corrupt,
    "encrypted": _encrypted,
    "not_a_zip": lambda files: b"<!DOCTYPE html><title>Sorry</title>" + str(len(files)).encode(),
}
