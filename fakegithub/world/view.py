"""The world as it is at one moment: what the REST API reads."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from typing import Any, overload

from fakegithub.world.entities import Branch, Commit, Job, Repo, Run, Workflow
from fakegithub.world.ledger import Ledger


class View:
    """Reads a world at a moment of its log; later changes do not show."""

    def __init__(self, world: Ledger, seq: int, *, horizon: int | None = None) -> None:
        self.world = world
        self.seq = seq
        # Runs created before this time are no longer listed: GitHub's retention.
        self.horizon = horizon

    def repo(self, repo_id: int) -> Repo | None:
        """Return a repository, or None."""
        repo: Repo | None = self.world.state("repo", repo_id, self.seq)
        return repo

    def repo_named(self, full_name: str) -> Repo | None:
        """Return what a name means, also a former one: compare its full_name to know."""
        repo_id = self.world.named(full_name, self.seq)
        return None if repo_id is None else self.repo(repo_id)

    def repos(self, owner: str) -> list[Repo]:
        """Return an owner's repositories, oldest first."""
        prefix = f"{owner.lower()}/"
        found = (self.repo(repo_id) for repo_id in self.world.members.get(("repo", None), ()))
        return [repo for repo in found if repo and repo.full_name.lower().startswith(prefix)]

    def branches(self, repo_id: int, kind: str = "branch") -> list[Branch]:
        """Return the branches (or tags), by name."""
        names = sorted(self.world.members.get((kind, repo_id), ()))
        found = (self.world.state(kind, (repo_id, name), self.seq) for name in names)
        return [branch for branch in found if branch]

    def branch(self, repo_id: int, name: str) -> Branch | None:
        """Return a branch, or None."""
        branch: Branch | None = self.world.state("branch", (repo_id, name), self.seq)
        return branch

    def commit(self, sha: str) -> Commit | None:
        """Return a commit, or None."""
        commit: Commit | None = self.world.state("commit", sha, self.seq)
        return commit

    def commits(self, sha: str) -> Iterator[Commit]:
        """Yield a commit and its ancestors, newest first."""
        seen = {sha}
        waiting: list[tuple[int, int, str]] = []
        first = self.commit(sha)
        if first:
            heappush(waiting, (-first.time, 0, sha))
        while waiting:
            commit = self.commit(heappop(waiting)[2])
            if commit is None:
                continue
            yield commit
            for parent in commit.parents:
                found = self.commit(parent)
                if found and parent not in seen:
                    seen.add(parent)
                    heappush(waiting, (-found.time, len(seen), parent))

    def workflows(self, repo_id: int) -> list[Workflow]:
        """Return the workflows, oldest first."""
        numbers = self.world.members.get(("workflow", repo_id), ())
        found = (self.world.state("workflow", number, self.seq) for number in numbers)
        return [flow for flow in found if flow]

    def run(self, run_id: int) -> Run | None:
        """Return a run in its latest attempt; None where it is unknown or past retention."""
        run: Run | None = self.world.state("run", run_id, self.seq)
        return None if run is None or self._forgotten(run) else run

    def _forgotten(self, run: Run) -> bool:
        return self.horizon is not None and run.created_at < self.horizon

    def attempt(self, run_id: int, number: int) -> Run | None:
        """Return the last state of one attempt of a run, or None."""
        if self.run(run_id) is None:
            return None
        states = self.world.history("run", run_id, self.seq)
        return next((run for run in reversed(states) if run and run.attempt == number), None)

    def runs(self, repo_id: int, *, first: int | None = None, last: int | None = None) -> Runs:
        """Return the runs created from `first` to `last` (seconds, both included), newest first."""
        numbers = self._visible(repo_id)
        low = 0 if first is None else bisect_left(numbers, first, key=self._created)
        high = len(numbers) if last is None else bisect_right(numbers, last, key=self._created)
        return Runs(self, numbers[low:high][::-1])

    def _created(self, run_id: int) -> int:
        made: Any = self.world.log[self.world.versions["run"][run_id][0]].state
        return int(made.created_at)

    def _visible(self, repo_id: int) -> list[int]:
        numbers = self.world.members.get(("run", repo_id), [])
        first = self.world.versions.get("run", {})
        high = bisect_left(numbers, self.seq, key=lambda number: first[number][0])
        low = 0 if self.horizon is None else bisect_left(numbers, self.horizon, key=self._created)
        if not self.world.deleted_runs:
            return numbers[low:high]
        return [number for number in numbers[low:high] if self.run(number)]

    def jobs(self, run_id: int, *, attempt: int | None = None) -> list[Job]:
        """Return the jobs of a run: of one attempt, or all; in order of creation."""
        numbers = list(self.world.members.get(("job", run_id), ()))
        found = (self.world.state("job", number, self.seq) for number in numbers)
        return [job for job in found if job and attempt in (None, job.attempt)]

    def job(self, job_id: int) -> Job | None:
        """Return a job, or None where it or its run is unknown."""
        job: Job | None = self.world.state("job", job_id, self.seq)
        if job is None or self.run(job.run_id) is None:
            return None
        return job if job_id in self.world.members[("job", job.run_id)] else None


class Runs(Sequence[Run]):
    """A sequence of runs that reads each state only when it is asked for."""

    def __init__(self, view: View, numbers: list[int]) -> None:
        self._view, self._numbers = view, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> Run: ...

    @overload
    def __getitem__(self, place: slice) -> list[Run]: ...

    def __getitem__(self, place: int | slice) -> Run | list[Run]:
        if isinstance(place, slice):
            return [self._state(number) for number in self._numbers[place]]
        return self._state(self._numbers[place])

    def _state(self, number: int) -> Run:
        state: Run = self._view.world.state("run", number, self._view.seq)
        return state
