"""What a variable's schema says in CEL, such as that one of its numbers is no more than another.

https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_optional, ext_strings


def broken(schema: Mapping[str, Any], value: Any) -> Iterator[str]:
    """What is wrong with a value, by the rules of the variable as a whole; rules of its parts are the cluster's.

    A rule that has no value, such as of a field that is not there, says nothing: the schema does.
    """
    for rule in schema.get("x-kubernetes-validations") or ():
        result = _compiled(rule["rule"]).eval(data={"self": value})
        if result.type() == cel.Type.BOOL and result.plain_value() is not True:
            yield str(rule.get("message") or f"breaks the rule {rule['rule']}")


@cache
def _compiled(rule: str) -> cel.Expression:
    environment = cel.NewEnv(
        variables={"self": cel.Type.DYN}, extensions=[ext_optional.ExtOptional(), ext_strings.ExtStrings()]
    )
    return environment.compile(rule)
