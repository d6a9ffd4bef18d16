"""Writes a graph as an ONNX file: the few messages of its format that are needed, in protobuf's encoding.

The format is that of ``onnx.proto`` (IR version 8, operators of version 17). Nothing but NumPy is needed to write it, so
that the package that describes the format needs not be installed to run a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

_IR_VERSION = 8
_OPERATORS = 17
_FLOAT, _INT64 = 1, 7
_KINDS = {np.dtype(np.float32): _FLOAT, np.dtype(np.int64): _INT64}

Attribute = float | int | Sequence[int]
Array = npt.NDArray[np.float32] | npt.NDArray[np.int64]


@dataclass(slots=True)
class Graph:
    """A graph while it is built: constants by name, and operators in the order in which they run."""

    constants: dict[str, Array] = field(default_factory=dict)
    _nodes: list[bytes] = field(default_factory=list)

    def constant(self, name: str, values: Array) -> str:
        """Keep an array under a name."""
        self.constants[name] = values
        return name

    def add(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """Run an operator on values; returns the name of its value."""
        name = f"{operator.lower()}_{len(self._nodes)}"
        told = b"".join(_field(5, _attribute(key, value)) for key, value in attributes.items())
        names = b"".join(_field(1, each.encode()) for each in inputs)
        self._nodes.append(
            names + _field(2, name.encode()) + _field(3, name.encode()) + _field(4, operator.encode()) + told
        )
        return name

    def pieces(self, inputs: Mapping[str, Sequence[str]], output: str, shape: Sequence[str | int]) -> list[bytes]:
        """The file in pieces.

        Parameters
        ----------
        inputs : mapping of name to dimensions
            Of whole numbers; a dimension that is a word may be of any size.
        output : str
            The value that is asked for.
        shape : sequence of str or int
            Of it.
        """
        body = [_field(1, node) for node in self._nodes] + [_field(2, b"sentence")]
        for name, values in self.constants.items():
            body += _tensor(name, values)
        body += [_field(11, _value(name, _INT64, dimensions)) for name, dimensions in inputs.items()]
        body.append(_field(12, _value(output, _FLOAT, shape)))
        n_bytes = sum(map(len, body))
        operators = _field(1, b"") + _number(2, _OPERATORS)
        return [_number(1, _IR_VERSION), _field(8, operators), _key(7, 2) + _varint(n_bytes), *body]


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _key(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _number(number: int, value: int) -> bytes:
    return _key(number, 0) + _varint(value & (1 << 64) - 1)


def _field(number: int, content: bytes) -> bytes:
    return _key(number, 2) + _varint(len(content)) + content


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        # AttributeProto: f, type FLOAT
        told = _key(2, 5) + np.float32(value).tobytes() + _number(20, 1)
    elif isinstance(value, int):
        told = _number(3, value) + _number(20, 2)
    else:
        told = b"".join(_number(8, each) for each in value) + _number(20, 7)
    return _field(1, name.encode()) + told


def _tensor(name: str, values: Array) -> Iterable[bytes]:
    head = (
        b"".join(_number(1, each) for each in values.shape)
        + _number(2, _KINDS[values.dtype])
        + _field(8, name.encode())
    )
    content = np.ascontiguousarray(values).tobytes()
    start = _key(9, 2) + _varint(len(content))
    yield _key(5, 2) + _varint(len(head) + len(start) + len(content)) + head + start
    yield content


def _value(name: str, kind: int, dimensions: Sequence[str | int]) -> bytes:
    told = b"".join(
        _field(1, _number(1, each) if isinstance(each, int) else _field(2, each.encode())) for each in dimensions
    )
    tensor = _number(1, kind) + _field(2, told)
    return _field(1, name.encode()) + _field(2, _field(1, tensor))
