"""An embedded Kubernetes API server, and what makes its workloads come alive.

``ClusterServer`` is a cluster on 127.0.0.1 for the demo, for tests and for trying manifests: real
HTTP, real watches, real conflicts, and none of the processes behind them. It plays the parts of
kube-apiserver that controllers and kubectl meet. ``workloads`` beside it plays kubelet, scheduler
and the controllers that turn Deployments into Pods and Services into EndpointSlices.

Import from ``provisioner.sandbox.cluster.server`` and ``provisioner.sandbox.cluster.workloads``.
"""
