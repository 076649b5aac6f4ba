//! Sources, replay and sinks: everything that touches data.
