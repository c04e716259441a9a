"""How hosts and paths become listener rules: conditions, actions, their order and priorities.

Pure. Start with ``rules``; ``sequence`` sorts, ``priorities`` numbers, ``reach`` finds dead rules.
"""
