"""Whoever makes workloads come alive in a real cluster: controllers, scheduler and kubelet.

An API server alone, embedded or real, turns no Deployment into Pods and no Service into
EndpointSlices. The simulator does, as a client of a tiny port (``port.py``), so that it serves the
embedded server in process and any other API server over HTTP.
"""
