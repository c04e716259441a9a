"""What an Intent becomes on AWS: load balancer, listeners, networks, targets, and what is kept.

Pure. ``providers.aws.express`` puts the pieces together; each piece here is one noun.
"""
