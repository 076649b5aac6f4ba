"""Ibis expressions as rules of planc.

import ibis
from planc_ibis import emit

orders = ibis.table({"id": "int64", "amount": "int64"}, name="orders")
emit(orders.filter(orders.amount > 10), "rules/large_orders")
"""

from planc_ibis.bundle import emit
from planc_ibis.producer import Refused, produce

__all__ = ["Refused", "emit", "produce"]
