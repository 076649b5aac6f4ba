"""Substrait plans of Ibis expressions, for Ibis 10, 11 and 12.

The modules of the families register their translations when they are imported.
"""

from planc_ibis.producer import (
    aggregates,
    casts,
    joins,
    logic,
    nested,
    numeric,
    relations,
    strings,
    temporal,
    windows,
)
from planc_ibis.producer.producer import PRODUCER, produce
from planc_ibis.producer.refusal import Refused

__all__ = [
    "PRODUCER",
    "Refused",
    "aggregates",
    "casts",
    "joins",
    "logic",
    "nested",
    "numeric",
    "produce",
    "relations",
    "strings",
    "temporal",
    "windows",
]
