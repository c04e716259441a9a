"""How an ALB evaluates a request, as its documentation says it does. Pure.

Start with ``matching`` (one condition against one request); ``patterns`` knows globs and regular
expressions, ``sending`` what leaves the load balancer (redirects, rewritten requests), ``backends``
whom a forward means. ``reach`` turns the same knowledge around: which rules no request can reach.
"""
