"""``.str`` of lazy columns."""

from __future__ import annotations

import json
import re
from typing import Any

from phalanx.dataframe._results import Several
from phalanx.dataframe.series import Series

_NO_DEFAULT: Any = object()

__all__ = ["Accessor", "StringMethods"]


def _pattern(pat: Any, case: bool = True, flags: int = 0) -> str:
    if isinstance(pat, re.Pattern):
        pat, flags = pat.pattern, pat.flags & ~re.UNICODE
    known = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x"}
    letters = {letter for flag, letter in known.items() if flags & flag}
    if not case:
        letters.add("i")
    return f"(?{''.join(sorted(letters))}){pat}" if letters else pat


def _several(pat: Any, what: str) -> list[str]:
    if not isinstance(pat, (str, tuple)):
        raise TypeError(f"expected a string or tuple, not {type(pat).__name__}: {what}={pat!r}")
    return [pat] if isinstance(pat, str) else list(pat)


def _character(value: int | str) -> str:
    return chr(value) if isinstance(value, int) else value


class Accessor:
    """Holds the series (or index) whose values the functions take."""

    __slots__ = ("_native", "_series")

    def __init__(self, series: Series) -> None:
        self._series = series
        self._native = series._native

    def _like(self, native: Any) -> Any:
        return self._series._like(native)


def _plain(name: str) -> Any:
    def method(self: StringMethods) -> Any:
        made = self._native.text(name)
        return self._truths(made) if name.startswith("is") else self._like(made)

    method.__name__ = name
    method.__doc__ = f"``str.{name}`` of each text."
    return method


class StringMethods(Accessor):
    """pandas' functions of text. A missing text stays missing; as an answer to a question it is False."""

    __slots__ = ()
    lower, upper, title, capitalize = _plain("lower"), _plain("upper"), _plain("title"), _plain("capitalize")
    swapcase, casefold, len = _plain("swapcase"), _plain("casefold"), _plain("len")
    isalnum, isalpha, isascii, isdecimal = _plain("isalnum"), _plain("isalpha"), _plain("isascii"), _plain("isdecimal")
    isdigit, islower, isnumeric = _plain("isdigit"), _plain("islower"), _plain("isnumeric")
    isspace, istitle, isupper = _plain("isspace"), _plain("istitle"), _plain("isupper")

    def _of(self, method: str, *arguments: Any) -> Any:
        return self._like(getattr(self._native, method)(*arguments))

    def _truths(self, native: Any) -> Any:
        return self._series._truths(native)

    def _asked(self, na: Any, method: str, *arguments: Any) -> Any:
        """An answer to a question; of a missing text it is ``na``."""
        answer = self._truths(getattr(self._native, method)(*arguments))
        if na is _NO_DEFAULT or na is False:
            return answer
        if na is True:
            return answer | self._truths(self._native.isna())
        raise NotImplementedError(f"na={na!r}: an answer is true or false; use .mask(series.isna()) for missing ones")

    def strip(self, to_strip: str | None = None) -> Any:
        """Without spaces, or these characters, at both ends."""
        return self._of("text_strip", "both", to_strip)

    def lstrip(self, to_strip: str | None = None) -> Any:
        """Without spaces, or these characters, at the beginning."""
        return self._of("text_strip", "left", to_strip)

    def rstrip(self, to_strip: str | None = None) -> Any:
        """Without spaces, or these characters, at the end."""
        return self._of("text_strip", "right", to_strip)

    def ljust(self, width: int, fillchar: str = " ") -> Any:
        """Filled up on the right."""
        return self._of("text_pad", "left", width, fillchar)

    def rjust(self, width: int, fillchar: str = " ") -> Any:
        """Filled up on the left."""
        return self._of("text_pad", "right", width, fillchar)

    def center(self, width: int, fillchar: str = " ") -> Any:
        """Filled up on both sides."""
        return self._of("text_pad", "both", width, fillchar)

    def pad(self, width: int, side: str = "left", fillchar: str = " ") -> Any:
        """Filled up on a side, or both."""
        sides = {"left": self.rjust, "right": self.ljust, "both": self.center}
        if side not in sides:
            raise ValueError("Invalid side")
        return sides[side](width, fillchar)

    def zfill(self, width: int) -> Any:
        """Filled up with zeros, behind a sign."""
        return self._of("text_zfill", width)

    def slice(self, start: int | None = None, stop: int | None = None, step: int | None = None) -> Any:
        """A slice of each text."""
        return self._of("text_slice", start, stop, step)

    def slice_replace(self, start: int | None = None, stop: int | None = None, repl: str | None = None) -> Any:
        """Something else in place of a slice."""
        return self._of("text_slice_replace", start, stop, repl or "")

    def get(self, i: int) -> Any:
        """A character of each text, or an element of each list."""
        return self._of("text_get", i)

    def __getitem__(self, key: Any) -> Any:
        return self.slice(key.start, key.stop, key.step) if isinstance(key, slice) else self.get(key)

    def replace(
        self, pat: Any, repl: Any = None, n: int = -1, case: bool | None = None, flags: int = 0, regex: bool = False
    ) -> Any:
        """Something else in place of what ``pat`` is or finds."""
        if isinstance(pat, dict):
            if repl is not None:
                raise ValueError("repl cannot be used when pat is a dictionary")
            result = self
            for old, new in pat.items():
                result = StringMethods(result.replace(old, new, n, case, flags, regex))
            return result._series
        if callable(repl):
            raise NotImplementedError("replace with a function: use map_partitions")
        if not isinstance(repl, str):
            raise TypeError("repl must be a string or callable")
        pattern = regex or isinstance(pat, re.Pattern) or case is False or bool(flags)
        if pattern:
            pat = _pattern(pat if regex or isinstance(pat, re.Pattern) else re.escape(pat), case is not False, flags)
        return self._of("text_replace", pat, repl, None if n < 0 else n, pattern)

    def removeprefix(self, prefix: str) -> Any:
        """Without ``prefix`` at the beginning."""
        return self._of("text_remove", prefix, False)

    def removesuffix(self, suffix: str) -> Any:
        """Without ``suffix`` at the end."""
        return self._of("text_remove", suffix, True)

    def repeat(self, repeats: int) -> Any:
        """Several times in a row."""
        if not isinstance(repeats, int):
            raise NotImplementedError("str.repeat by a sequence: give one number for all texts")
        return self._of("text_repeat", repeats)

    def _split(self, pat: str | None, n: int, expand: bool, from_end: bool, regex: bool) -> Any:
        most = None if n <= 0 else n
        if not expand:
            return self._of("text_split", pat, regex, most, from_end)
        if most is None:
            raise NotImplementedError("split(expand=True) needs n=: how many columns there are must be known")
        return self._columns(self._native.text_split(pat, regex, most, from_end), most + 1)

    def split(self, pat: str | None = None, n: int = -1, expand: bool = False, regex: bool | None = None) -> Any:
        """The parts between separators, as lists or columns."""
        return self._split(pat, n, expand, False, bool(regex) or (regex is None and pat is not None and len_(pat) > 1))

    def rsplit(self, pat: str | None = None, n: int = -1, expand: bool = False) -> Any:
        """As :meth:`split`, from the end."""
        return self._split(pat, n, expand, True, False)

    def extract(self, pat: str, flags: int = 0, expand: bool = True) -> Any:
        """The groups of what ``pat`` finds first: a column each, or a series of the only one."""
        compiled = re.compile(pat, flags)
        if compiled.groups == 0:
            raise ValueError("pattern contains no capture groups")
        names = {number: name for name, number in compiled.groupindex.items()}
        parts = [self._native.text_extract(_pattern(pat, flags=flags), at + 1) for at in range(compiled.groups)]
        if not expand and compiled.groups == 1:
            return self._like(parts[0].rename(names.get(1, self._native.name)))
        from phalanx.dataframe._core import DataFrame

        return DataFrame._of_series([part.rename(names.get(at + 1, str(at))) for at, part in enumerate(parts)])

    def findall(self, pat: str, flags: int = 0) -> Any:
        """All that ``pat`` finds, as lists."""
        if re.compile(pat, flags).groups > 1:
            raise NotImplementedError("findall with several groups: use extract, or map_partitions")
        return self._of("text_findall", _pattern(pat, flags=flags))

    def contains(
        self, pat: Any, case: bool = True, flags: int = 0, na: Any = _NO_DEFAULT, regex: bool = True
    ) -> Any:
        """Whether ``pat`` is in each text, or finds something there."""
        if not regex and case:
            return self._asked(na, "text_contains", pat, False)
        return self._asked(na, "text_contains", _pattern(pat if regex else re.escape(pat), case, flags), True)

    def match(self, pat: Any, case: bool = True, flags: int = 0, na: Any = _NO_DEFAULT) -> Any:
        """Whether ``pat`` finds something at the beginning."""
        return self._asked(na, "text_contains", rf"\A(?:{_pattern(pat, case, flags)})", True)

    def fullmatch(self, pat: Any, case: bool = True, flags: int = 0, na: Any = _NO_DEFAULT) -> Any:
        """Whether ``pat`` is all of each text."""
        return self._asked(na, "text_contains", rf"\A(?:{_pattern(pat, case, flags)})\z", True)

    def startswith(self, pat: Any, na: Any = _NO_DEFAULT) -> Any:
        """Whether texts begin with ``pat``, or with one of several."""
        return self._asked(na, "text_starts", _several(pat, "pat"))

    def endswith(self, pat: Any, na: Any = _NO_DEFAULT) -> Any:
        """Whether texts end with ``pat``, or with one of several."""
        return self._asked(na, "text_ends", _several(pat, "pat"))

    def find(self, sub: str, start: int | None = 0, end: int | None = None) -> Any:
        """Where ``sub`` begins first; −1 if it is not there."""
        return self._of("text_find", sub, start, end, False)

    def rfind(self, sub: str, start: int | None = 0, end: int | None = None) -> Any:
        """Where ``sub`` begins last; −1 if it is not there."""
        return self._of("text_find", sub, start, end, True)

    def count(self, pat: str, flags: int = 0) -> Any:
        """How often ``pat`` finds something."""
        return self._of("text_count", _pattern(pat, flags=flags))

    def index(self, sub: str, start: int | None = 0, end: int | None = None) -> Any:
        """Where ``sub`` begins first; computing fails where it is not there."""
        return self._of("text_index", sub, start, end, False)

    def rindex(self, sub: str, start: int | None = 0, end: int | None = None) -> Any:
        """Where ``sub`` begins last; computing fails where it is not there."""
        return self._of("text_index", sub, start, end, True)

    def partition(self, sep: str = " ", expand: bool = True) -> Any:
        """What is before the first ``sep``, ``sep`` itself, and what is behind: three columns, or lists."""
        return self._partition(sep, expand, False)

    def rpartition(self, sep: str = " ", expand: bool = True) -> Any:
        """What is before the last ``sep``, ``sep`` itself, and what is behind: three columns, or lists."""
        return self._partition(sep, expand, True)

    def _partition(self, sep: str, expand: bool, last: bool) -> Any:
        if not sep:
            raise ValueError("empty separator")
        parts = self._native.text_partition(sep, last)
        return self._columns(parts, 3) if expand else self._like(parts)

    @staticmethod
    def _columns(parts: Any, count: int) -> Any:
        """The elements of lists as columns."""
        from phalanx.dataframe._core import DataFrame

        return DataFrame._of_series([parts.text_get(at).rename(str(at)) for at in range(count)])

    def translate(self, table: dict[Any, Any]) -> Any:
        """For each character what ``table`` (of ``str.maketrans``) has for it; nothing where it has None."""
        pairs = {_character(old): None if new is None else _character(new) for old, new in table.items()}
        return self._of("text_translate", {old: new for old, new in pairs.items() if len_(old) == 1})

    def normalize(self, form: str) -> Any:
        """In a normal form of Unicode: NFC, NFD, NFKC or NFKD."""
        return self._of("text_normalize", form)

    def wrap(
        self,
        width: int,
        expand_tabs: bool = True,
        tabsize: int = 8,
        replace_whitespace: bool = True,
        drop_whitespace: bool = True,
        initial_indent: str = "",
        subsequent_indent: str = "",
        fix_sentence_endings: bool = False,
        break_long_words: bool = True,
        break_on_hyphens: bool = True,
        max_lines: int | None = None,
        placeholder: str = " [...]",
    ) -> Any:
        """In lines of ``width`` characters; options as Python's ``textwrap.TextWrapper`` takes them."""
        options = {name: value for name, value in locals().items() if name != "self"}
        if width <= 0:
            raise ValueError(f"invalid width {width!r} (must be > 0)")
        indent = subsequent_indent if max_lines is not None and max_lines > 1 else initial_indent
        if max_lines is not None and len_(indent) + len_(placeholder.lstrip()) > width:
            raise ValueError("placeholder too large for max width")
        return self._of("text_wrap", json.dumps(options))

    def join(self, sep: str) -> Any:
        """The elements of each list, or the characters of each text, with ``sep`` between them."""
        return self._of("text_join", sep)

    def cat(self, others: Any = None, sep: str | None = None, na_rep: str | None = None) -> Any:
        """Each text followed by those of other columns of the same rows; without others all texts as one."""
        sep = sep or ""
        if others is None:

            def whole(texts: list[Any]) -> str:
                return sep.join(texts[0].dropna() if na_rep is None else texts[0].fillna(na_rep))

            return Several([self._series], whole)
        texts = [self._series, *(others if isinstance(others, (list, tuple)) else [others])]
        if not all(isinstance(text, Series) for text in texts):
            raise NotImplementedError("cat with what is no lazy column: add a text with +")
        texts = texts if na_rep is None else [text.fillna(na_rep) for text in texts]
        result = texts[0]
        for text in texts[1:]:
            result = (result + sep if sep else result) + text
        return result.rename(self._series.name)

    def extractall(self, pat: str, flags: int = 0) -> Any:
        """Is not there: its result has an index of two levels."""
        raise NotImplementedError("str.extractall has an index of two levels: use findall and explode, or extract")

    def get_dummies(self, sep: str = "|") -> Any:
        """Is not there: which columns there are is known only after computing."""
        raise NotImplementedError("str.get_dummies: which columns there are is not known; use contains for each, or get_dummies of a frame")

    def encode(self, encoding: str, errors: str = "strict") -> Any:
        """Is not there: columns hold no bytes."""
        raise NotImplementedError("str.encode: columns hold no bytes; use map_partitions, or compute first")

    def decode(self, encoding: str, errors: str = "strict", dtype: Any = None) -> Any:
        """Is not there: columns hold no bytes."""
        raise NotImplementedError("str.decode: columns hold no bytes; decode when reading, or use map_partitions")


len_ = len
