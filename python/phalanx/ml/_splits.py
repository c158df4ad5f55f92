"""Which rows are in which part."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from sklearn import model_selection as theirs
from sklearn.utils import check_random_state

from phalanx import _client, _phalanx
from phalanx._lazy import np
from phalanx.array._base import wrap
from phalanx.ml._given import is_lazy, kind_of

__all__ = ["KFold", "ShuffleSplit", "StratifiedKFold", "check_cv", "rows_of", "train_test_split", "values_of"]


def values_of(y: Any) -> Any:
    """Labels as values: numbers of rows are drawn on the client."""
    return None if y is None else np.asarray(y.compute()) if is_lazy(y) else y


def _stand_in(X: Any) -> Any:
    """Something with as many rows: splitters look at nothing else."""
    if kind_of(X) == "array":
        if any(np.isnan(length) for length in X.shape[:1]):
            raise ValueError("the number of rows is not known yet: compute_chunk_sizes() first")
        return np.zeros((int(X.shape[0]), 0))
    if is_lazy(X):
        raise NotImplementedError("folds of a lazy frame: give its rows as an array, frame.to_dask_array(lengths=True), or take train_test_split")
    return X


class _OfLazy:
    """Splitters that take lazy arrays."""

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[Any, Any]]:
        """Pairs of row numbers: those to train and those to test on."""
        return super().split(_stand_in(X), values_of(y), groups)  # type: ignore[misc,no-any-return]


class KFold(_OfLazy, theirs.KFold):
    """scikit-learn's, also of lazy arrays."""


class StratifiedKFold(_OfLazy, theirs.StratifiedKFold):
    """scikit-learn's, also of lazy arrays. Labels come here."""


class ShuffleSplit(_OfLazy, theirs.ShuffleSplit):
    """scikit-learn's, also of lazy arrays. ``blockwise`` is dask-ml's and changes nothing: rows are of all blocks."""

    def __init__(
        self, n_splits: int = 10, *, test_size: Any = None, train_size: Any = None, blockwise: bool = True, random_state: Any = None
    ) -> None:
        super().__init__(n_splits, test_size=test_size, train_size=train_size, random_state=random_state)
        self.blockwise = blockwise


def check_cv(cv: Any = 5, y: Any = None, *, classifier: bool = False) -> Any:
    """A splitter: of a number of folds, stratified for a classifier of labels."""
    cv = 5 if cv is None else cv
    if isinstance(cv, (int, np.integer)):
        if classifier and y is not None:
            from sklearn.utils.multiclass import type_of_target

            if type_of_target(values_of(y)) in ("binary", "multiclass"):
                return StratifiedKFold(int(cv))
        return KFold(int(cv))
    return theirs.check_cv(cv, values_of(y), classifier=classifier)


def rows_of(X: Any, numbers: Any) -> Any:
    """The rows of these numbers, in this order: lazy of lazy arrays."""
    kind = kind_of(X)
    if X is None:
        return None
    if kind == "values":
        from sklearn.utils import _safe_indexing

        return _safe_indexing(X, numbers)
    if kind != "array":
        raise NotImplementedError("rows of a lazy frame by number: give its rows as an array, frame.to_dask_array(lengths=True)")
    numbers = np.asarray(numbers)
    if len(numbers) and np.array_equal(numbers, np.arange(numbers[0], numbers[0] + len(numbers))):
        return X[int(numbers[0]) : int(numbers[0]) + len(numbers)]
    # As many rows in a chunk as there were, on average.
    size = max(1, int(np.ceil(X.shape[0] / max(1, X.numblocks[0]))))
    places = np.ascontiguousarray(numbers, dtype="<i8")
    places = np.where(places < 0, places + X.shape[0], places)
    return wrap(_phalanx.take_rows(_client.native(), X._native, places.tobytes(), size))


def train_test_split(
    *arrays: Any,
    test_size: Any = None,
    train_size: Any = None,
    random_state: Any = None,
    shuffle: bool = True,
    stratify: Any = None,
    blockwise: Any = None,
    convert_mixed_types: bool = False,
) -> list[Any]:
    """Each argument in two parts, train and test: the rows that scikit-learn draws with this seed, in its order.

    Lazy frames are split in two by a draw for each row, so that without ``stratify`` the shares are about and not exactly
    those that were asked for; rows keep their order.

    Parameters
    ----------
    test_size, train_size, random_state, shuffle, stratify
        As scikit-learn's. Of lazy frames ``stratify`` is one of their columns, a lazy series: then the shares are
        exact, of all rows and of each class (the largest remainders, as in scikit-learn), and ``test_size`` and
        ``train_size`` may be counts. Rows are drawn from all partitions and keep their order. A pass counts the classes
        now; reading a part is a pass.
    blockwise : bool, optional
        Whether rows of lazy arrays stay within their chunks, each of which is drawn from by itself: much less is moved,
        but the rows are other than scikit-learn's, and ``stratify`` is not taken. dask-ml's default; here rows are
        drawn from all chunks unless it is True.
    convert_mixed_types : bool
        Whether lazy arrays and values may be given together.
    """
    if not arrays:
        raise ValueError("At least one array required as input")
    if blockwise not in (None, True, False):
        raise ValueError(f"blockwise must be a truth value, not {blockwise!r}")
    kinds = {kind_of(each) for each in arrays}
    if kinds <= {"frame", "series"}:
        return _split_frames(arrays, test_size, train_size, random_state, shuffle, stratify)
    if kinds & {"frame", "series"} or (len(kinds) > 1 and not convert_mixed_types):
        raise TypeError(f"arrays of several kinds ({', '.join(sorted(kinds))}): give all lazy arrays, or all values; or convert_mixed_types=True")
    options = {"test_size": test_size, "train_size": train_size, "random_state": random_state, "shuffle": shuffle}
    if kinds == {"values"}:
        return list(theirs.train_test_split(*arrays, **options, stratify=values_of(stratify)))
    lengths = {int(each.shape[0]) if hasattr(each, "shape") else len(each) for each in arrays}
    if len(lengths) > 1:
        raise ValueError(f"Found input variables with inconsistent numbers of samples: {sorted(lengths)}")
    if blockwise and shuffle:
        return _split_within_chunks(arrays, test_size, train_size, random_state, stratify)
    numbers = theirs.train_test_split(np.arange(lengths.pop()), **options, stratify=values_of(stratify))
    return list(itertools.chain.from_iterable((rows_of(each, part) for part in numbers) for each in arrays))


def _split_within_chunks(
    arrays: tuple[Any, ...], test_size: Any, train_size: Any, random_state: Any, stratify: Any
) -> list[Any]:
    if stratify is not None:
        raise NotImplementedError("train_test_split(blockwise=True, stratify=...): leave blockwise away")
    lazy = [each for each in arrays if kind_of(each) == "array"]
    if len(lazy) < len(arrays):
        raise NotImplementedError("train_test_split(blockwise=True) of lazy arrays and values: leave blockwise away")
    first = lazy[0]
    # scikit-learn says how many, and what is out of range.
    sizes = theirs.train_test_split(np.arange(first.shape[0]), test_size=test_size, train_size=train_size, shuffle=False)
    train, test = (len(part) for part in sizes)
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    parts: list[Any] = []
    for each in lazy:
        alike = each if each.chunks[0] == first.chunks[0] else each.rechunk({0: first.chunks[0]})
        pair = _phalanx.split_within_chunks(alike._native, test, train, seed)
        parts += [wrap(pair[1]), wrap(pair[0])]
    return parts


def _split_frames(
    arrays: tuple[Any, ...], test_size: Any, train_size: Any, random_state: Any, shuffle: bool, stratify: Any
) -> list[Any]:
    if not shuffle:
        raise NotImplementedError("train_test_split of lazy frames with shuffle=False: give their rows as arrays, or take head() and tail()")
    if stratify is not None:
        return _stratified_frames(arrays, test_size, train_size, random_state, stratify)
    share = test_size if test_size is not None else 0.25 if train_size is None else 1.0 - train_size
    if not isinstance(share, float) or not 0.0 < share < 1.0:
        raise NotImplementedError(f"train_test_split of lazy frames with {share!r} rows: give a share below 1")
    if train_size is not None and test_size is not None and abs(train_size + test_size - 1.0) > 1e-12:
        raise NotImplementedError("train_test_split of lazy frames where rows are left out: the shares must sum to 1")
    seed = 0 if random_state is None else int(random_state)
    parts: list[Any] = []
    for each in arrays:
        frame = each if kind_of(each) == "frame" else each.to_frame("__series__")
        pair = frame.random_split([1.0 - share, share], random_state=seed)
        parts += pair if kind_of(each) == "frame" else [part["__series__"].rename(each.name) for part in pair]
    return parts


def _stratified_frames(arrays: tuple[Any, ...], test_size: Any, train_size: Any, random_state: Any, stratify: Any) -> list[Any]:
    parts: list[Any] = []
    name = "__stratify__"
    if kind_of(stratify) == "frame":
        if len(stratify.columns) != 1:
            raise NotImplementedError(f"stratify= of {len(stratify.columns)} columns: join their texts in one")
        stratify = stratify[stratify.columns[0]]
    if kind_of(stratify) != "series":
        raise TypeError(f"stratify= of lazy frames is one of their columns, not {type(stratify).__name__}")
    rng = check_random_state(random_state)
    labels = stratify.to_frame(name)
    classes = _phalanx.class_rows(_client.native(), labels._native, name)
    counts = np.array([rows for _, rows in classes], dtype=np.int64)
    sizes = _shares(counts, [label for label, _ in classes], test_size, train_size, rng)
    seed = int(rng.randint(2**31 - 1))
    for each in arrays:
        is_frame = kind_of(each) == "frame"
        frame = (each if is_frame else each.to_frame("__series__")).assign(**{name: stratify})
        pair = _phalanx.class_parts(frame._native, name, classes, sizes, seed, True)
        for native in reversed(pair):
            part = frame._wrap(native)
            parts.append(part if is_frame else part["__series__"].rename(each.name))
    return parts


def _shares(counts: Any, labels: list[Any], test_size: Any, train_size: Any, rng: Any) -> list[tuple[int, int]]:
    """Of each class how many rows are for the test and how many for training: scikit-learn's largest remainders."""
    from sklearn.model_selection._split import _validate_shuffle_split
    from sklearn.utils.extmath import _approximate_mode

    if None in labels:
        raise ValueError("Input y contains NaN.")
    train, test = _validate_shuffle_split(int(counts.sum()), test_size, train_size, default_test_size=0.25)
    if counts.min() < 2:
        raise ValueError(
            "The least populated classes in y have only 1 member, which is too few. The minimum number of groups for "
            f"any class cannot be less than 2. Classes with too few members are: {[each for each, n in zip(labels, counts) if n < 2]}"
        )
    for what, size in (("train_size", train), ("test_size", test)):
        if size < len(counts):
            raise ValueError(f"The {what} = {size} should be greater or equal to the number of classes = {len(counts)}")
    of_train = _approximate_mode(counts, train, rng)
    of_test = _approximate_mode(counts - of_train, test, rng)
    return [(int(a), int(b)) for a, b in zip(of_test, of_train)]
