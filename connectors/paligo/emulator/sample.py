"""Made-up content: what a filled account looks like, the same for the same seed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from connectors.errors import InputError

if TYPE_CHECKING:
    from .account import Account

START = 1_700_000_000  # unix seconds; the account's first day
VERBS = ("Install", "Remove", "Clean", "Adjust", "Inspect", "Replace", "Lubricate", "Calibrate", "Store", "Test")
THINGS = ("pump", "inlet valve", "drive shaft", "control panel", "filter", "pressure gauge", "seal", "motor", "hose")
SENTENCES = (
    "Switch off the machine and wait until the pressure gauge shows zero.",
    "Loosen the four screws & keep them; the cover is heavier than it looks.",
    "Wear gloves – the edges are sharp.",
    "Turn the handle clockwise until the distance is < 2 mm.",
    "Kontrollera att tätningen är hel.",
)
NAMESPACES = (
    'xmlns="http://docbook.org/ns/docbook" xmlns:xinfo="http://ns.expertinfo.se/cms/xmlns/1.0" '
    'xmlns:xi="http://www.w3.org/2001/XInclude" xmlns:xlink="http://www.w3.org/1999/xlink"'
)


def content(row: dict[str, Any], sentences: tuple[str, ...] = (), link: int = 0, image: str = "") -> str:
    """DocBook as the service keeps it: an `article` that only holds `info` for a publication, else a `section`."""
    root = "article" if row["subtype"] == "publication" else "section"
    head = (
        f'<?xml version="1.0" encoding="UTF-8"?><{root} {NAMESPACES} version="5.0" xml:lang="en" '
        f'xml:id="{row["uuid"]}" xinfo:resource="{row["uuid"]}" xinfo:resource-id="{row["id"]}" '
        f'xinfo:resource-type="{row["type"]}" xinfo:version-major="1" xinfo:version-minor="0">'
    )
    title = f'<title xinfo:text="1">{escape(row["name"])}</title>'
    if root == "article":
        return f"{head}<info>{title}</info></article>"
    parts = [f'<para xinfo:text="{n}">{escape(text)}</para>' for n, text in enumerate(sentences, start=2)]
    if link:
        parts.append(f'<para xinfo:text="90">See <xref xlink:href="urn:resource:component:{link}"/>.</para>')
    if image:
        data = f'<imagedata fileref="../images/{image}/size/hpr" xinfo:image="{image}"/>'
        parts.append(f"<mediaobject><imageobject>{data}</imageobject></mediaobject>")
    return f"{head}{title}{''.join(parts)}</section>"


def fill(account: Account, *, documents: int, folders: int, publications: int) -> None:
    """Put that much into an empty account. `documents` counts all of them, the publications included."""
    if min(documents, folders, publications) < 0 or publications > documents:
        raise InputError("Counts start at 0, and publications are documents too: there cannot be more of them.")
    chance = random.Random(account.seed)  # noqa: S311 - sample data
    _people(account)
    tags = [{key: row[key] for key in ("id", "title", "color")} for row in account.rows("taxonomies")]
    places = [0]  # the root first, then folders nested three deep
    for n in range(folders):
        places.append(account.add_folder(f"Folder {n + 1}", places[-1] if n % 3 else 0)["id"])
    images = [
        account.insert("images", {"name": f"figure-{n + 1}.png", "type": "image", "parent": places[n % len(places)]})
        for n in range(-(-documents // 20))
    ]
    made: list[int] = []
    for n in range(documents):
        guide = n < publications
        name = f"Guide {n + 1}" if guide else f"{chance.choice(VERBS)} the {chance.choice(THINGS)} {n + 1}"
        created = START + n * 60
        row = account.add_document(
            name,
            subtype="publication" if guide else "component",
            parent=places[n % len(places)],
            created_at=created,
            # Starter content keeps its old modification time: created after it was last modified.
            modified_at=created - 86_400 if n % 10 == 3 else created + chance.randrange(86_400 * 90),
            taxonomies=tags[n % 5 : n % 5 + 1],
            languages=["en", "sv"] if n % 3 == 0 else ["en"],
            checkout=n % 40 == 7,
            checkout_user=3 if n % 40 == 7 else "",
        )
        sentences = tuple(chance.sample(SENTENCES, 3))
        link, image = chance.choice(made) if made else 0, images[n // 20]["uuid"] if n % 4 == 0 else ""
        text = content(row, sentences, link, image)
        account.edit_document(row["id"], content=text, modified_at=row["modified_at"])
        made.append(row["id"])
    _toc(account, made[:publications], made[publications:])


def _people(account: Account) -> None:
    for number, name, kind in ((2, "Me Myself", "admin"), (3, "Jane Doe", "author"), (5, "Ola Nordmann", "reviewer")):
        email = f"{name.split()[0].lower()}@acme.example"
        account.insert("users", {"id": number, "username": email, "name": name, "email": email, "type": kind})
    account.insert("groups", {"id": 1, "name": "Reviewers", "type": "assignment", "users": [3, 5]})
    account.insert("groups", {"id": 2, "name": "Everyone", "type": "access", "users": [2, 3, 5]})
    hardware = account.insert("taxonomies", {"title": "Hardware", "color": 2, "parent": 0})
    account.insert("taxonomies", {"title": "Hydraulics", "color": 1, "parent": hardware["id"]})


def _toc(account: Account, publications: list[int], topics: list[int]) -> None:
    """Each publication gets its share of the topics, at most 20: every third one opens a new chapter."""
    for n, publication in enumerate(publications):
        chapter = publication
        for position, topic in enumerate(topics[n :: len(publications)][:20]):
            fork = account.add_fork(publication if position % 3 == 0 else chapter, topic)
            chapter = fork["id"] if position % 3 == 0 else chapter
