"""Property values survive the way through gRPC."""

from __future__ import annotations

from typing import Any

from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from local_azure.azure_native.values import (
    OUTPUT,
    SECRET,
    SIGNATURE,
    UNKNOWN,
    Secret,
    from_struct,
    has_unknown,
    to_struct,
)

scalars = st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.just(UNKNOWN)
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(st.dictionaries(st.text(), values))
def test_what_goes_out_comes_back(properties: dict[str, Any]) -> None:
    assert from_struct(to_struct(properties)) == properties


def test_secrets_and_outputs_are_opened() -> None:
    struct = struct_pb2.Struct()
    struct.update(
        {
            "secret": {SIGNATURE: SECRET, "value": {"nested": 1}},
            "output": {SIGNATURE: OUTPUT, "value": "known"},
            "not yet": {SIGNATURE: OUTPUT},
        }
    )
    assert from_struct(struct) == {"secret": {"nested": 1}, "output": "known", "not yet": UNKNOWN}


def test_a_secret_is_marked_on_its_way_out() -> None:
    sent = to_struct({"kubeconfig": Secret("text")}).fields["kubeconfig"].struct_value
    assert {key: value.string_value for key, value in sent.fields.items()} == {SIGNATURE: SECRET, "value": "text"}


def test_a_secret_does_not_print() -> None:
    assert "text" not in repr(Secret("text"))


def test_nulls_are_no_properties() -> None:
    struct = struct_pb2.Struct()
    struct.update({"gone": None, "list": [None, 1]})
    assert from_struct(struct) == {"list": [None, 1]}


def test_an_unknown_is_found_however_deep() -> None:
    assert has_unknown({"a": [{"b": UNKNOWN}]})
    assert not has_unknown({"a": [{"b": 1}]})
