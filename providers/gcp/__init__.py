"""Google Cloud: Ingresses as Application Load Balancers."""
