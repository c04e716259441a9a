"""Renderers: a plan (or its parts) in, text or bytes out. No input or output happens here."""
