"""scikit-learn, whose rows are NumPy's."""

from importlib import import_module

from common import measure
from learn_works import learn_works


def module(name):
    found = import_module(f"sklearn.{name}")
    if name != "linear_model":
        return found

    class Named:
        """The solvers by the names that the others have."""

        LinearRegression, Ridge = found.LinearRegression, found.Ridge

        @staticmethod
        def LogisticRegression(solver, **options):
            return found.LogisticRegression(solver={"newton": "newton-cholesky"}.get(solver, solver), **options)

    return Named


if __name__ == "__main__":
    measure(learn_works(module, lambda values: values), ["scikit-learn", "numpy", "scipy"])
