"""What happens in git: commits, pushes, branches, tags."""

from fakegithub.payloads.templates import ZERO_SHA, sha_for
from fakegithub.world.entities import Branch, Commit, Push
from fakegithub.world.repos import Repos


class Git(Repos):
    """The verbs on commits, branches and tags. `after` moves the clock on first (seconds)."""

    def commit(
        self,
        message: str = "Change something",
        *,
        parents: tuple[str, ...] = (),
        author: str = "Mona Lisa",
        email: str = "mona@example.org",
        login: str | None = "octocat",
        offset: int = 0,
        time: int | None = None,
    ) -> str:
        """Make a commit that no branch has yet and return its sha."""
        made = self.random.getrandbits(64)
        commit = Commit(
            sha=sha_for(f"{self.seed} {made} {message}"),
            message=message,
            author=author,
            email=email,
            login=login,
            time=self.now if time is None else time,
            offset=offset,
            parents=parents,
        )
        self.record("commit", commit.sha, commit, repo_id=0)
        return commit.sha

    def head(self, repo_id: int, branch: str | None = None) -> str | None:
        """Return the sha a branch (the default one if not named) points at, or None."""
        found = self.state("branch", (repo_id, branch or self.repo(repo_id).default_branch))
        return None if found is None else found.sha

    def push(
        self,
        repo_id: int,
        *messages: str,
        branch: str | None = None,
        author: str = "Mona Lisa",
        email: str = "mona@example.org",
        login: str | None = "octocat",
        offset: int = 0,
        sender: str = "octocat",
        after: int = 0,
    ) -> str:
        """Push one commit for each message to a branch, made if need be; return the new head."""
        self.advance(after)
        branch = branch or self.repo(repo_id).default_branch
        tip = self.head(repo_id, branch)
        made: list[str] = []
        for message in messages or ("Change something",):
            parents = (tip,) if tip else ()
            tip = self.commit(
                message, parents=parents, author=author, email=email, login=login, offset=offset
            )
            made.append(tip)
        self.move(repo_id, branch, made[-1], commits=tuple(made), sender=sender)
        return made[-1]

    def force_push(
        self, repo_id: int, message: str = "Rewrite", *, branch: str, back: int = 1, after: int = 0
    ) -> str:
        """Replace the last `back` commits of a branch by one new commit; return it."""
        self.advance(after)
        base = self.head(repo_id, branch)
        for _ in range(back):
            parents = self.state("commit", base).parents if base else ()
            base = parents[0] if parents else None
        sha = self.commit(message, parents=(base,) if base else ())
        self.move(repo_id, branch, sha, commits=(sha,), forced=True)
        return sha

    def create_branch(
        self,
        repo_id: int,
        name: str,
        *,
        at: str | None = None,
        push_first: bool = False,
        after: int = 0,
    ) -> str:
        """Make a branch at a commit (the default branch's head); sends `create` and `push`.

        GitHub sends the two in either order: `push_first` turns it round.
        """
        self.advance(after)
        sha = at or self.head(repo_id)
        if sha is None:
            raise ValueError("an empty repository has no commit to branch from")
        self.move(repo_id, name, sha, push_first=push_first)
        return sha

    def move(
        self,
        repo_id: int,
        branch: str,
        sha: str,
        *,
        commits: tuple[str, ...] = (),
        forced: bool = False,
        sender: str = "octocat",
        push_first: bool = False,
    ) -> None:
        """Point a branch at a commit: the push all branch verbs end in."""
        before = self.head(repo_id, branch)
        ref = f"refs/heads/{branch}"
        push = Push(ref, before or ZERO_SHA, sha, commits, sha, forced, sender)
        self._touch(repo_id)
        created = before is None
        if created and (repo_id, branch) not in self.versions.get("branch", {}):
            self.add_member("branch", repo_id, branch)
        state = Branch(repo_id, branch, sha)
        events = [("push", push), ("create", push)] if created else [("push", push)]
        for event, detail in events if push_first or not created else events[::-1]:
            self.record(
                "branch", (repo_id, branch), state, repo_id=repo_id, event=event, detail=detail
            )

    def delete_branch(self, repo_id: int, name: str, *, after: int = 0) -> None:
        """Delete a branch; sends `delete` and `push`."""
        self.advance(after)
        self._remove("branch", repo_id, name, f"refs/heads/{name}")

    def tag(self, repo_id: int, name: str, *, at: str | None = None, after: int = 0) -> str:
        """Make a tag at a commit (the default branch's head); sends `create` and `push`."""
        self.advance(after)
        sha = at or self.head(repo_id)
        if sha is None:
            raise ValueError("an empty repository has no commit to tag")
        push = Push(f"refs/tags/{name}", ZERO_SHA, sha, (), sha, False, "octocat")
        self._touch(repo_id)
        if (repo_id, name) not in self.versions.get("tag", {}):
            self.add_member("tag", repo_id, name)
        for event in ("create", "push"):
            state = Branch(repo_id, name, sha)
            self.record("tag", (repo_id, name), state, repo_id=repo_id, event=event, detail=push)
        return sha

    def delete_tag(self, repo_id: int, name: str, *, after: int = 0) -> None:
        """Delete a tag; sends `delete` and `push`."""
        self.advance(after)
        self._remove("tag", repo_id, name, f"refs/tags/{name}")

    def _remove(self, kind: str, repo_id: int, name: str, ref: str) -> None:
        found = self.state(kind, (repo_id, name))
        if found is None:
            raise ValueError(f"no {kind} {name!r} to delete")
        push = Push(ref, found.sha, ZERO_SHA, (), None, False, "octocat")
        self._touch(repo_id)
        for event in ("delete", "push"):
            self.record(kind, (repo_id, name), None, repo_id=repo_id, event=event, detail=push)

    def _touch(self, repo_id: int) -> None:
        repo = self.repo(repo_id)._replace(pushed_at=self.now)
        self.record("repo", repo_id, repo, repo_id=repo_id)
