"""What one invocation knows of itself, so that a failure is told the way it was asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Session:
    """Set by the options as they are parsed, read when something goes wrong."""

    debug: bool = False
    json: bool = False
