"""A Google Cloud project on this machine: the Compute API of Application Load Balancers.

No emulator of this part of Google Cloud exists, so this one is written from Google's published
schema (the discovery document) and documentation; docstrings name the page, or say "inferred"
where the documentation is silent. The parts a caller needs, each in its own module:

- ``server.CloudServer``: the HTTP server, its clock, quotas, limits, faults and call log;
- ``account.make_project``: a network with subnets and machines, for a cluster to live in;
- ``leftovers.leftovers``: what a controller has left behind.
"""
