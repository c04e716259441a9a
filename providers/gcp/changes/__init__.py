"""How a difference becomes steps and API calls: stages of URL maps, order, what goes with what.

Pure. Start with ``steps``; ``calls`` spells every mutating call there is, ``switching`` the stages.
"""
