"""How a URL map decides, as Google's documentation says it does. Pure.

Start with ``deciding`` (one URL map against one request, every host and path that is tried);
``matching`` holds single hosts, paths and headers against a request, ``sending`` says what leaves
the load balancer (redirects, rewritten requests), ``backends`` whom a service means.
"""
