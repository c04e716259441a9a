"""How Google's own annotations and objects are read: one table per level, and the parsers.

Pure. ``providers.gcp.annotations`` puts the tables together; what a value becomes is in
``providers.gcp.settings``, ``providers.gcp.backend_config`` and ``provisioner.core.annotations``.
"""
