"""How AWS's own annotations are read: one table per level, and the parsers of what is not a word.

Pure. ``providers.aws.annotations`` puts the tables together; what a value becomes is in
``providers.aws.settings`` and ``provisioner.core.annotations``.
"""
