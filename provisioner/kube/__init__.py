"""Everything that touches Kubernetes: manifests, live reads, writes and the Lease.

The only package that imports the ``kubernetes`` client, and of that client it uses what is hard
to get right (kubeconfig, exec credentials, TLS, token refresh) and nothing else: its models cost
0.29 ms and 28 KB per object and fail a whole list over one missing ``pathType``.
"""
