"""``.str`` against pandas: a line a case."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest
from columns import check, lazy, texts

T = texts()
KEPT = {"upper", "split expand", "extract", "len", "normalize NFKD", "wrap"}

#: Functions of a text alone.
PLAIN = """
    lower upper title capitalize swapcase casefold len isalnum isalpha isascii isdecimal isdigit islower isnumeric
    isspace istitle isupper
""".split()

CASES = {
    "strip": lambda t: t.strip(),
    "strip of": lambda t: t.strip("ax "),
    "lstrip": lambda t: t.lstrip(),
    "rstrip": lambda t: t.rstrip("e"),
    "ljust": lambda t: t.ljust(9, "."),
    "rjust": lambda t: t.rjust(9),
    "center": lambda t: t.center(8, "*"),
    "pad": lambda t: t.pad(7),
    "pad both": lambda t: t.pad(7, side="both", fillchar="é"),
    "zfill": lambda t: t.zfill(5),
    "slice": lambda t: t.slice(1, -1),
    "slice step": lambda t: t.slice(None, None, -2),
    "slice_replace": lambda t: t.slice_replace(1, 3, "XX"),
    "get": lambda t: t.get(1),
    "get last": lambda t: t[-1],
    "[]": lambda t: t[2:5],
    "replace": lambda t: t.replace("a", "A"),
    "replace n": lambda t: t.replace("a", "A", n=1),
    "replace pattern": lambda t: t.replace(r"([aeiou])(\w)", r"\2\1", regex=True),
    "replace case": lambda t: t.replace("A", "_", case=False),
    "replace dict": lambda t: t.replace({"a": "1", "b": "2"}),
    "removeprefix": lambda t: t.removeprefix("a"),
    "removesuffix": lambda t: t.removesuffix("s"),
    "repeat": lambda t: t.repeat(2),
    "split": lambda t: t.split(),
    "split of": lambda t: t.split(","),
    "split n": lambda t: t.split(" ", n=1),
    "split expand": lambda t: t.split(" ", n=2, expand=True),
    "rsplit": lambda t: t.rsplit("-", n=1),
    "rsplit expand": lambda t: t.rsplit(n=1, expand=True),
    "partition": lambda t: t.partition("-"),
    "partition list": lambda t: t.partition(expand=False),
    "rpartition": lambda t: t.rpartition(","),
    "extract": lambda t: t.extract(r"([a-z])(\d)?"),
    "extract named": lambda t: t.extract(r"(?P<first>\w)\w*"),
    "extract series": lambda t: t.extract(r"(\d+)", expand=False),
    "extract flags": lambda t: t.extract(r"(É\w+)", flags=re.IGNORECASE, expand=False),
    "findall": lambda t: t.findall(r"[a-z]+"),
    "contains": lambda t: t.contains("a"),
    "contains pattern": lambda t: t.contains(r"^\w+-"),
    "contains case": lambda t: t.contains("E", case=False),
    "contains text": lambda t: t.contains(".", regex=False),
    "contains na": lambda t: t.contains("a", na=True),
    "match": lambda t: t.match(r"[a-z]+\b"),
    "match na": lambda t: t.match("x", na=True),
    "fullmatch": lambda t: t.fullmatch(r"\w+"),
    "fullmatch na": lambda t: t.fullmatch(r"\w+", na=False),
    "startswith": lambda t: t.startswith("a"),
    "startswith several": lambda t: t.startswith(("a", "s"), na=True),
    "endswith": lambda t: t.endswith("e"),
    "endswith several": lambda t: t.endswith(("s", "n")),
    "find": lambda t: t.find("a"),
    "find from": lambda t: t.find("a", 2, -1),
    "rfind": lambda t: t.rfind("a"),
    "count": lambda t: t.count("[ae]"),
    "index": lambda t: t.index(""),
    "rindex": lambda t: t.rindex("", 0, 3) if False else t.rindex(""),
    "translate": lambda t: t.translate(str.maketrans({"a": "4", "e": None, "ß": "ss"})),
    "normalize NFC": lambda t: t.normalize("NFC"),
    "normalize NFD": lambda t: t.normalize("NFD"),
    "normalize NFKC": lambda t: t.normalize("NFKC"),
    "normalize NFKD": lambda t: t.normalize("NFKD"),
    "wrap": lambda t: t.wrap(10),
    "wrap hyphens": lambda t: t.wrap(7, break_on_hyphens=False),
    "wrap words": lambda t: t.wrap(6, break_long_words=False),
    "wrap lines": lambda t: t.wrap(12, max_lines=2, placeholder="…"),
    "wrap indents": lambda t: t.wrap(14, initial_indent="* ", subsequent_indent="  ", fix_sentence_endings=True),
    "wrap blanks": lambda t: t.wrap(9, expand_tabs=False, replace_whitespace=False, drop_whitespace=False),
    "wrap tabs": lambda t: t.wrap(9, tabsize=4),
    "join": lambda t: t.join("_"),
    "join list": lambda t: t.split("a").str.join("+"),
    "len of list": lambda t: t.split().str.len(),
    "get of list": lambda t: t.split().str.get(1),
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain(name: str) -> None:
    def python(text: Any) -> Any:
        if not isinstance(text, str):
            return False if name.startswith("is") else None
        return len(text) if name == "len" else getattr(text, name)()

    # Python's own functions: pyarrow's, which pandas calls for its texts, know one capital for ß.
    check(
        lambda d: getattr(d["text"].str, name)(),
        T,
        oracle=lambda d: pd.Series([python(text) for text in d["text"]], d.index, name="text"),
        cluster=name in KEPT,
    )


@pytest.mark.parametrize("name", CASES)
def test_functions(name: str) -> None:
    check(lambda d: CASES[name](d["text"].str), T, cluster=name in KEPT)


def test_cat() -> None:
    check(lambda d: d["text"].str.cat(d["more"]), T)
    check(lambda d: d["text"].str.cat(d["more"], sep="/"), T)
    check(lambda d: d["text"].str.cat([d["more"], d["text"]], sep="-", na_rep="?"), T)
    check(lambda d: d["text"].str.cat(sep=","), T)
    check(lambda d: d["text"].str.cat(na_rep="∅"), T)


def test_operators_of_text() -> None:
    check(lambda d: d["text"] + d["more"], T)
    check(lambda d: "<" + d["text"] + ">", T)
    check(lambda d: d["text"] * 2, T)
    check(lambda d: d["text"] < d["more"], T)
    check(lambda d: d["text"].eq("x"), T)
    check(lambda d: d["text"].isin(["x", "ß"]), T)
    check(lambda d: d["text"].fillna("none"), T)
    check(lambda d: d["text"].fillna(d["more"]), T)
    check(lambda d: d["text"].where(d["key"] > 0, "-"), T)
    check(lambda d: d["text"].replace({"x": "y", "ß": "ss"}), T)
    check(lambda d: d["text"].map({"x": 1.5, "12": 2.5}), T)
    for name in ("min", "max", "count", "nunique"):
        check(lambda d, name=name: getattr(d["more"], name)(), T.assign(more=T["more"].fillna("q")))
    check(lambda d: d["more"].shift(2), T)
    check(lambda d: d["more"].ffill(), T)
    check(lambda d: d["more"].is_monotonic_increasing, T)
    check(lambda d: d["more"].sort_values().is_monotonic_increasing, T.dropna())
    check(lambda d: d["text"].drop_duplicates(), T)
    check(lambda d: d["more"].describe(), T, oracle=lambda d: _described(d["more"]))


def _described(column: pd.Series) -> pd.Series:
    # Ties by first appearance, which pandas leaves open.
    counts = column.groupby(column, sort=False).size().sort_values(ascending=False, kind="stable")
    values = [int(column.count()), len(counts), counts.index[0], int(counts.iloc[0])]
    return pd.Series(values, index=["count", "unique", "top", "freq"], name=column.name, dtype=object)


def test_an_index_of_text() -> None:
    frame = T.assign(text=T["text"].fillna("?")).set_index("text")
    check(lambda d: d.index.str.strip(), frame)
    check(lambda d: d.index.str.len(), frame)
    check(lambda d: d["key"][d.index.str.contains("a")], frame)


def test_what_is_refused() -> None:
    words = lazy(T, (9,))["text"].str
    calls: list[Any] = [
        lambda: words.extractall("(a)"),
        lambda: words.get_dummies(),
        lambda: words.encode("utf-8"),
        lambda: words.decode("utf-8"),
        lambda: words.split(expand=True),
        lambda: words.contains("a", na=None),
        lambda: words.repeat([1, 2]),
        lambda: words.replace("a", lambda found: "b"),
        lambda: words.contains(r"(?=a)"),
    ]
    for call in calls:
        with pytest.raises(NotImplementedError):
            call()
    for call in (lambda: words.normalize("NFX"), lambda: words.wrap(0), lambda: words.pad(3, side="top"), lambda: words.partition("")):
        with pytest.raises(ValueError):
            call()
    with pytest.raises(TypeError):
        words.startswith(3)
    with pytest.raises(ValueError, match="substring not found"):
        words.index("zz").compute()
    with pytest.raises((AttributeError, ValueError), match="str"):
        lazy(T, ())["key"].str.upper()
