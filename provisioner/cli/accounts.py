"""What account files say about themselves, and what a provider can do with them.

An account file is the provider's own; only its head (which provider, which cluster) is common.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from provisioner.kube.documents import UnreadableError, decode_text, read_documents
from provisioner.model.errors import ConfigError
from provisioner.model.plan import InputFile


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHead:
    """What every account file says about itself, whatever the cloud."""

    provider: str = ""
    cluster_name: str = ""
    kube_system_uid: str = ""
    ingress_uid: str = ""


def read_head(path: str) -> tuple[AccountHead, InputFile | None]:
    """Return what an account file says about itself and its hash; nothing for no file.

    Raises:
        ConfigError: It cannot be read, or is not a mapping.
    """
    if not path:
        return AccountHead(), None
    try:
        content = Path(path).read_bytes()
        documents = read_documents(decode_text(content))
    except OSError as error:
        raise ConfigError(f"--account {path}: {error.strerror}") from error
    except UnreadableError as error:
        place = f" (line {error.line})" if error.line else ""
        raise ConfigError(
            f"--account {path} is not an account file: {error.message}{place}", hint=error.hint
        ) from error
    value = documents[0].value if documents else None
    if not isinstance(value, dict):
        raise ConfigError(
            f"--account {path} is not an account file",
            hint="write one with: provisioner account export",
        )
    head = AccountHead(
        provider=str(value.get("provider") or ""),
        cluster_name=str(value.get("clusterName") or ""),
        kube_system_uid=str(value.get("kubeSystemUid") or ""),
        ingress_uid=str(value.get("ingressUid") or ""),
    )
    return head, InputFile(path=path, sha256=hashlib.sha256(content).hexdigest())
