"""Where the modules of the producer find what they refuse with."""

from planc_ibis.refusal import Refused

__all__ = ["Refused"]
