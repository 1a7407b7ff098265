"""Field patterns are JavaScript regular expressions without flags; here they keep that meaning in Python.

The translation is written so that JavaScript and Python both read it alike, so it can stand in a JSON Schema.
Source: ECMA-262, section 22.2 and Annex B.1.2.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SPACE = r"\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": _SPACE}  # what \d, \w and \s hold, in JavaScript
_LINE_ENDS = r"\n\r\u2028\u2029"
_CONTROLS = {"t": r"\t", "n": r"\n", "v": r"\v", "f": r"\f", "r": r"\r", "0": r"\x00"}
_CODE = re.compile(r"x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[1-9][0-9]?")
_GROUP = re.compile(r"\(\?(?:[:=!]|<[=!])")
_NAMED_GROUP = re.compile(r"\(\?<[A-Za-z_$][A-Za-z0-9_$]*>")
_COUNT = re.compile(r"\{[0-9]+(?:,[0-9]*)?\}")
_IN_CLASS = re.compile(r"[\[&~|]")  # what Python would warn about inside a class


class PatternError(ValueError):
    """The pattern is none in JavaScript, or one that Python cannot run."""


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, to be used with `search`: it is anchored only where it says so. Raises PatternError."""
    try:
        return re.compile(portable(pattern), re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(str(error)) from None


@lru_cache(maxsize=1024)
def portable(pattern: str) -> str:
    """The pattern in words that mean the same in JavaScript and in Python. Raises PatternError."""
    return _Translation(pattern).run()


class _Translation:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._position = 0
        self._done: list[str] = []
        self._repeatable = False  # whether what stands before may be repeated

    def run(self) -> str:
        while self._position < len(self._pattern):
            self._step(self._pattern[self._position])
        return "".join(self._done)

    def _step(self, character: str) -> None:
        if character == "\\":
            self._add(self._escape(self._next()))
        elif character == "[":
            self._class()
        elif character == "(":
            self._open()
        elif character in "*+?{":
            self._repeat(character)
        elif character == "$":
            self._add(r"(?![\s\S])", repeatable=False)
        elif character == ".":
            self._add(f"[^{_LINE_ENDS}]")
        else:
            self._add(character, repeatable=character not in "^|")

    def _add(self, text: str, *, width: int = 1, repeatable: bool = True) -> None:
        self._done.append(text)
        self._position += width
        self._repeatable = repeatable

    def _next(self) -> str:
        """The character behind a backslash; steps onto it."""
        self._position += 1
        if self._position >= len(self._pattern):
            raise PatternError("it ends in a backslash")
        return self._pattern[self._position]

    def _escape(self, character: str, in_class: bool = False) -> str:
        if character.lower() in _CLASSES:
            negated = character.isupper()
            if in_class:
                return "\\" + character if negated else _CLASSES[character]
            return f"[{'^' if negated else ''}{_CLASSES[character.lower()]}]"
        if character in _CONTROLS:
            return _CONTROLS[character]
        if character in "bB" and not (in_class and character == "B"):
            return "\\" + character
        code = _CODE.match(self._pattern, self._position)
        if code and not (in_class and code[0][0].isdigit()):
            self._position = code.end() - 1
            return "\\" + code[0]
        # Any other character stands for itself; Python takes a backslash only before punctuation.
        return character if character.isalnum() or not character.isascii() else "\\" + character

    def _class(self) -> None:
        self._position += 1
        negated = self._pattern.startswith("^", self._position)
        self._position += negated
        members: list[str] = []
        while not self._pattern.startswith("]", self._position):
            if self._position >= len(self._pattern):
                raise PatternError("a [ is not closed")
            members.append(self._member(self._pattern[self._position], members))
            self._position += 1
        if not members:
            self._add(r"[\s\S]" if negated else r"(?![\s\S])[\s\S]")
        else:
            self._add(f"[{'^' if negated else ''}{''.join(members)}]")

    def _member(self, character: str, before: list[str]) -> str:
        if character == "\\":
            return self._escape(self._next(), in_class=True)
        if character == "-" and self._hyphen_is_literal(before):
            return r"\-"
        return "\\" + character if _IN_CLASS.match(character) or (character == "^" and not before) else character

    def _hyphen_is_literal(self, before: list[str]) -> bool:
        """At either end, beside a class such as `d` or `w` with a backslash, and behind a range."""
        if not before or self._pattern.startswith("]", self._position + 1):
            return True
        beside_class = (len(before[-1]) > 2 and before[-1][:2] not in ("\\x", "\\u")) or (
            before[-1][-1:] in "DWS" and len(before[-1]) > 1
        )
        after_range = len(before) > 2 and before[-2] == "-"
        before_class = re.match(r"\\[dDwWsS]", self._pattern[self._position + 1 : self._position + 3]) is not None
        return beside_class or after_range or before_class

    def _open(self) -> None:
        named = _NAMED_GROUP.match(self._pattern, self._position)
        group = _GROUP.match(self._pattern, self._position)
        if self._pattern.startswith("(?", self._position) and not named and not group:
            raise PatternError("a (? starts no group that JavaScript knows")
        if named:
            self._add("(", width=len(named[0]), repeatable=False)
        else:
            self._add(group[0] if group else "(", width=len(group[0]) if group else 1, repeatable=False)

    def _repeat(self, character: str) -> None:
        count = _COUNT.match(self._pattern, self._position)
        if character == "{" and not count:
            self._add(r"\{")
            return
        if not self._repeatable:
            raise PatternError(f"a {character} has nothing to repeat")
        text = count[0] if count else character
        lazy = "?" if self._pattern.startswith("?", self._position + len(text)) else ""
        self._add(text + lazy, width=len(text + lazy), repeatable=False)
