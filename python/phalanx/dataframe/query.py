"""``query`` and ``eval``: Python's expressions over columns, as pandas takes them."""

from __future__ import annotations

import ast
import io
import operator
import tokenize
from typing import Any

from phalanx._lazy import np

__all__ = ["evaluate"]

_BINARY = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow,
    ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.BitXor: operator.xor,
}
_COMPARE = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FUNCTIONS = ("sin", "cos", "tan", "exp", "log", "expm1", "log1p", "sqrt", "sinh", "cosh", "tanh", "arcsin", "arccos",
              "arctan", "abs", "log10", "floor", "ceil")


def _readable(text: str, quoted: dict[str, str]) -> str:
    """The expression with backticks and ``@`` written as names, and ``&`` and ``|`` binding as loosely as in pandas."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        raise SyntaxError(f"an odd number of backticks in {text!r}")
    for at in range(1, len(parts), 2):
        name = f"__column_{at}"
        quoted[name] = parts[at]
        parts[at] = name
    words = []
    for token in tokenize.generate_tokens(io.StringIO("".join(parts)).readline):
        kind, word = token.type, token.string
        if kind == tokenize.OP and word == "&":
            kind, word = tokenize.NAME, "and"
        elif kind == tokenize.OP and word == "|":
            kind, word = tokenize.NAME, "or"
        elif kind == tokenize.OP and word == "@":
            words.append((tokenize.NAME, "__variable_"))
            continue
        if words and words[-1][1] == "__variable_":
            words[-1] = (tokenize.NAME, f"__variable_{word}")
            continue
        words.append((kind, word))
    return tokenize.untokenize(words).strip()


class _Evaluator:
    def __init__(self, frame: Any, names: dict[str, Any], quoted: dict[str, str]) -> None:
        self._frame, self._names, self._quoted = frame, names, quoted

    def value(self, node: ast.AST) -> Any:
        method = getattr(self, f"_{type(node).__name__}", None)
        if method is None:
            raise NotImplementedError(f"{type(node).__name__} in query and eval: write it with series and []")
        return method(node)

    def _Expression(self, node: ast.Expression) -> Any:
        return self.value(node.body)

    def _Constant(self, node: ast.Constant) -> Any:
        return node.value

    def _Name(self, node: ast.Name) -> Any:
        if node.id in self._quoted:
            return self._frame[self._quoted[node.id]]
        if node.id.startswith("__variable_"):
            name = node.id.removeprefix("__variable_")
            if name not in self._names:
                raise NameError(f"local variable '{name}' is not defined")
            return self._names[name]
        if node.id in self._frame:
            return self._frame[node.id]
        if node.id == "index":
            return self._frame.index
        raise NameError(f"name '{node.id}' is not defined")

    def _List(self, node: ast.List) -> list[Any]:
        return [self.value(item) for item in node.elts]

    _Tuple = _List

    def _BoolOp(self, node: ast.BoolOp) -> Any:
        combine = operator.and_ if isinstance(node.op, ast.And) else operator.or_
        result = self.value(node.values[0])
        for other in node.values[1:]:
            result = combine(result, self.value(other))
        return result

    def _UnaryOp(self, node: ast.UnaryOp) -> Any:
        inner = self.value(node.operand)
        if isinstance(node.op, (ast.Not, ast.Invert)):
            return ~inner
        return -inner if isinstance(node.op, ast.USub) else inner

    def _BinOp(self, node: ast.BinOp) -> Any:
        return _BINARY[type(node.op)](self.value(node.left), self.value(node.right))

    def _Compare(self, node: ast.Compare) -> Any:
        left, result = self.value(node.left), None
        for op, right_node in zip(node.ops, node.comparators):
            right = self.value(right_node)
            one = self._compare(op, left, right)
            result = one if result is None else result & one
            left = right
        return result

    def _compare(self, op: ast.cmpop, left: Any, right: Any) -> Any:
        listed = isinstance(right, (list, tuple, set)) or hasattr(right, "tolist")
        if isinstance(op, ast.In) or (isinstance(op, ast.Eq) and listed):
            return left.isin(right)
        if isinstance(op, ast.NotIn) or (isinstance(op, ast.NotEq) and listed):
            return ~left.isin(right)
        if type(op) not in _COMPARE:
            raise NotImplementedError("is and is not in query: use isna() or ==")
        return _COMPARE[type(op)](left, right)

    def _Attribute(self, node: ast.Attribute) -> Any:
        return getattr(self.value(node.value), node.attr)

    def _Subscript(self, node: ast.Subscript) -> Any:
        return self.value(node.value)[self.value(node.slice)]

    def _Slice(self, node: ast.Slice) -> slice:
        return slice(*(None if part is None else self.value(part) for part in (node.lower, node.upper, node.step)))

    def _Call(self, node: ast.Call) -> Any:
        if isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS and node.func.id not in self._frame:
            function = getattr(np, node.func.id)
        else:
            function = self.value(node.func)
        keywords = {word.arg: self.value(word.value) for word in node.keywords if word.arg is not None}
        return function(*(self.value(argument) for argument in node.args), **keywords)


def evaluate(frame: Any, text: str, names: dict[str, Any]) -> Any:
    """The value of an expression over the columns of ``frame``."""
    quoted: dict[str, str] = {}
    tree = ast.parse(_readable(text.strip(), quoted), mode="eval")
    return _Evaluator(frame, names, quoted).value(tree)
