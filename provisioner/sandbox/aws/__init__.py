"""An AWS account on this machine: moto's server, made as strict as the real service.

The parts a caller needs, each imported from its own module so that building an account does
not load the emulator:

- ``server.CloudServer``: the HTTP server, its clock, limits, faults and call log;
- ``account.make_account``: a VPC with nodes and certificates, built with plain boto3;
- ``leftovers.leftovers``: what a controller has left behind, read with plain boto3.
"""
