"""cert-manager's static manifest as its release has it.

The steps are those of https://github.com/cert-manager/cert-manager/blob/v1.11.5/make/manifests.mk
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from local_azure.command import run

STATIC = "installCRDs=true,creator=static,startupapicheck.enabled=false"


def manifest(sources: Path, version: str, kubernetes_version: str, helm: Path) -> str:
    """The namespace and everything of the chart, CRDs included.

    Args:
        sources: holds the module's `deploy` folder.
        kubernetes_version: what the chart is rendered for.
    """
    deploy = sources / "deploy"
    with tempfile.TemporaryDirectory() as work:
        chart = Path(shutil.copytree(deploy / "charts" / "cert-manager", Path(work) / "cert-manager"))
        about = (chart / "Chart.template.yaml").read_text()
        (chart / "Chart.yaml").write_text(re.sub(r"(?m)^(version|appVersion): .*", rf"\1: {version}", about))
        crds = "---\n".join(file.read_text() for file in sorted((deploy / "crds").glob("*.yaml")))
        (chart / "templates" / "crds.yaml").write_text("{{- if .Values.installCRDs }}\n" + crds + "{{- end }}\n")
        rendered = run(
            [helm, "template", "cert-manager", chart, f"--kube-version={kubernetes_version}", f"--set={STATIC}"],
            env={
                "HELM_NAMESPACE": "cert-manager",
                "HELM_CACHE_HOME": work,
                "HELM_CONFIG_HOME": work,
                "HELM_DATA_HOME": work,
            },
        )
    return (deploy / "manifests" / "namespace.yaml").read_text() + "---\n" + rendered
