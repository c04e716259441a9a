"""The clouds that are held to the contract, for the tests of this folder."""

from __future__ import annotations

from tests.contract.provider.fixtures import cloud, desk, emulators, running

__all__ = ["cloud", "desk", "emulators", "running"]
