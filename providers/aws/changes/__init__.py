"""How a difference becomes steps and API calls: stages, order, and what goes with its parent.

Pure. Start with ``steps``; ``calls`` spells every mutating call there is.
"""
