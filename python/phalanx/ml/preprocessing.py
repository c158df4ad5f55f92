"""Features made ready for a model: scaled, encoded, combined."""

from __future__ import annotations

from phalanx.ml._encoders import LabelEncoder, OneHotEncoder, OrdinalEncoder
from phalanx.ml._frames import Categorizer, DummyEncoder
from phalanx.ml._polynomial import PolynomialFeatures
from phalanx.ml._quantiles import QuantileTransformer, RobustScaler
from phalanx.ml._scalers import MaxAbsScaler, MinMaxScaler, StandardScaler

__all__ = [
    "Categorizer",
    "DummyEncoder",
    "LabelEncoder",
    "MaxAbsScaler",
    "MinMaxScaler",
    "OneHotEncoder",
    "OrdinalEncoder",
    "PolynomialFeatures",
    "QuantileTransformer",
    "RobustScaler",
    "StandardScaler",
]
