"""What happens to repositories and workflows: created, renamed, transferred, archived, deleted."""

from typing import Any

from fakegithub.payloads.templates import organization, user
from fakegithub.world.entities import Repo, Workflow
from fakegithub.world.ledger import Ledger


class Repos(Ledger):
    """The verbs on repositories and workflows. `after` moves the clock on first (seconds)."""

    def create_repo(
        self,
        full_name: str,
        *,
        owner_type: str = "Organization",
        private: bool = False,
        fork: bool = False,
        default_branch: str = "main",
        description: str | None = None,
        id: int | None = None,
        after: int = 0,
    ) -> int:
        """Create an empty repository and return its id; a former name of another may be taken."""
        self.advance(after)
        holder = self.named(full_name)
        held: Repo | None = None if holder is None else self.state("repo", holder)
        if held is not None and held.full_name.lower() == full_name.lower():
            raise ValueError(f"{full_name} exists")
        number = self.new_id("repo") if id is None else id
        now = self.now
        repo = Repo(
            id=number,
            full_name=full_name,
            owner_type=owner_type,
            private=private,
            archived=False,
            fork=fork,
            default_branch=default_branch,
            description=description,
            created_at=now,
            updated_at=now,
            pushed_at=now,
        )
        self.add_member("repo", None, number)
        self._set_repo(repo, "created")
        return number

    def repo(self, repo_id: int) -> Repo:
        """Return a repository as it is now; KeyError once it is deleted."""
        repo: Repo | None = self.state("repo", repo_id)
        if repo is None:
            raise KeyError(repo_id)
        return repo

    def _set_repo(self, repo: Repo, action: str | None, changes: Any = None) -> None:
        if self.named(repo.full_name) != repo.id:
            self.claim(repo.full_name, repo.id)
        event = None if action is None else "repository"
        self.record(
            "repo", repo.id, repo, repo_id=repo.id, event=event, action=action, detail=changes
        )

    def _change_repo(self, repo_id: int, action: str, changes: Any = None, **values: Any) -> None:
        repo = self.repo(repo_id)._replace(updated_at=self.now, **values)
        self._set_repo(repo, action, changes)

    def rename(self, repo_id: int, name: str, *, after: int = 0) -> None:
        """Give a repository another name (the part after the slash)."""
        self.advance(after)
        owner, old = self.repo(repo_id).full_name.split("/")
        changes = {"repository": {"name": {"from": old}}}
        self._change_repo(repo_id, "renamed", changes, full_name=f"{owner}/{name}")

    def transfer(
        self, repo_id: int, owner: str, *, owner_type: str = "Organization", after: int = 0
    ) -> None:
        """Give a repository to another owner."""
        self.advance(after)
        repo = self.repo(repo_id)
        old, name = repo.full_name.split("/")
        organized = repo.owner_type == "Organization"
        previous = {"organization": organization(old)} if organized else {"user": user(old)}
        changes = {"owner": {"from": previous}}
        self._change_repo(
            repo_id, "transferred", changes, full_name=f"{owner}/{name}", owner_type=owner_type
        )

    def set_default_branch(self, repo_id: int, branch: str, *, after: int = 0) -> None:
        """Make another branch the default one."""
        self.advance(after)
        changes = {"default_branch": {"from": self.repo(repo_id).default_branch}}
        self._change_repo(repo_id, "edited", changes, default_branch=branch)

    def describe(self, repo_id: int, description: str, *, after: int = 0) -> None:
        """Edit the description."""
        self.advance(after)
        changes = {"description": {"from": self.repo(repo_id).description}}
        self._change_repo(repo_id, "edited", changes, description=description)

    def archive(self, repo_id: int, archived: bool = True, *, after: int = 0) -> None:
        """Archive a repository, or bring it back."""
        self.advance(after)
        self._change_repo(repo_id, "archived" if archived else "unarchived", archived=archived)

    def set_private(self, repo_id: int, private: bool = True, *, after: int = 0) -> None:
        """Make a repository private, or public."""
        self.advance(after)
        self._change_repo(repo_id, "privatized" if private else "publicized", private=private)

    def disable_actions(self, repo_id: int, *, after: int = 0) -> None:
        """Switch Actions off; GitHub sends nothing for that."""
        self.advance(after)
        self._set_repo(self.repo(repo_id)._replace(actions=False), None)

    def delete_repo(self, repo_id: int, *, after: int = 0) -> None:
        """Delete a repository; only organisation and enterprise hooks hear of it."""
        self.advance(after)
        self.repo(repo_id)
        self.record("repo", repo_id, None, repo_id=repo_id, event="repository", action="deleted")

    def restore_repo(self, repo: Repo, *, after: int = 0) -> None:
        """Bring a deleted repository back as it was; GitHub sends nothing for that."""
        self.advance(after)
        self._set_repo(repo, None)

    def block_repo(self, repo_id: int, blocked: bool = True, *, after: int = 0) -> None:
        """Take a repository down, or let it be seen again; GitHub sends nothing for that."""
        self.advance(after)
        self._set_repo(self.repo(repo_id)._replace(blocked=blocked), None)

    def add_workflow(
        self,
        repo_id: int,
        name: str = "CI",
        *,
        path: str | None = None,
        after: int = 0,
    ) -> int:
        """Add a workflow file and return the workflow's id; nothing is sent for it."""
        self.advance(after)
        number = self.new_id("workflow")
        path = path or f".github/workflows/{name.lower().replace(' ', '-')}.yml"
        flow = Workflow(number, repo_id, name, path, "active", self.now, self.now)
        self.add_member("workflow", repo_id, number)
        self.record("workflow", number, flow, repo_id=repo_id)
        return number

    def change_workflow(self, workflow_id: int, *, after: int = 0, **values: Any) -> None:
        """Change name, path or state of a workflow; it shows in its next run and in the API."""
        self.advance(after)
        flow: Workflow = self.state("workflow", workflow_id)
        changed = flow._replace(updated_at=self.now, **values)
        self.record("workflow", workflow_id, changed, repo_id=flow.repo_id)

    def delete_workflow(self, workflow_id: int, *, after: int = 0) -> None:
        """Delete a workflow's file: lists leave it out, by its id it is `deleted`."""
        self._set_workflow_state(workflow_id, "deleted", after)

    def restore_workflow(self, workflow_id: int, *, after: int = 0) -> None:
        """Add a workflow's file again: it keeps its id, and when it was last changed."""
        self._set_workflow_state(workflow_id, "active", after)

    def _set_workflow_state(self, workflow_id: int, state: str, after: int) -> None:
        self.advance(after)
        flow: Workflow = self.state("workflow", workflow_id)
        self.record("workflow", workflow_id, flow._replace(state=state), repo_id=flow.repo_id)
