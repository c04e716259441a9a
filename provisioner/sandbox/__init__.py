"""Everything the product needs from the outside world, on one machine: a cluster and its clouds.

The sandbox is what ``provisioner demo`` runs on and what the tests talk to over real HTTP. It is
an optional extra: nothing below it in the import chain may depend on it.
"""
