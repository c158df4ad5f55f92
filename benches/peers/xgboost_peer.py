"""XGBoost by itself, in one process with two threads."""

from boosting_works import alone
from common import measure

if __name__ == "__main__":
    measure(alone(), ["xgboost-cpu", "numpy"])
