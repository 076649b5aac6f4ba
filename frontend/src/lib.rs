//! Front ends: they turn rules into plans.
