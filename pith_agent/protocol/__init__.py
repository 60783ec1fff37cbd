"""The protocol, pure: no network, disk, clock, environment or mutable globals."""
