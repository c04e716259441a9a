"""What GKE's annotations of Services promise."""

from __future__ import annotations

from providers.gcp.reading.backend_config import BackendConfigNames
from providers.gcp.settings import AppProtocol
from tests.unit.providers.gcp.annotations.cases import SERVICE, Case

CONFIG_NAMES = '{"default": "bc", "ports": {"https": "secure", "80": "plain"}}'
NAMED = BackendConfigNames(default="bc", ports={"https": "secure", "80": "plain"})
PROTOCOLS = '{"http": "HTTP", "https": "HTTPS", "grpc": "HTTP2"}'
SPOKEN = {"http": AppProtocol.HTTP, "https": AppProtocol.HTTPS, "grpc": AppProtocol.HTTP2}

SERVICES = (
    Case(
        key="cloud.google.com/neg",
        setting="neg",
        good='{"ingress": true, "exposed_ports": {"80": {"name": "mine"}, "443": {}}}',
        value=True,
        other='{"exposed_ports": {"80": {}}, "zones": ["*"]}',
        wrong='{"ingress": true',
        hint='it takes: JSON {"ingress": boolean',
        places=SERVICE,
        default="no wish",
    ),
    Case(
        key="cloud.google.com/backend-config",
        setting="backend-config",
        good=CONFIG_NAMES,
        value=NAMED,
        other='{"default": "other"}',
        wrong="bc",
        hint='it takes: JSON {"default": name',
        places=SERVICE,
        default="none",
    ),
    Case(
        key="beta.cloud.google.com/backend-config",
        setting="backend-config",
        good=CONFIG_NAMES,
        value=NAMED,
        other='{"default": "other"}',
        wrong="{}",
        hint='write {"default": "NAME"}',
        places=SERVICE,
        default="none",
    ),
    Case(
        key="cloud.google.com/app-protocols",
        setting="app-protocols",
        good=PROTOCOLS,
        value=SPOKEN,
        other='{"http": "HTTPS"}',
        wrong='{"http": "GRPC"}',
        hint="write one of HTTP, HTTPS, HTTP2",
        places=SERVICE,
        default="HTTP",
    ),
    Case(
        key="service.alpha.kubernetes.io/app-protocols",
        setting="app-protocols",
        good=PROTOCOLS,
        value=SPOKEN,
        other='{"http": "HTTPS"}',
        wrong='{"http": "https"}',
        hint="upper case",
        places=SERVICE,
        default="HTTP",
    ),
    Case(
        key="networking.gke.io/max-rate-per-endpoint",
        setting="max-rate-per-endpoint",
        good="12.5",
        value=12.5,
        other="100",
        wrong="-1",
        hint='write a number such as "1"',
        places=SERVICE,
        default="1",
    ),
    Case(
        key="networking.gke.io/capacity-scaler",
        setting="capacity-scaler",
        good="0.5",
        value=0.5,
        other="0",
        wrong="0.05",
        hint="write 0, or a number from 0.1 to 1",
        places=SERVICE,
        default="1",
    ),
    Case(
        key="networking.gke.io/transparent-health-checker",
        setting="transparent-health-checker",
        good='{"enabled": true}',
        value=True,
        other='{"enabled": false}',
        wrong="true",
        hint='it takes: JSON {"enabled": boolean}',
        places=SERVICE,
        default='{"enabled": false}',
    ),
)
