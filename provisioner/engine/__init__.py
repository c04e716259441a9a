"""The imperative shell around the core: read both worlds, plan, and walk a plan.

``planning`` is handed a Reader and nothing else, so a dry run cannot write. ``applying`` walks the
very steps that were printed.
"""
