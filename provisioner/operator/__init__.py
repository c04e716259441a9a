"""The controller: what watches a cluster and keeps its load balancers as they should be.

``watch`` is the only importer of kopf and does nothing but feed ``cache``; ``barrier`` says when
the cache can be believed. ``queue`` holds the names of groups that may have changed; workers take
them one by one and ``reconcile`` plans and applies, from what is true then, never from an event.
"""
