"""``.cat`` of lazy columns, and what categories are to operators.

The categories of a column are *known* if the plan has them, in the metadata of the column's field; else they are those
values that are there, in their own order, which only computing finds out.
"""

from __future__ import annotations

import json
import operator
from typing import Any

from phalanx import _client
from phalanx._lazy import np, pa, pd, require
from phalanx.dataframe._values import native_value
from phalanx.dataframe.accessors import Accessor

__all__ = ["CategoricalMethods", "categorical", "categorised", "category_dtype", "compared", "field_metadata", "need_order",
           "ordered_as_codes", "recategorised"]  # fmt: skip

CATEGORIES, ORDERED = b"phalanx.categories", b"phalanx.ordered"


def _compute() -> Any:
    return require("pyarrow.compute")


def _texts(categories: Any) -> str:
    """Categories as a JSON list of texts, which Arrow can cast back."""
    values = pa.array(pd.Index(categories))
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        values = values.cast(pa.string())
    return json.dumps(values.to_pylist(), ensure_ascii=False)


def field_metadata(kind: Any) -> dict[bytes, bytes]:
    """What the field of a column with these known categories carries."""
    return {CATEGORIES: _texts(kind.categories).encode(), ORDERED: str(bool(kind.ordered)).lower().encode()}


def field_dtype(field: Any) -> Any:
    """pandas' type of a field of categories; without categories if they are unknown."""
    metadata = field.metadata or {}
    ordered = metadata.get(ORDERED) == b"true"
    texts = metadata.get(CATEGORIES)
    if texts is None:
        return pd.CategoricalDtype(None, ordered)
    return pd.CategoricalDtype(_categories(pa.array(json.loads(texts), pa.string()).cast(field.type.value_type)), ordered)


def categorical(column: Any, field: Any) -> Any:
    """A computed Arrow column as pandas' categories, as its field says; unknown ones are those that are there."""
    kind = field_dtype(field)
    chunks = column.chunks
    if kind.categories is None:
        used = [chunk.dictionary.take(_compute().unique(chunk.indices).drop_null()) for chunk in chunks]
        kind = pd.CategoricalDtype(_categories(pa.chunked_array(used, field.type.value_type).unique()).sort_values(), kind.ordered)
    known = pa.array(kind.categories, field.type.value_type)
    codes = [_codes(chunk, known) for chunk in chunks]
    return pd.Categorical.from_codes(np.concatenate(codes) if codes else [], dtype=kind)


def _codes(chunk: Any, known: Any) -> Any:
    places = _compute().index_in(chunk.dictionary, value_set=known)
    return _compute().fill_null(places.take(chunk.indices), -1).to_numpy(zero_copy_only=False)


def _categories(values: Any) -> Any:
    """Arrow's values as pandas' index of categories."""
    text = pa.types.is_string(values.type)
    return pd.Index(values.to_pandas(), dtype=pd.StringDtype(na_value=float("nan")) if text else None)


def _field(series: Any) -> Any:
    frame = series._alone()._native
    return pa.table(frame.empty()).schema.field(series._column)


def category_dtype(series: Any) -> Any:
    """pandas' type of a lazy column of categories."""
    return field_dtype(_field(series))


def _categories_of(native: Any, names: list[str]) -> dict[str, Any]:
    """Those of these columns that are categories, and their pandas types."""
    dictionaries = {name for name, kind in native.column_types() if kind.startswith("Dictionary")}
    if dictionaries.isdisjoint(names):
        return {}
    schema = pa.table(native.empty()).schema
    return {name: field_dtype(schema.field(name)) for name in names if name in dictionaries}


def need_order(native: Any, names: list[str], what: str) -> None:
    """Refuses the extremes of categories whose order means nothing."""
    for kind in _categories_of(native, names).values():
        if not kind.ordered:
            raise TypeError(
                f"Categorical is not ordered for operation {what}\n"
                "you can use .as_ordered() to change the Categorical to an ordered one\n"
            )


def ordered_as_codes(frame: Any) -> Any:
    """The frame with ordered categories as their places, missing where they are."""
    for name, kind in _categories_of(frame._native, frame._names).items():
        if kind.ordered and kind.categories is not None:
            codes = frame[name].cat.codes
            frame = frame.assign(**{name: codes.where(codes >= 0)})
    return frame


def categorised(series: Any, kind: Any) -> Any:
    """The values as these known categories; others become missing."""
    if kind.categories.hasnans:
        raise ValueError("Categorical categories cannot be null")
    values = [native_value(value) for value in kind.categories]
    return series._like(series._native.categorise(values, _texts(kind.categories), bool(kind.ordered)))


def recategorised(series: Any, native: Any) -> Any:
    """Values that were put into a column of categories, as categories again; new ones are refused."""
    kind = category_dtype(series)
    changed = series._like(native)
    if kind.categories is None:
        return series._like(native.uncategorise(bool(kind.ordered)))
    made = categorised(changed, kind)
    if (changed.notna() & made.isna()).any().compute():
        raise TypeError("Cannot setitem on a Categorical with a new category, set the categories first: .cat.add_categories")
    return made


def compared(series: Any, name: str, other: Any) -> Any:
    """A comparison of a column of categories: by order, if their order means something."""
    from phalanx.dataframe._operators import Operators, operand

    if name in ("eq", "ne"):
        return series._truths(series._native.compare(name, operand(other)))
    kind = category_dtype(series)
    if not kind.ordered or kind.categories is None:
        raise TypeError("Unordered Categoricals can only compare equality or not" if not kind.ordered else
                        "categories of unknown order: .cat.as_known() first")  # fmt: skip
    codes = series.cat.codes.rename(series.name)
    if isinstance(other, Operators):
        if category_dtype(other) != kind:
            raise TypeError("Categoricals can only be compared if 'categories' are the same.")
        right: Any = other.cat.codes.rename(other.name)  # type: ignore[attr-defined]
        known = (codes >= 0) & (right >= 0)
    else:
        if other not in kind.categories:
            raise TypeError(f"Invalid comparison between dtype=category and {type(other).__name__}")
        right, known = kind.categories.get_loc(other), codes >= 0
    return getattr(operator, name)(codes, right) & known


class CategoricalMethods(Accessor):
    """pandas' functions of categories."""

    __slots__ = ()

    def __init__(self, series: Any) -> None:
        if series._native.dtype != "category":
            raise AttributeError("Can only use .cat accessor with a 'category' dtype")
        super().__init__(series)

    @property
    def _kind(self) -> Any:
        return category_dtype(self._series)

    def _known(self, what: str) -> Any:
        kind = self._kind
        if kind.categories is None:
            raise NotImplementedError(f"`df.column.cat.{what}` with unknown categories: .cat.as_known() finds them first")
        return kind

    @property
    def known(self) -> bool:
        """Whether the categories are known without computing."""
        return self._kind.categories is not None

    @property
    def ordered(self) -> bool:
        """Whether the order of the categories means something."""
        return bool(self._kind.ordered)

    @property
    def categories(self) -> Any:
        """The categories, if they are known."""
        return self._known("categories").categories

    @property
    def codes(self) -> Any:
        """The place of each value among the categories; −1 if it is missing."""
        values = [native_value(value) for value in self._known("codes").categories]
        return self._series._like(self._native.category_codes(values).rename(None))

    def as_known(self, *, client: Any = None) -> Any:
        """The same with known categories: those that are there, in their own order. They are computed now."""
        kind = self._kind
        if kind.categories is not None:
            return self._series
        return self._with(pd.CategoricalDtype(self._present(client).sort_values(), kind.ordered))

    def as_unknown(self) -> Any:
        """The same with unknown categories."""
        return self._series._like(self._native.uncategorise(self.ordered))

    def as_ordered(self) -> Any:
        """The same, and the order of the categories means something."""
        return self._ordered(True)

    def as_unordered(self) -> Any:
        """The same, and the order of the categories means nothing."""
        return self._ordered(False)

    def _ordered(self, ordered: bool) -> Any:
        kind = self._kind
        if kind.categories is None:
            return self._series._like(self._native.uncategorise(ordered))
        return self._with(pd.CategoricalDtype(kind.categories, ordered))

    def _present(self, client: Any) -> Any:
        from phalanx.dataframe.series import Series

        plain = self._series.astype(self._value_kind())
        distinct = Series._wrap(plain._native).unique()
        return pd.Index(distinct.compute(client=_client.native(client))).dropna()

    def _value_kind(self) -> str:
        kind = _field(self._series).type.value_type
        return "str" if pa.types.is_string(kind) else str(pd.api.types.pandas_dtype(kind.to_pandas_dtype()))

    def _with(self, kind: Any) -> Any:
        return categorised(self._series, kind)

    def _changed(self, method: str, *arguments: Any, **options: Any) -> Any:
        """What pandas makes of the categories, as a type."""
        empty = pd.Series(pd.Categorical([], dtype=self._known(method)))
        return getattr(empty.cat, method)(*arguments, **options).dtype

    def add_categories(self, new_categories: Any) -> Any:
        """With more categories, behind the others."""
        return self._with(self._changed("add_categories", new_categories))

    def remove_categories(self, removals: Any) -> Any:
        """Without some categories; their values become missing."""
        return self._with(self._changed("remove_categories", removals))

    def reorder_categories(self, new_categories: Any, ordered: bool | None = None) -> Any:
        """The same categories in another order."""
        return self._with(self._changed("reorder_categories", new_categories, ordered=ordered))

    def set_categories(self, new_categories: Any, ordered: bool | None = None, rename: bool = False) -> Any:
        """With these categories; other values become missing. With ``rename`` they are other names, by place."""
        kind = self._changed("set_categories", new_categories, ordered=ordered, rename=rename)
        return self._renamed(kind) if rename else self._with(kind)

    def rename_categories(self, new_categories: Any) -> Any:
        """With other names for the categories: a list of all, a dict, or a function."""
        return self._renamed(self._changed("rename_categories", new_categories))

    def _renamed(self, kind: Any) -> Any:
        pairs = [(native_value(old), native_value(new)) for old, new in zip(self.categories, kind.categories)]
        return categorised(self._series._like(self._native.map(pairs)), kind)

    def remove_unused_categories(self, *, client: Any = None) -> Any:
        """Without the categories that no value has. They are computed now."""
        kind = self._known("remove_unused_categories")
        present = set(self._present(client))
        return self._with(pd.CategoricalDtype([each for each in kind.categories if each in present], kind.ordered))
