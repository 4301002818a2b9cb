"""A person's clone of the fleet repository, by the `git` command with that person's own settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from external.command import CommandFailed, ExternalError, run


@dataclass(frozen=True)
class Clone:
    """A clone; what is read is what is committed.

    Attributes:
        root: its top folder.
    """

    root: Path

    @classmethod
    def at(cls, folder: Path) -> Clone:
        """The clone that a folder belongs to.

        Raises:
            ExternalError: it belongs to none, or nothing is committed there.
        """
        try:
            root = run(["git", "-C", str(folder), "rev-parse", "--show-toplevel"]).removesuffix("\n")
            run(["git", "-C", str(folder), "rev-parse", "--verify", "HEAD"])
        except CommandFailed:
            raise ExternalError(
                f"{folder.resolve()} is in no clone with a commit: name a clone of the fleet repository by --repository"
            ) from None
        return cls(Path(root))

    def git(self, *arguments: str, stdin: str | None = None) -> str:
        """Run git in the clone; raises CommandFailed."""
        text = None if stdin is None else stdin.encode()
        return run(["git", "-C", str(self.root), *arguments], stdin=text, env={"LC_ALL": "C"})

    def text(self, path: str) -> str:
        """A committed file.

        Raises:
            ExternalError: there is none.
        """
        try:
            return self.git("show", f"HEAD:{path}")
        except CommandFailed:
            raise ExternalError(f"{self.root} has no {path} in its last commit: is it the fleet repository?") from None

    def folders(self, path: str) -> tuple[str, ...]:
        """Names of the committed folders in a folder, sorted."""
        found = self.git("ls-tree", "-z", "-d", "--name-only", "HEAD", f"{path}/").split("\0")
        return tuple(sorted(entry.rpartition("/")[2] for entry in found if entry))

    def check_clean(self) -> None:
        """Check that nothing here is changed and not committed, and that nothing newer was fetched.

        Raises:
            ExternalError: says what to do first.
        """
        changed = self.git("status", "--porcelain").splitlines()
        if changed:
            names = ", ".join(line[3:] for line in changed[:3]) + (", …" if len(changed) > 3 else "")
            raise ExternalError(f"{self.root} has changes that are not committed ({names}): commit or stash them first")
        try:
            behind = int(self.git("rev-list", "--count", "HEAD..@{upstream}"))
        except CommandFailed:  # a branch that follows none
            return
        if behind:
            noun = "commit" if behind == 1 else "commits"
            raise ExternalError(f"{self.root} is {behind} {noun} behind its remote branch: `git pull` first")

    def id_of(self, text: str) -> str:
        """The id that Git gives to a content."""
        return self.git("hash-object", "--stdin", stdin=text).strip()

    def commit_on_branch(self, branch: str, path: str, text: str, message: str) -> None:
        """Commit one file on a new branch; on failure everything is as before.

        Raises:
            ExternalError: the branch exists.
            CommandFailed, OSError: git refuses the commit, such as by a hook or for want of an author; the file cannot
                be written.
        """
        if self.git("branch", "--list", branch):
            raise ExternalError(f"{self.root} has a branch {branch} already: push it, or delete it by `git branch -D`")
        before = self.git("rev-parse", "--abbrev-ref", "HEAD").strip()
        start = self.git("rev-parse", "HEAD").strip()
        back = ["--detach", start] if before == "HEAD" else [before]
        self.git("switch", "--quiet", "-c", branch)
        try:
            (self.root / path).write_bytes(text.encode())
            self.git("add", "--", path)
            self.git("commit", "--quiet", "--file=-", "--", path, stdin=message)
        except (CommandFailed, OSError):
            self.git("restore", "--staged", "--worktree", f"--source={start}", "--", path)
            self.git("switch", "--quiet", *back)
            self.git("branch", "--quiet", "-D", branch)
            raise
