"""A remote Git repository, read and written by the `git` command; a credential is only ever in its environment, or in a
file that nobody else can read.

Nothing here can force a push or delete a branch.
"""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from external.command import CommandFailed, ExternalError, require, run, secret_file

TIMEOUT: Final = 120.0
"""Seconds for one git command."""

AUTHOR: Final = {"NAME": "Slipway", "EMAIL": "slipway@noreply.invalid"}

_HELPER: Final = '!f() { echo "username=$SLIPWAY_REMOTE_USER"; echo "password=$SLIPWAY_REMOTE_PASSWORD"; }; f'
_CAUSES: Final = (
    (
        (
            *("Authentication failed", "could not read Username", "error: 401", "error: 403", "access denied"),
            *("Permission denied (", "error in libcrypto", "marked as read only", "does not have write access"),
        ),
        "credential",
    ),
    (("Host key verification failed",), "host"),
    (("SSL certificate", "certificate verif", "CAfile"), "certificate"),
    (("not found", "does not exist", "does not appear to be a git repository"), "repository"),
    (
        ("Could not resolve", "Failed to connect", "Couldn't connect", "timed out", "was stopped after", "refused"),
        "reach",
    ),
)
_EXPLAINED: Final = {
    "credential": "refuses the credential: check {checked}, and that they may write",
    "host": "has another host key than slipway:gitKnownHostsFile says: see that it is the right one, or add its key",
    "certificate": "has a certificate of an unknown authority: name its PEM file in slipway:gitCaFile",
    "repository": "has no such repository, or hides it from this user: create an empty one, or mend slipway:fleetUrl",
    "reach": "cannot be reached: check slipway:fleetUrl and the network",
}


@dataclass(frozen=True)
class Remote:
    """Where a repository is and who we are to it.

    Attributes:
        url: without a user or password in it.
        username, password: for basic authentication.
        ca: PEM text of the authorities its certificate is checked against; empty for the system's.
        bearer: a token instead of these two.
        private_key, known_hosts: for a url of ssh, as OpenSSH writes them.
        checked: what to check when the credential is refused.
    """

    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""
    bearer: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    known_hosts: str = ""
    checked: str = "slipway:gitUsername and slipway:gitPassword"

    @contextmanager
    def open(self) -> Iterator[Clone]:
        """An empty local repository that can fetch from this remote and push to it; gone afterwards.

        Raises:
            ExternalError: the remote refuses or cannot be reached; one line, saying why.
        """
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="slipway-fleet-")))
            env = self._environment()
            if self.ca:
                env["GIT_SSL_CAINFO"] = str(stack.enter_context(secret_file(self.ca, "ca.crt")))
            if self.private_key:
                env["GIT_SSH_COMMAND"] = self._ssh(stack)
            clone = Clone(self.url, folder, env, self.checked)
            clone.git("init", "--quiet", "--bare")
            yield clone

    def _ssh(self, stack: ExitStack) -> str:
        """OpenSSH with this key, for these hosts, and with no settings of this machine's: as Flux will do it."""
        require("ssh", "https://www.openssh.com/portable.html")
        key = stack.enter_context(secret_file(self.private_key.strip() + "\n", "identity"))
        hosts = stack.enter_context(secret_file(self.known_hosts, "known_hosts"))
        options = {
            "BatchMode": "yes",
            "IdentitiesOnly": "yes",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": str(hosts),
            "GlobalKnownHostsFile": "none",
            "ConnectTimeout": "20",
        }
        words = ["ssh", "-F", "none", "-i", str(key)]
        return shlex.join([*words, *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))])

    def _environment(self) -> dict[str, str]:
        header = ((f"http.{self.url}.extraHeader", f"Authorization: Bearer {self.bearer}"),) if self.bearer else ()
        helper = () if self.bearer else (("credential.helper", _HELPER),)
        settings = (("credential.helper", ""), *helper, *header, ("core.autocrlf", "false"))
        numbered = {f"GIT_CONFIG_KEY_{n}": key for n, (key, _) in enumerate(settings)}
        numbered |= {f"GIT_CONFIG_VALUE_{n}": value for n, (_, value) in enumerate(settings)}
        return {
            **numbered,
            "GIT_CONFIG_COUNT": str(len(settings)),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "LC_ALL": "C",
            "SLIPWAY_REMOTE_USER": self.username,
            "SLIPWAY_REMOTE_PASSWORD": self.password,
            **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in AUTHOR.items()},
        }


@dataclass(frozen=True)
class Clone:
    """A local bare repository beside a remote. Made by `Remote.open`."""

    url: str
    folder: Path
    env: Mapping[str, str]
    checked: str

    def git(self, *arguments: str, stdin: str | None = None, env: Mapping[str, str] | None = None) -> str:
        """Run git in the local repository."""
        everything = {**self.env, "GIT_DIR": str(self.folder), **(env or {})}
        text = None if stdin is None else stdin.encode()
        return run(["git", *arguments], env=everything, cwd=self.folder, stdin=text, timeout=TIMEOUT)

    def heads(self) -> dict[str, str]:
        """Commit of each branch of the remote, by the branch's name."""
        lines = self._remotely("ls-remote", "--heads", self.url).splitlines()
        return {ref.removeprefix("refs/heads/"): commit for commit, ref in (line.split("\t") for line in lines)}

    def fetch(self, branch: str) -> None:
        """Get a branch with its whole history, to where `git log BRANCH` finds it."""
        self._remotely("fetch", "--quiet", "--no-tags", self.url, f"refs/heads/{branch}:refs/heads/{branch}")

    def push(self, commit: str, branches: list[str]) -> None:
        """Let branches of the remote be `commit`: those that do not exist, or that it is a descendant of."""
        self._remotely("push", "--quiet", self.url, *(f"{commit}:refs/heads/{branch}" for branch in branches))

    def write_tree(self, root: Path, paths: list[str]) -> str:
        """The id of a tree of files below `root`."""
        index = {"GIT_WORK_TREE": str(root), "GIT_INDEX_FILE": str(self.folder / "seed-index")}
        literal = {**index, "GIT_LITERAL_PATHSPECS": "1"}
        everything = "\n".join(str(root / path) for path in paths)
        # --force: no ignore file of this machine decides what is seeded.
        self.git("add", "--force", "--pathspec-from-file=-", stdin=everything, env=literal)
        return self.git("write-tree", env=index).strip()

    def commit_tree(self, tree: str, message: str, parent: str | None) -> str:
        """The id of a new commit."""
        parents = ["-p", parent] if parent else []
        return self.git("commit-tree", tree, *parents, "-F", "-", stdin=message).strip()

    def _remotely(self, *arguments: str) -> str:
        try:
            return self.git(*arguments)
        except CommandFailed as error:
            for signs, cause in _CAUSES:
                if any(sign.lower() in str(error).lower() for sign in signs):
                    said = _EXPLAINED[cause].format(checked=self.checked)
                    raise ExternalError(f"the Git server of {self.url} {said}") from None
            raise
