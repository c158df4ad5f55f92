"""Minimisers of a smooth convex function plus an l1 norm, over few parameters; each value costs a job.

``w`` is the vector of parameters, ``l1`` the weight of each one's absolute value. Functions give (value, gradient) or
(value, gradient, Hessian).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from phalanx._lazy import np, require

__all__ = ["Solution", "admm", "coordinate_descent", "gradient_descent", "lbfgs", "newton", "proximal_gradient"]

#: How often a step is halved: 2⁻³⁰ of it is below what rounding shows.
_HALVINGS_MAX = 30
#: The share of the promised fall that a step must reach (Armijo; Nocedal and Wright, "Numerical Optimization", 3.1).
_FALL_SHARE = 1e-4
#: By how much rounding may raise a value that has stopped falling, as a share of it.
_ROUNDING = 64 * 2.0**-52

#: For how many steps ADMM changes its penalty: for ever, it need not converge (Boyd et al., section 3.4.1).
_ADAPTIONS_MAX = 50

Smooth = Callable[[Any], tuple[float, Any]]
Curved = Callable[[Any], tuple[float, Any, Any]]


class Solution(NamedTuple):
    """Where a minimiser ended."""

    w: Any
    iterations: int
    converged: bool
    #: The largest component of the smallest subgradient.
    gradient: float


def _subgradient(w: Any, gradient: Any, l1: Any) -> Any:
    """The smallest element of the subdifferential of the sum."""
    at_zero = np.sign(gradient) * np.maximum(np.abs(gradient) - l1, 0.0)
    return np.where(w != 0.0, gradient + l1 * np.sign(w), at_zero)


def _size(vector: Any) -> float:
    return float(np.max(np.abs(vector), initial=0.0))


def lbfgs(smooth: Smooth, w: Any, tol: float, max_iter: int) -> Solution:
    """SciPy's L-BFGS, as scikit-learn calls it."""
    found = require("scipy.optimize").minimize(
        smooth, w, method="L-BFGS-B", jac=True, options={"maxiter": max_iter, "gtol": tol, "ftol": _ROUNDING, "maxls": 50}
    )
    size = _size(found.jac)
    return Solution(found.x, int(found.nit), size <= tol or (found.success and found.nit < max_iter), size)


def newton(curved: Curved, w: Any, tol: float, max_iter: int, l1: Any = 0.0) -> Solution:
    """Newton's method with steps that are halved until the value falls; with an l1 norm, each step minimises the
    quadratic model plus the norm (Lee, Sun and Saunders, "Proximal Newton-type methods", 2014; as glmnet does).
    """
    l1 = np.broadcast_to(np.asarray(l1, dtype=np.float64), w.shape)
    value, gradient, hessian = curved(w)
    total = value + float(l1 @ np.abs(w))
    for iteration in range(max_iter):
        size = _size(_subgradient(w, gradient, l1))
        if size <= tol:
            return Solution(w, iteration, True, size)
        if l1.any():
            # The model's minimum, as a step: ½ dᵀHd + gᵀd + l1·|w + d|.
            step = coordinate_descent(hessian, hessian @ w - gradient, l1, w, tol=min(tol, size) * 1e-2) - w
            fall = -(float(gradient @ step) + float(l1 @ (np.abs(w + step) - np.abs(w))))
        else:
            step = -_solved(hessian, gradient)
            fall = -float(gradient @ step)
        length = 1.0
        for _ in range(_HALVINGS_MAX):
            nearer = w + length * step
            value, new_gradient, new_hessian = curved(nearer)
            reached = value + float(l1 @ np.abs(nearer))
            if np.isfinite(reached) and reached <= total - _FALL_SHARE * length * fall + _ROUNDING * abs(total):
                break
            length *= 0.5
        else:
            return Solution(w, iteration, False, size)  # rounding is all that is left
        at_rest = total - reached <= _ROUNDING * abs(total)
        w, total, gradient, hessian = nearer, reached, new_gradient, new_hessian
        after = _size(_subgradient(w, gradient, l1))
        if at_rest and after >= size:
            return Solution(w, iteration + 1, after <= tol, after)
    size = _size(_subgradient(w, gradient, l1))
    return Solution(w, max_iter, size <= tol, size)


def _solved(hessian: Any, gradient: Any) -> Any:
    """The solution of a symmetric system, the shortest if there are many."""
    try:
        factor = require("scipy.linalg").cho_factor(hessian, check_finite=False)
        step = require("scipy.linalg").cho_solve(factor, gradient, check_finite=False)
        if np.isfinite(step).all() and np.linalg.cond(hessian) < 1e14:
            return step
    except np.linalg.LinAlgError:
        pass
    return np.linalg.lstsq(hessian, gradient, rcond=None)[0]


def coordinate_descent(
    quadratic: Any, linear: Any, l1: Any, w: Any, tol: float, max_iter: int = 100_000, positive: bool = False
) -> Any:
    """The minimum of ``½ wᵀQw - bᵀw + l1·|w|``, parameter by parameter, until none moves the subgradient over ``tol``."""
    w = np.array(w, dtype=np.float64)
    product = quadratic @ w  # kept up to date
    diagonal = np.diagonal(quadratic)
    for _ in range(max_iter):
        for j in range(len(w)):
            if diagonal[j] <= 0.0:
                continue
            old = w[j]
            rest = linear[j] - product[j] + diagonal[j] * old
            if positive:
                new = max(rest - l1[j], 0.0) / diagonal[j]
            else:
                new = math.copysign(max(abs(rest) - l1[j], 0.0), rest) / diagonal[j]
            if new != old:
                w[j] = new
                product += quadratic[:, j] * (new - old)
        slope = _subgradient(w, product - linear, l1)
        if positive:
            slope = np.where((w == 0.0) & (product - linear + l1 >= 0.0), 0.0, product - linear + l1)
        if _size(np.where(diagonal > 0.0, slope, 0.0)) <= max(tol, _ROUNDING * _size(linear)):
            break
    return w


def proximal_gradient(smooth: Smooth, w: Any, tol: float, max_iter: int, l1: Any = 0.0) -> Solution:
    """FISTA with a step that is found by halving, and restarts (Beck and Teboulle 2009; O'Donoghue and Candès 2015)."""
    l1 = np.broadcast_to(np.asarray(l1, dtype=np.float64), w.shape)
    length, momentum, ahead = 1.0, 1.0, w
    size = math.inf
    for iteration in range(max_iter):
        value, gradient = smooth(ahead)
        for _ in range(2 * _HALVINGS_MAX):
            moved = ahead - length * gradient
            new = np.sign(moved) * np.maximum(np.abs(moved) - length * l1, 0.0)
            step = new - ahead
            reached, new_gradient = smooth(new)
            bound = value + float(gradient @ step) + float(step @ step) / (2 * length)
            if np.isfinite(reached) and reached <= bound + _ROUNDING * abs(value):
                break
            length *= 0.5
        size = _size(_subgradient(new, new_gradient, l1))
        if size <= tol:
            return Solution(new, iteration + 1, True, size)
        if float((ahead - new) @ (new - w)) > 0.0:
            momentum, ahead, w = 1.0, new, new  # it has turned: begin anew
            continue
        next_momentum = (1.0 + math.sqrt(1.0 + 4.0 * momentum * momentum)) / 2.0
        ahead = new + (momentum - 1.0) / next_momentum * (new - w)
        w, momentum, length = new, next_momentum, length * 1.1
    return Solution(w, max_iter, False, size)


def gradient_descent(smooth: Smooth, w: Any, tol: float, max_iter: int) -> Solution:
    """Steepest descent with Barzilai and Borwein's steps (1988), halved until the value falls."""
    value, gradient = smooth(w)
    length = 1.0 / max(_size(gradient), 1.0)
    for iteration in range(max_iter):
        size = _size(gradient)
        if size <= tol:
            return Solution(w, iteration, True, size)
        square = float(gradient @ gradient)
        for _ in range(_HALVINGS_MAX):
            new = w - length * gradient
            reached, new_gradient = smooth(new)
            if np.isfinite(reached) and reached <= value - _FALL_SHARE * length * square + _ROUNDING * abs(value):
                break
            length *= 0.5
        else:
            return Solution(w, iteration, False, size)
        moved, turned = new - w, new_gradient - gradient
        curvature = float(moved @ turned)
        w, value, gradient = new, reached, new_gradient
        length = float(moved @ moved) / curvature if curvature > 0.0 else 2.0 * length
    size = _size(gradient)
    return Solution(w, max_iter, size <= tol, size)


def admm(
    curved: Curved, w: Any, tol: float, max_iter: int, l1: Any = 0.0, rho: float = 1.0, over_relax: float = 1.6
) -> Solution:
    """Alternating directions: the smooth part and the norm in turns (Boyd et al. 2011, sections 6.3, 3.4.1 and 3.4.3).

    dask-ml gives each block of rows a share of the problem, so that what comes out depends on how rows are cut; here
    there is one share, all rows, and its minimum is found by Newton's method from where it was before.
    """
    l1 = np.broadcast_to(np.asarray(l1, dtype=np.float64), w.shape)
    if not l1.any():
        return newton(curved, w, tol, max_iter)  # the smooth part alone: there is nothing to take turns with
    z, dual = w.copy(), np.zeros_like(w)
    size = math.inf
    eye = np.eye(len(w))
    for iteration in range(max_iter):

        def pulled(x: Any, z: Any = z, dual: Any = dual, rho: float = rho) -> tuple[float, Any, Any]:
            value, gradient, hessian = curved(x)
            away = x - z + dual
            return value + rho / 2 * float(away @ away), gradient + rho * away, hessian + rho * eye

        w = newton(pulled, w, tol * 0.1, 20).w
        relaxed = over_relax * w + (1.0 - over_relax) * z
        moved = relaxed + dual
        old, z = z, np.sign(moved) * np.maximum(np.abs(moved) - l1 / rho, 0.0)
        dual = moved - z
        size = _size(_subgradient(z, curved(z)[1], l1))
        if size <= tol:
            return Solution(z, iteration + 1, True, size)
        primal, change = float(np.linalg.norm(w - z)), rho * float(np.linalg.norm(z - old))
        if iteration >= _ADAPTIONS_MAX:
            continue
        factor = 2.0 if primal > 10.0 * change else 0.5 if change > 10.0 * primal else 1.0
        rho, dual = rho * factor, dual / factor
    return Solution(z, max_iter, False, size)
