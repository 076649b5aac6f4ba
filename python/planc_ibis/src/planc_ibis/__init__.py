"""Ibis expressions as rules of planc.

import ibis
from planc_ibis import emit

orders = ibis.table({"id": "int64", "amount": "int64"}, name="orders")
emit(orders.filter(orders.amount > 10), "rules/large_orders")
"""

from typing import Any

from planc_ibis.bundle import emit
from planc_ibis.refusal import Refused

__all__ = ["Refused", "emit", "produce"]


def __getattr__(name: str) -> Any:
    # The producer needs messages that Ibis 9.5 cannot be installed with.
    if name == "produce":
        from planc_ibis.producer import produce

        return produce
    raise AttributeError(name)
