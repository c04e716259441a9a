"""URL maps: from hosts and paths of Ingresses to the one resource that decides where requests go.

Start with ``url_maps`` (which maps a load balancer has), then ``hosts`` (what each host gets).
``entries`` reads a URL map back, planned or observed; ``canonical`` has its one form.
"""
