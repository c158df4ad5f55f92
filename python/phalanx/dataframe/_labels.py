"""``loc`` and ``iloc``: rows by their labels, and by their places."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import pd

__all__ = ["Iloc", "Loc"]

#: The place of a row's label in a list of labels, put beside the columns for a moment.
_PLACE = "__place"


class Loc:
    """``frame.loc[rows]`` and ``frame.loc[rows, columns]``.

    A label that can't be there is a ``KeyError`` now; one that is not there is one when the rows are computed, which are
    in one partition. A slice takes the labels from its start to its stop, both included, wherever they are, and needs
    neither to be there; on a sorted index that is what pandas gives.
    """

    __slots__ = ("_of",)

    def __init__(self, of: Any) -> None:
        self._of = of

    def __getitem__(self, key: Any) -> Any:
        of, columns = self._of, None
        if isinstance(key, tuple) and hasattr(of, "_names"):
            if len(key) != 2:
                raise IndexError("Too many indexers")
            key, columns = key
        if callable(key) and not hasattr(key, "_phalanx_kind"):
            key = key(of)
        rows = of if isinstance(key, slice) and key == slice(None) else self._rows(of, key)
        if columns is None:
            return rows
        return rows[self._columns(columns)]

    def __setitem__(self, key: Any, value: Any) -> None:
        raise NotImplementedError(
            "loc[…] = value: frames are lazy and do not change; frame['x'] = frame['x'].mask(condition, value) makes a new one"
        )

    def _columns(self, columns: Any) -> Any:
        names = self._of._names
        if isinstance(columns, slice):
            for end in (columns.start, columns.stop):
                if end is not None and end not in names:
                    raise KeyError(end)
            return list(pd.Series(names, index=names).loc[columns]) if names else []
        if isinstance(columns, str) or hasattr(columns, "_phalanx_kind"):
            return columns
        wanted = columns.tolist() if hasattr(columns, "tolist") else list(columns)
        if wanted and all(isinstance(each, bool) for each in wanted):
            if len(wanted) != len(names):
                raise IndexError(f"Boolean index has wrong length: {len(wanted)} instead of {len(names)}")
            return [name for name, taken in zip(names, wanted) if taken]
        return wanted

    def _rows(self, of: Any, key: Any) -> Any:
        from phalanx.dataframe.series import Series

        native = of._rows
        if isinstance(key, Series):
            if key._native.dtype == "bool":
                return of._via(lambda native: native.filter(key._native))
            raise NotImplementedError("loc by a lazy series that is no condition: compute its labels, or merge with it")
        if native.index is None:
            return self._numbered(of, key)
        index = Series._wrap(native.column(native.index))
        if isinstance(key, slice):
            if key.step is not None:
                raise NotImplementedError("loc with a step: compute first, or take every so many rows with iloc")
            condition: Any = None
            for end, name in ((key.start, "ge"), (key.stop, "le")):
                if end is not None:
                    try:
                        bound = self._label(index, end, name == "le")
                    except KeyError:
                        raise TypeError(
                            f"cannot do slice indexing on an index of {index.dtype} with these indexers [{end}] of type "
                            f"{type(end).__name__}"
                        ) from None
                    one = getattr(index, f"__{name}__")(bound)
                    condition = one if condition is None else condition & one
            return of._via(lambda native: native.filter(condition._native))
        if isinstance(key, (list, pd.Index)) or hasattr(key, "tolist"):
            labels = list(key)
            if labels and all(isinstance(label, bool) for label in labels):
                raise NotImplementedError("loc by a list of truth values: give a lazy condition")
            return self._listed(of, index, [self._label(index, label, False) for label in labels])
        if isinstance(key, str) and index.dtype.kind == "M":
            first, last = self._label(index, key, False), self._label(index, key, True)
            condition = (index >= first) & (index <= last)
        else:
            condition = index == self._label(index, key, False)
        return of._via(lambda native: native.filter(condition._native).found([_shown(key)], None))

    @staticmethod
    def _label(index: Any, label: Any, last: bool) -> Any:
        """A label as the index has it: a text stands for a span of time, of which an end is meant."""
        if not _can_be(index.dtype, label):
            raise KeyError(label)
        if not isinstance(label, str) or index.dtype.kind != "M":
            return label
        zone = getattr(index.dtype, "tz", None)
        unit = getattr(index.dtype, "unit", None) or str(index.dtype).partition("[")[2].rstrip("]")
        known = pd.DatetimeIndex(["2000-01-01"], tz=zone).as_unit(unit.partition(",")[0])
        try:
            return known._maybe_cast_slice_bound(label, "right" if last else "left")
        except (TypeError, ValueError):  # a text that is no time
            raise KeyError(label) from None

    @staticmethod
    def _listed(of: Any, index: Any, labels: list[Any]) -> Any:
        """The rows with these labels, in the order of the labels: a pass over the rows, and one more each time that a
        label comes again."""
        if len(set(labels)) != len(labels):
            from phalanx.dataframe._functions import concat

            return concat([Loc._listed(of, index, run) for run in _runs(labels)])
        place = index.map({label: number for number, label in enumerate(labels)})

        def taken(native: Any) -> Any:
            native = native.assign([(_PLACE, place._native)]).filter(index.isin(labels)._native)
            return native.found([_shown(label) for label in labels], _PLACE).drop_columns([_PLACE])

        return of._via(taken) if labels else of._via(lambda native: native.head(0))

    @staticmethod
    def _numbered(of: Any, key: Any) -> Any:
        """Rows by their numbers, which are the labels of a frame without an index."""
        if isinstance(key, slice):
            start, stop = key.start or 0, 2**62 if key.stop is None else key.stop + 1
            return of._via(lambda native: native.slice_rows(start, stop, key.step or 1))
        if isinstance(key, int) and key >= 0:
            return of._via(lambda native: native.slice_rows(key, key + 1, 1).found([_shown(key)], None))
        if isinstance(key, (int, str)):
            raise KeyError(key)  # numbers begin at 0
        raise NotImplementedError("loc by a list of row numbers: set_index a column first, or filter by a condition")


def _runs(labels: list[Any]) -> list[list[Any]]:
    """The labels in parts, in their order, of which none has a label twice."""
    runs: list[list[Any]] = [[]]
    for label in labels:
        if label in runs[-1]:
            runs.append([])
        runs[-1].append(label)
    return runs


def _shown(label: Any) -> str:
    """A label as Python writes it."""
    return repr(label.item() if hasattr(label, "item") else label)


def _can_be(dtype: Any, label: Any) -> bool:
    """Whether an index of this type may have such a label."""
    kind = getattr(dtype, "kind", "O")
    if isinstance(dtype, pd.CategoricalDtype):
        return dtype.categories is None or label in dtype.categories
    if kind in "iufb":
        return not isinstance(label, (str, pd.Timestamp, pd.Timedelta))
    if isinstance(dtype, pd.StringDtype):
        return isinstance(label, str) or bool(pd.isna(label))
    return kind not in "mM" or not isinstance(label, (int, float, bool))


class Iloc:
    """``frame.iloc[:, columns]`` and ``frame.iloc[rows]``, by place. Rows are a slice that counts from the first."""

    __slots__ = ("_of",)

    def __init__(self, of: Any) -> None:
        self._of = of

    def __getitem__(self, key: Any) -> Any:
        of, columns = self._of, None
        if isinstance(key, tuple):
            if len(key) != 2:
                raise ValueError("Too many indexers")
            key, columns = key
        rows = of if isinstance(key, slice) and key == slice(None) else self._rows(of, key)
        if columns is None:
            return rows
        names = pd.Index(of._names)
        picked = names[columns]
        return rows[picked if isinstance(picked, str) else list(picked)]

    @staticmethod
    def _rows(of: Any, key: Any) -> Any:
        if not isinstance(key, slice):
            raise NotImplementedError("iloc of single rows: rows are a slice, as in iloc[10:20]; or compute first")
        start, stop, step = key.start or 0, key.stop, 1 if key.step is None else key.step
        if start < 0 and stop is None and step == 1:
            return of.tail(-start, compute=False)
        if start < 0 or (stop is not None and stop < 0) or step < 1:
            raise NotImplementedError("iloc that counts from the end: use tail(n, compute=False), or count the rows first")
        return of._via(lambda native: native.slice_rows(start, 2**62 if stop is None else stop, step))
