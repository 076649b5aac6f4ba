"""Messages put together from written ones.

Python's protobuf reads and writes messages that are nested 100 deep, and a plan is deeper: each
relation and each call are two or three messages within each other. So a relation or expression is
kept as the bytes that it has in the plan, and a message around it is written without it and then
followed by it. Fields of a message may come in any order.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message
from substrait import algebra_pb2

Part = bytes | Sequence[bytes]


def varint(number: int) -> bytes:
    """A number as protobuf writes it."""
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def delimited(number: int, content: bytes) -> bytes:
    """A field with a content that has a length."""
    return varint(number << 3 | 2) + varint(len(content)) + content


@functools.cache
def number_of(kind: Any, name: str) -> int:
    """The number of a message's field."""
    found: int = kind.DESCRIPTOR.fields_by_name[name].number
    return found


def around(message: Message, **parts: Part) -> bytes:
    """A message with fields that are written already."""
    out = [message.SerializeToString(deterministic=True)]
    for name, part in parts.items():
        kind: Any = type(message)
        number = number_of(kind, name)
        for content in (part,) if isinstance(part, bytes) else part:
            out.append(delimited(number, content))
    return b"".join(out)


def expression(**part: Part) -> bytes:
    """An expression of a kind."""
    return around(algebra_pb2.Expression(), **part)


def relation(**part: Part) -> bytes:
    """A relation of a kind."""
    return around(algebra_pb2.Rel(), **part)


def argument(value: bytes) -> bytes:
    """A value as the argument of a function."""
    return around(algebra_pb2.FunctionArgument(), value=value)
