"""What is wrong with the content of an account: found in what is stored, without a request.

References and reuse that lead nowhere, images that nobody uses, documents in no publication, titles
that are there twice, links that are dead, documents that are checked out for long. The records are
streamed several times; ids stay in memory, contents do not. Pure: same records, same findings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from connectors import ContentError
from connectors.authoring import NOT_CHECKED, Audit, Audited, Finding, finding_id
from connectors.authoring.audit import Severity
from connectors.paligo.checkouts import DAY, Checkouts, days_of
from connectors.paligo.content import Content, read, uuids_in
from connectors.paligo.library import Group, Library, Stored, Twins, identity, image_values, is_publication
from connectors.paligo.markup import Place
from connectors.paligo.scope import Scope

KINDS: Mapping[str, str] = {
    "missing-cross-reference": "a cross-reference leads to a document that is not stored",
    "missing-reuse": "reused content comes from a document that is not stored",
    "dead-internal-link": "a link leads to a place that no stored document has",
    "unreadable-content": "the XML cannot be read, so nothing in it was checked",
    "in-no-publication": "no publication contains the document, directly or through reuse",
    "duplicate-title": "several documents of one type have the same title",
    "unused-image": "no stored document and no variable shows the image",
    "checked-out": "somebody has the document checked out; a warning when it lasts too long",
    NOT_CHECKED: "a check could not be made, and why",
}
_LEADS_OUT = (  # kinds that a part of the library says nothing about
    "missing-cross-reference",
    "missing-reuse",
    "dead-internal-link",
    "in-no-publication",
    "unused-image",
)
_NO_FORKS = "; no forks are stored, and it may be one: run the sync forks first"
_EXAMPLES = 5
_LONGEST = 80  # characters of a title in a message
_ANCHOR = re.compile(r"""xml:id\s*=\s*["']([^"']*)["']""")


def findings(given: Audited) -> Iterator[Finding]:
    """Everything that is wrong, as it is found. Raises `ConfigError` for metadata that cannot be used."""
    yield from _Pass(given).findings()


@dataclass
class _Missing:
    """Something that leads nowhere, once for each document and target."""

    place: Place
    times: int = 1


@dataclass(frozen=True)
class _Dead:
    """A link into a document whose place is in doubt."""

    document: str
    title: str
    anchor: str
    where: str


class _Pass:
    """One audit. What is known grows with each reading of the records."""

    def __init__(self, given: Audited) -> None:
        self._given = given
        self._instance = str(given.connection_config.get("instance") or "")
        self._days = days_of(given)
        self._partial = bool(Scope.of(given.metadata))
        self._library = Library(given)
        self._twins = Twins()
        self._shown: set[str] = set()  # UUIDs of images, in lower case
        self._dead: list[_Dead] = []

    def findings(self) -> Iterator[Finding]:
        yield from self._not_checked()
        for document in self._given.records("Document"):
            yield from self._content(document)
        elsewhere = {dead.anchor for dead in self._dead}
        published, others = self._library.published(), self._twins.others()
        checkouts = Checkouts(self._given)
        for document in self._given.records("Document"):
            if elsewhere:
                elsewhere.difference_update(_ANCHOR.findall(document.get("content") or ""))
            yield from self._placement(document, published)
            yield from self._duplicate(document, others)
            yield from self._checkout(document, checkouts)
        for dead in self._dead:
            if dead.anchor in elsewhere:
                yield self._dead_link(dead)
        yield from self._images()

    def _content(self, document: Stored) -> Iterator[Finding]:
        """What the XML of one document leads to."""
        xml = document.get("content")
        if not isinstance(xml, str) or not xml.strip():
            self._twins.add(identity(document["id"]), _kind(document), _name(document))
            return
        try:
            content = read(xml)
        except ContentError as error:
            self._shown.update(uuid.lower() for uuid in uuids_in(xml))
            where = f"line {error.line}" if error.line is not None else None
            yield self._about(document, "unreadable-content", "error", error.message, where=where)
            return
        self._shown.update(image.uuid.lower() for image in content.images if image.uuid)
        self._twins.add(identity(document["id"]), _kind(document), content.title or _name(document))
        yield from self._references(document, content)
        yield from self._reuse(document, content)

    def _references(self, document: Stored, content: Content) -> Iterator[Finding]:
        missing: dict[str, _Missing] = {}
        doubtful: dict[str, Place] = {}
        for reference in content.cross_references:
            if reference.document and self._library.find(reference.document) is None:
                _add(missing, reference.document, reference.place)
            elif reference.anchor and reference.anchor not in content.anchors:
                doubtful.setdefault(reference.anchor, reference.place)
        id_, name = identity(document["id"]), _name(document)
        self._dead += [
            _Dead(id_, name, anchor, str(place))
            for anchor, place in doubtful.items()
            if self._library.find(anchor) is None and not self._partial
        ]
        yield from self._missing(document, "missing-cross-reference", "the cross-reference to", missing)

    def _reuse(self, document: Stored, content: Content) -> Iterator[Finding]:
        missing: dict[str, _Missing] = {}
        for reuse in content.reuse:
            found = self._library.find(reuse.target)
            if found is None:
                _add(missing, reuse.target, reuse.place)
            else:
                self._library.reuses(identity(document["id"]), found)
        yield from self._missing(document, "missing-reuse", "the content reused from", missing)

    def _missing(self, document: Stored, kind: str, what: str, missing: Mapping[str, _Missing]) -> Iterator[Finding]:
        if self._partial:
            return
        for target, found in missing.items():
            times = f" ({found.times} times)" if found.times > 1 else ""
            severity, doubt = self._certainty()
            message = f"{what} {target} leads to no document that is stored{times}{doubt}"
            yield self._about(document, kind, severity, message, where=str(found.place), target=target)

    def _certainty(self) -> tuple[Severity, str]:
        """How bad it is that something leads nowhere, and what may be said against it: forks have ids too."""
        return ("error", "") if self._library.has_forks else ("warning", _NO_FORKS)

    def _placement(self, document: Stored, published: set[str]) -> Iterator[Finding]:
        if self._library.has_forks and not self._partial and identity(document["id"]) not in published:
            message = "no publication contains this document, directly or through reuse"
            yield self._about(document, "in-no-publication", "warning", message)

    def _duplicate(self, document: Stored, groups: Mapping[str, Group]) -> Iterator[Finding]:
        id_ = identity(document["id"])
        group = groups.get(id_)
        if group:
            others = [other for other in group.documents[: _EXAMPLES + 1] if other != id_][:_EXAMPLES]
            hidden = len(group.documents) - 1 - len(others)
            title = " ".join(group.title.split())
            title = title if len(title) <= _LONGEST else f"{title[:_LONGEST]}…"
            also = f"{', '.join(others)}{f' and {hidden} more' if hidden else ''}"
            message = f'the title "{title}" is also that of {also}'
            yield self._about(document, "duplicate-title", "warning", message)

    def _checkout(self, document: Stored, checkouts: Checkouts) -> Iterator[Finding]:
        found = checkouts.of(document)
        if found is None:
            return
        late = self._given.now - found.since >= self._days * DAY
        yield self._about(
            document,
            "checked-out",
            "warning" if late else "notice",
            found.message,
            target=found.user,
            since=found.since,
        )

    def _images(self) -> Iterator[Finding]:
        if self._partial:
            return
        in_variables, unknown = image_values(self._given.records("VariableValue")), list[str]()
        for image in self._given.records("Image"):
            id_, uuid = identity(image["id"]), identity(image.get("uuid"))
            if id_ in in_variables or uuid.lower() in self._shown:
                continue
            if not uuid:
                unknown.append(id_)
            else:
                yield Finding(
                    id=finding_id("unused-image", id_),
                    kind="unused-image",
                    severity="warning",
                    message="no stored document and no variable shows this image",
                    title=_name(image),
                    target=uuid,
                )
        if unknown:
            some = f"{', '.join(unknown[:_EXAMPLES])}{' …' if len(unknown) > _EXAMPLES else ''}"
            message = f"images without a UUID cannot be told from unused ones: {len(unknown)} ({some})"
            yield _note("unused-image", message, "no-uuid")

    def _not_checked(self) -> Iterator[Finding]:
        if self._partial:
            for kind in _LEADS_OUT:
                yield _note(kind, f"only a part of the library is stored, so {kind} says nothing")
            return
        if not self._library.has_forks:
            message = "no forks are stored, so in-no-publication says nothing; run the sync forks first"
            yield _note("in-no-publication", message)
        if _is_empty(self._given.records("Image")):
            message = "no images are stored, so unused-image says nothing; run the sync images first"
            yield _note("unused-image", message)

    def _dead_link(self, dead: _Dead) -> Finding:
        severity, doubt = self._certainty()
        message = f"the link to {dead.anchor} leads to a place that no stored document has{doubt}"
        stored = {"id": dead.document, "name": dead.title}
        return self._about(stored, "dead-internal-link", severity, message, where=dead.where, target=dead.anchor)

    def _about(
        self,
        document: Stored,
        kind: str,
        severity: Severity,
        message: str,
        *,
        where: str | None = None,
        target: str | None = None,
        since: int | None = None,
    ) -> Finding:
        id_ = identity(document["id"])
        link = f"https://{self._instance}.paligoapp.com/document/edit/{id_}" if self._instance else None
        return Finding(
            id=finding_id(kind, id_, target),
            kind=kind,
            severity=severity,
            message=message,
            document_id=id_,
            title=_name(document),
            where=where,
            link=link,
            target=target,
            since=since,
        )


def _kind(document: Stored) -> str:
    return "publication" if is_publication(document) else "component"


def _name(record: Stored) -> str:
    return str(record.get("name") or "")


def _add(missing: dict[str, _Missing], target: str, place: Place) -> None:
    if target in missing:
        missing[target].times += 1
    else:
        missing[target] = _Missing(place)


def _note(kind: str, message: str, why: str | None = None) -> Finding:
    id_ = finding_id(NOT_CHECKED, kind, why)
    return Finding(id=id_, kind=NOT_CHECKED, severity="notice", message=message, target=kind)


def _is_empty(records: Iterable[Stored]) -> bool:
    return next(iter(records), None) is None


content_audit = Audit(function=findings, kinds=KINDS, needs=("documents",))
