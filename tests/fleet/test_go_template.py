"""Templates of classes mean here what they mean in Go: compared with Go's own engine, which kubectl has."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from fleet.plan.go_template import render
from fleet.plan.template_functions import TemplateError

OBJECT = ("kubectl", "create", "deployment", "shop", "--image=one", "--image=two", "--replicas=3", "--dry-run=client")

TEMPLATES = [
    "a {{ .metadata.name }} b",
    "a {{- .metadata.name -}} b",
    "{{/* nothing */}}{{ .spec.replicas }}",
    "{{ if .spec.replicas }}yes{{ else }}no{{ end }}",
    "{{ if eq .metadata.name `search` }}a{{ else if eq .spec.replicas 3 }}b{{ else }}c{{ end }}",
    "{{ if not .spec.strategy }}none{{ end }}",
    "{{ if and .metadata.name .spec.strategy }}both{{ else }}not both{{ end }}",
    "{{ if or .spec.strategy .metadata.name }}one{{ end }}",
    "{{ with .spec.template.spec }}{{ len .containers }} of {{ $.metadata.name }}{{ end }}",
    "{{ with .spec.strategy }}a{{ else }}empty{{ end }}",
    "{{ range .spec.template.spec.containers }}{{ .name }},{{ end }}",
    "{{ range $i, $c := .spec.template.spec.containers }}{{ $i }}={{ $c.image }} {{ end }}",
    "{{ range $key, $value := .metadata.labels }}{{ $key }}: {{ $value }}{{ end }}",
    "{{ range .spec.strategy }}a{{ else }}none{{ end }}",
    "{{ $name := .metadata.name }}{{ if true }}{{ $name = `other` }}{{ end }}{{ $name }}",
    "{{ (index .spec.template.spec.containers 1).image }}",
    '{{ index .metadata.labels "app" | printf "%s-%q-%v" "a" "b" }}',
    '{{ printf "%d of %v" .spec.replicas .missing }}',
    "{{ .missing }}|{{ .metadata.labels }}",
    "{{ ne .metadata.name `a` }} {{ lt 1 2 }} {{ ge 2 2 }} {{ eq 1 2 1 }}",
]
"""What patches of classes are made of."""


@pytest.fixture(scope="module")
def deployment() -> dict[str, Any]:
    """An object with texts, numbers, lists and nothing."""
    printed = subprocess.run([*OBJECT, "-o", "json"], check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(printed)
    return found


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_what_go_makes_of_it(template: str, deployment: dict[str, Any]) -> None:
    go = subprocess.run([*OBJECT, "-o", f"go-template={template}"], check=True, capture_output=True, text=True).stdout
    assert render(template, deployment) == go


@pytest.mark.parametrize(
    ("template", "becomes"),
    [
        ("{{ .a | default `x` }}", "x"),
        ("{{ .name | trimPrefix `v` | upper }}", "1.2"),
        ("{{ max (ternary 1 0 true) 0 }} {{ min 3 2 }}", "1 2"),
        ("{{ list 1 2 | has 2 }}", "true"),
        ("{{ ternary `a` `b` true }}", "a"),
        ("{{ dict `k` 1 | toJson }}", '{"k":1}'),
        ("{{ .name | replace `.` `-` | quote }}", '"v1-2"'),
        ("{{ regexReplaceAll `v(.*)` .name `${1}` }}", "1.2"),
        ("{{ splitList `.` .name | last }}", "2"),
        ("{{ `a` | indent 2 }}", "  a"),
    ],
)
def test_functions_of_sprig_do_as_it_documents(template: str, becomes: str) -> None:
    assert render(template, {"name": "v1.2"}) == becomes


@pytest.mark.parametrize(
    "template",
    [
        "{{ if .a }}",
        "{{ end }}",
        "{{ unknownFunction .a }}",
        "{{ $b }}",
        "{{ printf `%.2f` 1 }}",
        "{{ (.a }}",
        "{{ .a | .b }}",
    ],
)
def test_what_is_not_known_is_an_error_and_no_guess(template: str) -> None:
    with pytest.raises(TemplateError):
        render(template, {"a": 1, "b": 2})
