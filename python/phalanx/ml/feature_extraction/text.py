"""Features of text, which are sparse: lazy arrays are dense, so there are no vectorizers here, and this is what to do.

scikit-learn's own vectorizers work on what a partition has, where it is. ``texts`` is a lazy series, ``model`` a pipeline
of a vectorizer and an estimator:

>>> import pandas as pd
>>> import phalanx.dataframe as dd
>>> from sklearn.feature_extraction.text import HashingVectorizer
>>> from sklearn.linear_model import SGDClassifier
>>> words = pd.DataFrame({"text": ["good day", "bad day", "good", "bad"], "label": [1, 0, 1, 0]})
>>> frame = dd.from_pandas(words, npartitions=2)

Training goes from partition to partition, and only one is here at a time:

>>> vectorizer, classifier = HashingVectorizer(), SGDClassifier(random_state=0)
>>> for number in range(frame.npartitions):
...     part = frame.partitions[number].compute()
...     _ = classifier.partial_fit(vectorizer.transform(part.text), part.label, classes=[0, 1])

Predicting is a function of partitions, on workers that allow Python:

>>> def predict(part):
...     return pd.Series(classifier.predict(vectorizer.transform(part)), index=part.index)
>>> frame.text.map_partitions(predict, meta=("label", "int64")).compute().tolist()
[1, 0, 1, 0]
"""

from __future__ import annotations

from typing import Any

#: The names of dask-ml's module, and what does their work here.
_INSTEAD = {
    "CountVectorizer": "count words with series.str.split().explode().value_counts() to find a vocabulary, and give it to "
    "scikit-learn's CountVectorizer(vocabulary=…) in a function for map_partitions",
    "FeatureHasher": "call scikit-learn's FeatureHasher in a function for map_partitions, together with the estimator",
    "HashingVectorizer": "call scikit-learn's HashingVectorizer in a function for map_partitions, together with the estimator",
}

__all__: list[str] = []


def __getattr__(name: str) -> Any:
    if name not in _INSTEAD:
        raise AttributeError(f"module 'phalanx.ml.feature_extraction.text' has no attribute {name!r}")

    def refused(*_args: Any, **_kwargs: Any) -> Any:
        raise NotImplementedError(
            f"{name}: features of text are sparse, and lazy arrays are dense: {_INSTEAD[name]} "
            "(help(phalanx.ml.feature_extraction.text) has an example)"
        )

    refused.__name__ = refused.__qualname__ = name
    return refused


def __dir__() -> list[str]:
    return sorted(_INSTEAD)
