"""Made-up content: what a filled account looks like, the same for the same seed."""

from __future__ import annotations

import random
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from connectors.errors import InputError

if TYPE_CHECKING:
    from .account import Account

MEDIA = -1  # the `parent` of the top folders for images, which no list of folders starts at
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
GONE = "UUID-00000000-0000-4000-8000-000000000000"  # of nothing
FORMATS = ("html5", "pdf", "xml")
ROLES = ("contributor", "publisher", "itadmin", "translationmanager", "webdavuser")
KINDS = ("review", "contribution", "translation", "translationreview")
STATES = ("draft", "started", "finished")
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


def picture(number: int) -> bytes:
    """A PNG of one pixel, whose colour is made from a number."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head, pixel = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0), b"\0" + (number % 2**24).to_bytes(3, "big")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(pixel)) + chunk(b"IEND", b"")


@dataclass(frozen=True)
class More:
    """How much there is beside documents, folders and forks; None: as many as suits those."""

    images: int | None = None  # none: one per 20 documents, all of them used; those beyond are used by nothing
    media_folders: int = 0  # under the Media root, with an image each
    taxonomies: int = 2
    variable_sets: int = 2  # each with 2 variants, 4 variables and their 8 values
    publish_settings: int | None = None  # none: one per publication
    users: int = 3
    groups: int = 2
    assignments: int | None = None  # none: up to 5, one per document
    jobs: int = 0  # of each of the four kinds, done
    rich: bool = False


def fill(account: Account, *, documents: int, folders: int, publications: int, more: More) -> None:
    """Put that much into an empty account. `documents` counts all of them, the publications included."""
    counts = [number for number in vars(more).values() if number is not None]
    if min(documents, folders, publications, *counts) < 0 or publications > documents:
        raise InputError("Counts start at 0, and publications are documents too: there cannot be more of them.")
    chance = random.Random(account.seed)  # noqa: S311 - sample data
    _people(account)
    tags = [{key: row[key] for key in ("id", "title", "color")} for row in account.rows("taxonomies")]
    places = [0]  # the root first, then folders nested three deep
    for n in range(folders):
        places.append(account.add_folder(f"Folder {n + 1}", places[-1] if n % 3 else 0)["id"])
    images = [
        account.add("images", name=f"figure-{n + 1}.png", parent=places[n % len(places)], created_at=START)
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
    _beside(account, made[:publications], made[publications:], more)
    if more.rich:
        _enrich(account, made[publications:])


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


def _beside(account: Account, publications: list[int], topics: list[int], more: More) -> None:
    """All the rest. It comes last, so that ids and UUIDs of what came before stay the same."""
    images = account.rows("images")
    for n in range(len(images), more.images or 0):
        account.add("images", name=f"unused-{n + 1}.png", created_at=START + n)
    above = MEDIA
    for n in range(more.media_folders):
        above = account.add_folder(f"Media {n + 1}", above if n % 3 else MEDIA)["id"]
        account.add("images", name=f"media-{n + 1}.png", parent=above, created_at=START + n)
    for n in range(2, more.taxonomies):
        tags = account.rows("taxonomies")
        parent = tags[n // 3]["id"] if n % 3 else 0
        account.add("taxonomies", title=f"Taxonomy {n + 1}", color=n % 5, parent=parent)
    for n in range(3, more.users):
        email = f"user-{n + 1}@acme.example"
        account.add("users", username=email, name=f"User {n + 1}", email=email, type=ROLES[n % len(ROLES)])
    for n in range(2, more.groups):
        users = [row["id"] for row in account.rows("users")][: n + 1]
        account.add("groups", name=f"Group {n + 1}", type=("assignment", "access")[n % 2], users=users)
    for n in range(more.variable_sets):
        _variables(account, n)
    settings = len(publications) if more.publish_settings is None else more.publish_settings * bool(publications)
    for n in range(settings):
        facts = {"resource": publications[n % len(publications)], "format": FORMATS[n % 3], "shared": n % 2 == 1}
        times = {"created_at": START + n, "modified_at": START + n}
        account.add("publishsettings", name=f"{FORMATS[n % 3].upper()} {n + 1}", **facts, **times)
    for n in range(min(5, len(topics)) if more.assignments is None else more.assignments * bool(topics)):
        facts = {"document_id": topics[n % len(topics)], "type": KINDS[n % 4], "status": STATES[n % 3], "users": [3]}
        times = {"created_at": START + n, "start_date": START + n, "end_date": START + 7 * 86_400}
        account.add("assignments", **facts, **times, message="Please review." if n % 2 else "", groups=[1] * (n % 2))
    for n in range(more.jobs * bool(settings)):
        done = {"status": "done", "message": "Done.", "ready": True, "count": 20, "polls": 1}
        account.add("productions", publishsetting=account.rows("publishsettings")[n % settings]["id"], **done)
        account.add("imports", **done)
        account.add("translationexports", documents=topics[:1], target=["sv"], **done)
        account.add("translationimports", documents=topics[:1], target=["sv"], **done)


def _variables(account: Account, n: int) -> None:
    """One set: two variants, a variable of each type, a value for each pair."""
    number = account.add("variablesets", title=f"Products {n + 1}")["id"]
    variants = [account.add("variants", variable_set_id=number, title=title)["id"] for title in ("Acme 2000", "Acme X")]
    images = account.rows("images")
    for title, kind in (("Height", "text"), ("Note", "xml"), ("Greeting", "translation"), ("Logo", "image")):
        if kind == "image" and not images:
            continue
        variable = account.add("variables", variable_set_id=number, title=title, type=kind)["id"]
        for place, variant in enumerate(variants):
            value: Any = {
                "text": f"{120 + place} mm",
                "xml": "<emphasis>Hot!</emphasis>",
                "translation": [{"language": "en", "value": "Hello"}, {"language": "sv", "value": "Hej"}],
                "image": {"id": images[place % len(images)]["id"]} if images else None,
            }[kind]
            account.add("variablevalues", variable_id=variable, variant_id=variant, value=value)


def _enrich(account: Account, topics: list[int]) -> None:
    """Reuse, variables, links and lists for every topic; and whatever an audit finds, from 12 topics on.

    Every ninth one also leads to what is not there, the third from the end is cut off, the last two have the name of
    the first, the last one is in no publication, and one more image is used by nothing.
    """
    cut_off = topics[-3] if len(topics) > 3 else None
    variables = [row for row in account.rows("variables") if row["type"] == "text"]
    for n, number in enumerate(topics):
        row = account.tables["documents"][number]
        other = account.tables["documents"][topics[n - 1]]
        parts = [f'<xi:include href="{other["uuid"]}"/>'] if n % 3 == 0 and n else []
        parts.append('<para>See <link xlink:href="https://example.com/manual">the manual</link>.</para>')
        parts.append("<itemizedlist><listitem><para>One</para></listitem></itemizedlist>")
        if variables:
            names = f'xinfo:variable="{variables[n % len(variables)]["id"]}"'
            names += f' xinfo:varset="{variables[n % len(variables)]["variable_set_id"]}"'
            parts.append(f"<para>It is <phrase {names}/> high.</para>")
        if n % 9 == 4 and number != cut_off:
            parts.append('<para>See <xref xlink:href="urn:resource:component:999999"/>.</para>')
            parts.append('<para>See <xref linkend="nowhere"/>.</para>')
            parts.append(f'<xi:include href="{GONE}"/>')
            parts.append(f'<imageobject><imagedata fileref="{GONE}" xinfo:image="{GONE}"/></imageobject>')
        name = account.tables["documents"][topics[0]]["name"] if n >= len(topics) - 2 else row["name"]
        end = "" if number == cut_off else "</section>"
        text = row["content"].replace("</section>", f"{''.join(parts)}{end}")
        text = text.replace(f">{escape(row['name'])}</title>", f">{escape(name)}</title>")
        account.edit_document(number, name=name, content=text, modified_at=row["modified_at"])
    for fork in account.rows("forks"):
        if topics and fork["document"] == topics[-1]:
            account.delete("forks", fork["id"])
    account.add("images", name="unused.png", created_at=START)
