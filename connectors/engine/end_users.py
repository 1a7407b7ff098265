"""Whose account a connection is: the end user, the organization, and the tags that follow from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import InputError

MOST_TAGS = 10
_NAME = re.compile(r"[a-z][a-z0-9_./-]{0,63}\Z")
_LONGEST_VALUE = 255


@dataclass(frozen=True)
class Owner:
    """What is said about whose account it is. None leaves what is stored, as it is."""

    end_user: Mapping[str, Any] | None = None  # id, email, display_name, tags, organization {id, display_name}
    tags: Mapping[str, str] | None = None  # all of them, also those that follow from the end user
    webhook_url_override: str | None = None  # empty: none from now on


NOBODY = Owner()


def owner(
    end_user: Mapping[str, Any] | None = None,
    organization: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    webhook_url_override: str | None = None,
) -> Owner:
    """An owner from what a caller sent. Raises `InputError` for tags that cannot be kept."""
    whole = None if end_user is None else _whole(end_user, organization)
    if whole is None and tags is None:
        return Owner(webhook_url_override=webhook_url_override)
    return Owner(whole, {**(tags_of(whole) if whole else {}), **checked(tags or {})}, webhook_url_override)


def tags_of(end_user: Mapping[str, Any]) -> dict[str, str]:
    """The tags that follow from an end user and its organization; its own come last.

    Of its own those that can be no tags, and those beyond the tenth, are left out: nobody meant them as such.
    """
    company = end_user.get("organization") or {}
    made = {
        "end_user_id": end_user["id"],
        "end_user_email": end_user.get("email"),
        "end_user_display_name": end_user.get("display_name"),
        "organization_id": company.get("id"),
        "organization_display_name": company.get("display_name"),
    }
    found = {name: text for name, text in made.items() if text}
    for name, text in (end_user.get("tags") or {}).items():
        if _problem(name.lower(), text) is None and (name.lower() in found or len(found) < MOST_TAGS):
            found[name.lower()] = text
    return found


def checked(tags: Mapping[str, Any]) -> dict[str, str]:
    """Tags with their names in lower case. Raises `InputError`."""
    lower = {str(name).lower(): value for name, value in tags.items()}
    if len(lower) > MOST_TAGS:
        raise InputError(f"There can be at most {MOST_TAGS} tags.")
    for name, value in lower.items():
        problem = _problem(name, value)
        if problem is not None:
            raise InputError(problem)
    return lower


def _problem(name: str, value: Any) -> str | None:
    """Why that is no tag; None if it is one."""
    if not _NAME.match(name):
        return (
            "The name of a tag has to start with a letter, go on with letters, digits and _ - . /, "
            "and have at most 64 characters."
        )
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_VALUE:
        return f"The value of the tag {name!r} has to be text of 1 to {_LONGEST_VALUE} characters."
    return None


def searched(id: str, end_user: Mapping[str, Any] | None) -> str:
    """What a search of connections looks through: id, name and e-mail, in lower case."""
    user = end_user or {}
    return "\n".join([id, user.get("display_name") or "", user.get("email") or ""]).lower()


def _whole(end_user: Mapping[str, Any], organization: Mapping[str, Any] | None) -> dict[str, Any]:
    company = end_user.get("organization") if organization is None else organization
    return {
        "id": end_user["id"],
        "email": end_user.get("email"),
        "display_name": end_user.get("display_name"),
        "tags": None if end_user.get("tags") is None else dict(end_user["tags"]),
        "organization": None if company is None else {"id": company["id"], "display_name": company.get("display_name")},
    }
