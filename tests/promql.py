"""Computes the part of PromQL that the alerts use, over series that are given; parsed by Prometheus' own grammar.

Not Prometheus: `rate` and `increase` do not extrapolate, so that it says whether an alert fires, not the exact value.
https://prometheus.io/docs/prometheus/latest/querying/basics/
"""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import promql_parser

Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]
Value = float | Vector

NAME: Final = "__name__"
LOOKBACK: Final = 300.0
MINUTE: Final = 60.0
COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
ARITHMETIC: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda left, right: left / right if right else float("nan"),
}
AGGREGATIONS: Final[Mapping[str, Callable[[list[float]], float]]] = {"min": min, "max": max, "sum": sum, "count": len}
OVER_TIME: Final[Mapping[str, Callable[[list[float]], float]]] = {
    "max_over_time": max,
    "count_over_time": len,
    "increase": lambda values: sum(new - old if new >= old else new for old, new in itertools.pairwise(values)),
}


@dataclass(frozen=True)
class History:
    """What was scraped: whole scrapes by their time, so that a series which one has no more ends there."""

    scrapes: Mapping[float, Vector]

    def at(self, time: float) -> Vector:
        """The newest scrape before a time, unless it is too old."""
        before = [each for each in self.scrapes if time - LOOKBACK < each <= time]
        return self.scrapes[max(before)] if before else {}

    def firing(self, alert: Mapping[str, Any], now: float) -> set[Labels]:
        """For what an alert fires: what its expression has found for as long as it waits, evaluated every minute."""
        number, unit = re.fullmatch(r"(\d+)([mh])", alert["for"]).groups()  # type: ignore[union-attr]
        wait = int(number) * (MINUTE if unit == "m" else 60 * MINUTE)
        expression = promql_parser.parse(alert["expr"])
        found = None
        for step in range(int(wait / MINUTE) + 1):
            value = self.value(expression, now - step * MINUTE)
            assert isinstance(value, dict)
            found = set(value) if found is None else found & set(value)
        return found or set()

    def value(self, expression: Any, time: float) -> Value:
        """The value of an expression at a time."""
        match type(expression).__name__:
            case "NumberLiteral":
                return float(expression.val)
            case "ParenExpr":
                return self.value(expression.expr, time)
            case "VectorSelector":
                return {each: number for each, number in self.at(time).items() if _selected(expression, dict(each))}
            case "AggregateExpr":
                return _aggregate(expression, self._vector(expression.expr, time))
            case "BinaryExpr":
                return _binary(expression, self.value(expression.lhs, time), self.value(expression.rhs, time))
            case "Call":
                return self._call(expression, time)
        raise NotImplementedError(type(expression).__name__)

    def _vector(self, expression: Any, time: float) -> Vector:
        value = self.value(expression, time)
        assert isinstance(value, dict), expression
        return value

    def _call(self, call: Any, time: float) -> Value:
        name = call.func.name
        if name == "time":
            return time
        if name == "absent":
            return {} if self._vector(call.args[0], time) else {frozenset(): 1.0}
        (argument,) = call.args
        seconds = argument.range.total_seconds()
        series = self._over(argument, time, seconds)
        if name == "rate":
            return {each: OVER_TIME["increase"](values) / seconds for each, values in series.items() if len(values) > 1}
        least = 2 if name == "increase" else 1
        return {each: OVER_TIME[name](values) for each, values in series.items() if len(values) >= least}

    def _over(self, argument: Any, time: float, seconds: float) -> dict[Labels, list[float]]:
        """The values of each series in the time before: as scraped, or in the steps of a subquery."""
        if isinstance(argument, promql_parser.SubqueryExpr):
            step = argument.step.total_seconds() if argument.step else MINUTE
            inner, times = argument.expr, [time - number * step for number in range(int(seconds / step))][::-1]
        else:
            inner = argument.vector_selector
            times = sorted(each for each in self.scrapes if time - seconds < each <= time)
        series: dict[Labels, list[float]] = {}
        for each in times:
            for labels, number in self._vector(inner, each).items():
                series.setdefault(_without(labels, NAME), []).append(number)
        return series


def _selected(selector: Any, labels: dict[str, str]) -> bool:
    tests: dict[str, Callable[[str, str], bool]] = {
        "MatchOp.Equal": operator.eq,
        "MatchOp.NotEqual": operator.ne,
        "MatchOp.Re": lambda found, wanted: re.fullmatch(wanted, found) is not None,
        "MatchOp.NotRe": lambda found, wanted: re.fullmatch(wanted, found) is None,
    }
    matchers = selector.matchers.matchers
    return labels[NAME] == selector.name and all(
        tests[str(each.op)](labels.get(each.name, ""), each.value) for each in matchers
    )


def _aggregate(expression: Any, vector: Vector) -> Vector:
    kept = expression.modifier.labels if expression.modifier else []
    groups: dict[Labels, list[float]] = {}
    for labels, number in vector.items():
        groups.setdefault(_only(labels, kept), []).append(number)
    return {labels: AGGREGATIONS[str(expression.op)](numbers) for labels, numbers in groups.items()}


def _binary(expression: Any, left: Value, right: Value) -> Value:
    name, matching = str(expression.op), getattr(expression.modifier, "matching", None)

    def key(labels: Labels) -> Labels:
        return _only(labels, matching.labels) if matching else _without(labels, NAME)

    if name in ("unless", "or"):
        assert isinstance(left, dict) and isinstance(right, dict)
        there = {key(each) for each in (right if name == "unless" else left)}
        if name == "unless":
            return {each: number for each, number in left.items() if key(each) not in there}
        return left | {each: number for each, number in right.items() if key(each) not in there}
    if not isinstance(left, dict):
        assert not isinstance(right, dict), "no alert compares a number with series"
        return ARITHMETIC[name](left, right)
    others = {key(each): number for each, number in right.items()} if isinstance(right, dict) else None
    pairs = [(each, number, right if others is None else others.get(key(each))) for each, number in left.items()]
    known = [(each, number, float(other)) for each, number, other in pairs if isinstance(other, float | int)]
    if name in COMPARISONS:
        return {each: number for each, number, other in known if COMPARISONS[name](number, other)}
    return {_without(each, NAME): ARITHMETIC[name](number, other) for each, number, other in known}


def _only(labels: Labels, kept: list[str]) -> Labels:
    return frozenset((name, value) for name, value in labels if name in kept)


def _without(labels: Labels, dropped: str) -> Labels:
    return frozenset((name, value) for name, value in labels if name != dropped)
