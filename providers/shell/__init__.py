"""What the shells of all clouds share: keeping pace, and the parts of an account file.

It knows no cloud and imports no SDK; a provider's ``live`` room and its account file build on it.
"""
