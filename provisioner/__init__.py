"""Ingress Provisioner: Kubernetes Ingress objects become cloud application load balancers."""

__version__ = "0.1.0"
