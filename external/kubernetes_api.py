"""One way to the API of a cluster: what goes wrong on it is told as an ExternalError, in one line."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx2
import yaml
from lightkube import ApiError, Client, KubeConfig
from lightkube.config.kubeconfig import SingleConfig
from lightkube.core.exceptions import ConfigError
from lightkube.models.meta_v1 import Status

from external.command import ExternalError

TIMEOUT: Final = httpx2.Timeout(60.0, connect=10.0)
"""Seconds."""


class Unreachable(ExternalError):
    """Nothing answers, or no Kubernetes API does."""


class NotSignedIn(ExternalError):
    """There is no credential."""


class Unauthorized(NotSignedIn):
    """The API server does not take the credential; one that has just come up may not take any."""


class NotThere(ExternalError):
    """The API server has no such object, or not even the kind."""


class Refused(ExternalError):
    """The API server understood, and says no; has its words."""


class KubernetesApi:
    """A cluster's API.

    Args:
        kubeconfig: YAML text, or what was chosen of one.
        where: what errors call the cluster.

    Raises:
        Unreachable: the kubeconfig leads nowhere.
    """

    def __init__(self, kubeconfig: str | SingleConfig, where: str = "the management cluster") -> None:
        self._where = where
        # msgspec learns a type at its first use, and crashes when that is in two threads at once, as of refusals.
        Status.from_dict({})
        try:
            given = KubeConfig.from_dict(yaml.safe_load(kubeconfig)) if isinstance(kubeconfig, str) else kubeconfig
            self._client = Client(config=given, timeout=TIMEOUT)
        except Exception as error:  # lightkube takes a kubeconfig for a good one
            first_line = str(error).partition("\n")[0]  # below it YAML's errors quote the text
            raise Unreachable(f"{where}: the kubeconfig cannot be used: {first_line}") from None

    @contextmanager
    def asked(self) -> Iterator[Client]:
        """The client, for calls and for reading what they list.

        Raises:
            ExternalError: one of the classes above.
        """
        try:
            yield self._client
        except httpx2.HTTPStatusError as error:
            raise _refusal(self._where, error) from None
        except httpx2.HTTPError as error:
            raise Unreachable(f"{self._where} does not answer: {error or type(error).__name__}") from None
        except (ConfigError, OSError, subprocess.CalledProcessError) as error:
            why = f"no credential from the kubeconfig's command: {_line(error)}"
            raise NotSignedIn(f"{self._where}: {why}. Sign in, such as by `az login`") from None
        except (ValueError, LookupError, TypeError) as error:
            raise Unreachable(f"{self._where} does not answer as a Kubernetes API: {_line(error)}") from None


def _refusal(where: str, error: httpx2.HTTPStatusError) -> ExternalError:
    code = error.response.status_code
    said = str(error) if isinstance(error, ApiError) else error.response.reason_phrase
    if code == httpx2.codes.UNAUTHORIZED:
        return Unauthorized(f"{where} refuses the credential: sign in, such as by `az login`")
    if code == httpx2.codes.NOT_FOUND:
        return NotThere(f"{where} has it not: {said}")
    return Refused(f"{where} refuses (HTTP {code}): {said}")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
