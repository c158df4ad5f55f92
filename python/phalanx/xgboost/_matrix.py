"""Features with labels and the rest, on the workers."""

from __future__ import annotations

import json
from typing import Any

from phalanx import _phalanx
from phalanx._lazy import np
from phalanx.xgboost._given import check_client, codes_and_types, features, rows_of, small_values

__all__ = ["DMatrix", "DaskDMatrix", "DaskQuantileDMatrix", "QuantileDMatrix"]


class DaskDMatrix:
    """Features with labels, weights and the rest, computed and kept where they are computed.

    Parameters
    ----------
    client : Client, optional
        None for the current one, or this process.
    data : array or DataFrame, shape (rows, features)
        Lazy, or values. Columns of frames are numbers, truth values or, with ``enable_categorical``, categories, whose
        codes are the same in every partition.
    label : array, Series or DataFrame, optional
        One number a row, or several.
    weight : optional
        How much a row counts; with groups, how much a group does.
    base_margin : optional
        Where predictions begin: one number a row, or one for each output.
    missing : float, optional
        The value that stands for a missing one, besides NaN.
    silent : bool
        Nothing is printed anyway.
    feature_names, feature_types : list of str, optional
        Those of a frame are its own.
    group : array, optional
        How many rows each ranking group has, one after the other.
    qid : array or Series, optional
        The group of each row; rows of one group lie together, in rising order. Ranks get whole groups.
    label_lower_bound, label_upper_bound : optional
        The ends of labels that are known as ranges.
    feature_weights : array, optional
        How likely each feature is to be drawn.
    enable_categorical : bool
        Whether columns of categories may be there.

    Raises
    ------
    ValueError
        Lengths differ, a column is no number, or groups are not in order.
    """

    _quantiles: int | None = None

    def __init__(
        self,
        client: Any,
        data: Any,
        label: Any = None,
        *,
        weight: Any = None,
        base_margin: Any = None,
        missing: float | None = None,
        silent: bool = False,
        feature_names: Any = None,
        feature_types: Any = None,
        group: Any = None,
        qid: Any = None,
        label_lower_bound: Any = None,
        label_upper_bound: Any = None,
        feature_weights: Any = None,
        enable_categorical: bool = False,
    ) -> None:
        self._client, self.client = check_client(client), client
        self._given = features(data)
        self.missing = np.nan if missing is None else float(missing)
        if np.isinf(self.missing):
            raise NotImplementedError("missing=inf: replace it by NaN first (where, replace)")
        if group is not None and qid is not None:
            raise ValueError("give group or qid, not both")
        self.enable_categorical = bool(enable_categorical)
        self._categories: dict[str, list[str]] = {}
        types = None
        if self._given.kind == "frame":
            self._categories, types = codes_and_types(self._given.data, self.enable_categorical)
        self.feature_names = self._given.names if feature_names is None else [str(name) for name in feature_names]
        self.feature_types = types if feature_types is None else [str(kind) for kind in feature_types]
        for what, given in (("feature_names", self.feature_names), ("feature_types", self.feature_types)):
            if given is not None and len(given) != self._given.width:
                raise ValueError(f"{what} must have the same length as the number of data columns, expected {self._given.width}, got {len(given)}")
        self.feature_weights = None if feature_weights is None else small_values(feature_weights).astype(np.float32)
        self._made: dict[str, _phalanx.BoostRows] = {}
        rows = int(self._features(self._categories).rows)
        self._groups = _groups(group, qid, rows)
        self._fields: dict[str, _phalanx.BoostRows] = {}
        fields = {
            "label": label, "weight": weight, "base_margin": base_margin, "label_lower_bound": label_lower_bound,
            "label_upper_bound": label_upper_bound,
        }  # fmt: skip
        for name, value in fields.items():
            if value is not None:
                count = len(self._groups) if name == "weight" and self._groups is not None else rows
                self._fields[name] = rows_of(self._client, value, name, count)

    def _features(self, categories: dict[str, list[str]]) -> _phalanx.BoostRows:
        """The rows, with the codes of these categories."""
        key = json.dumps(categories)
        if key not in self._made:
            data = self._given.data
            if self._given.kind == "frame":
                names = self._given.names
                self._made[key] = _phalanx.BoostRows.of_frame(self._client, data._native, names, categories)
            else:
                self._made[key] = _phalanx.BoostRows.of_array(self._client, data._native)
        return self._made[key]

    def _packed(self, categories: dict[str, list[str]]) -> tuple[dict[str, _phalanx.BoostRows], list[int] | None, str]:
        """As the extension takes it."""
        about = {
            "names": self.feature_names or [],
            "types": self.feature_types or [],
            "weights": [] if self.feature_weights is None else self.feature_weights.tolist(),
            "missing": None if np.isnan(self.missing) else self.missing,
            "quantiles": self._quantiles,
        }
        return {"data": self._features(categories), **self._fields}, self._groups, json.dumps(about)

    def num_col(self) -> int:
        """How many features there are."""
        return self._given.width

    def num_row(self) -> int:
        """How many rows there are."""
        return int(self._features(self._categories).rows)


class DaskQuantileDMatrix(DaskDMatrix):
    """As :class:`DaskDMatrix`, of which ranks keep only quantiles: less memory, and the same trees.

    Parameters
    ----------
    max_bin : int, optional
        The most quantiles of a feature; that of the training's parameters by default.
    ref : DaskDMatrix, optional
        The rows that are trained on, whose quantiles rows to be evaluated take.
    max_quantile_batches : int, optional
        Changes nothing: a rank's rows are one batch.
    """

    def __init__(
        self,
        client: Any,
        data: Any,
        label: Any = None,
        *,
        weight: Any = None,
        base_margin: Any = None,
        missing: float | None = None,
        silent: bool = False,
        feature_names: Any = None,
        feature_types: Any = None,
        max_bin: int | None = None,
        ref: DaskDMatrix | None = None,
        group: Any = None,
        qid: Any = None,
        label_lower_bound: Any = None,
        label_upper_bound: Any = None,
        feature_weights: Any = None,
        enable_categorical: bool = False,
        max_quantile_batches: int | None = None,
    ) -> None:
        super().__init__(
            client, data, label, weight=weight, base_margin=base_margin, missing=missing, silent=silent,
            feature_names=feature_names, feature_types=feature_types, group=group, qid=qid,
            label_lower_bound=label_lower_bound, label_upper_bound=label_upper_bound, feature_weights=feature_weights,
            enable_categorical=enable_categorical,
        )  # fmt: skip
        self._quantiles, self.max_bin, self.ref = int(max_bin or 0), max_bin, ref
        self.max_quantile_batches = max_quantile_batches


def _groups(group: Any, qid: Any, rows: int) -> list[int] | None:
    """How many rows each group has."""
    if group is not None:
        sizes = small_values(group).astype(np.int64)
        if (sizes < 0).any() or int(sizes.sum()) != rows:
            raise ValueError(f"the groups have {int(sizes.sum())} rows, and the features {rows}")
        return [int(size) for size in sizes if size > 0]
    if qid is None:
        return None
    numbers = small_values(qid)
    if len(numbers) != rows:
        raise ValueError(f"qid has {len(numbers)} rows, and the features have {rows}")
    if (numbers[1:] < numbers[:-1]).any():
        raise ValueError("`qid` must be sorted in non-decreasing order along with data: sort the rows by it")
    ends = np.flatnonzero(np.append(numbers[1:] != numbers[:-1], True)) + 1 if rows else np.empty(0, np.int64)
    return np.diff(ends, prepend=0).tolist()


DMatrix = DaskDMatrix
QuantileDMatrix = DaskQuantileDMatrix
