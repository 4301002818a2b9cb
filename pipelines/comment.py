"""One comment on a pull request, written anew each time: on GitHub, or in Azure Repos.

Which of them, and which pull request, is in the environment that their pipelines set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import httpx2

from external.command import ExternalError

TIMEOUT = 30.0


class Comments(Protocol):
    """The comments of one pull request."""

    def put(self, text: str) -> None:
        """Replace the comment that begins with the same line as `text`, or add it."""


@dataclass(frozen=True)
class GitHub:
    """https://docs.github.com/rest/issues/comments"""

    client: httpx2.Client
    repository: str
    number: str

    def put(self, text: str) -> None:
        path = f"/repos/{self.repository}/issues/{self.number}/comments"
        page = 1
        while found := _json(self.client.get(path, params={"per_page": 100, "page": page})):
            if ours := [each for each in found if _same(each["body"], text)]:
                _json(
                    self.client.patch(f"/repos/{self.repository}/issues/comments/{ours[0]['id']}", json={"body": text})
                )
                return
            page += 1
        _json(self.client.post(path, json={"body": text}))


@dataclass(frozen=True)
class AzureRepos:
    """https://learn.microsoft.com/rest/api/azure/devops/git/pull-request-threads"""

    client: httpx2.Client
    path: str

    def put(self, text: str) -> None:
        version = {"api-version": "7.1"}
        for thread in _json(self.client.get(self.path, params=version))["value"]:
            first = (thread.get("comments") or [{}])[0]
            if not thread.get("isDeleted") and _same(first.get("content") or "", text):
                comment = f"{self.path}/{thread['id']}/comments/{first['id']}"
                _json(self.client.patch(comment, params=version, json={"content": text}))
                return
        thread = {"comments": [{"parentCommentId": 0, "content": text, "commentType": "text"}], "status": "closed"}
        _json(self.client.post(self.path, params=version, json=thread))


def of_pull_request(environment: Mapping[str, str]) -> Comments | None:
    """The comments of the pull request that a pipeline runs for; None when it runs for none.

    Raises:
        ExternalError: the pipeline was given no token.
    """
    if number := environment.get("PULL_REQUEST"):
        api = environment.get("GITHUB_API_URL", "https://api.github.com")
        token = _token(environment, "GITHUB_TOKEN")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        client = httpx2.Client(base_url=api, headers=headers, timeout=TIMEOUT)
        return GitHub(client, environment["GITHUB_REPOSITORY"], number)
    if number := environment.get("SYSTEM_PULLREQUEST_PULLREQUESTID"):
        token = _token(environment, "SYSTEM_ACCESSTOKEN")
        client = httpx2.Client(
            base_url=environment["SYSTEM_COLLECTIONURI"], headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT
        )
        project, repository = environment["SYSTEM_TEAMPROJECTID"], environment["BUILD_REPOSITORY_ID"]
        return AzureRepos(client, f"/{project}/_apis/git/repositories/{repository}/pullRequests/{number}/threads")
    return None


def _token(environment: Mapping[str, str], name: str) -> str:
    if not (token := environment.get(name)):
        raise ExternalError(f"{name} is not set: the pipeline's step has to pass it on, to write the comment")
    return token


def _same(one: str, other: str) -> bool:
    return one.partition("\n")[0].strip() == other.partition("\n")[0].strip()


def _json(answer: httpx2.Response) -> Any:
    if answer.is_error:
        hint = (
            ": the job needs the right to write comments on pull requests" if answer.status_code in (401, 403) else ""
        )
        raise ExternalError(f"{answer.request.url.host} answered {answer.status_code} to the comment{hint}")
    return answer.json() if answer.content else None
