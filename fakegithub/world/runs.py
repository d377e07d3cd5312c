"""What happens to runs: triggered, approved, finished, cancelled, run again."""

from fakegithub.world.entities import Run, Workflow
from fakegithub.world.jobs import Jobs

# Jobs with these conclusions are not run again by "re-run failed jobs".
DONE = frozenset({"success", "skipped", "neutral"})


class Runs(Jobs):
    """The verbs on runs. `after` moves the clock on first (seconds)."""

    def trigger(
        self,
        workflow_id: int,
        *,
        branch: str | None = None,
        sha: str | None = None,
        event: str = "push",
        actor: str | None = "octocat",
        title: str | None = None,
        name: str | None = None,
        head_repo_id: int | None = None,
        pull_request: int | None = None,
        needs_approval: bool = False,
        after: int = 0,
    ) -> int:
        """Start a run of a workflow on a branch's head and return the run's id.

        `head_repo_id` is the fork of a fork's pull request. `needs_approval`: a first-time
        contributor's run, which ends at once with action_required until it is approved.
        """
        self.advance(after)
        flow: Workflow = self.state("workflow", workflow_id)
        repo = self.repo(flow.repo_id)
        branch = branch or repo.default_branch
        sha = sha or self.head(head_repo_id or repo.id, branch)
        if sha is None:
            raise ValueError(f"no commit on {branch!r} to run on")
        number = self.new_id("run")
        self.add_member("run of workflow", workflow_id, number)
        run = Run(
            id=number,
            repo_id=repo.id,
            workflow_id=workflow_id,
            name=flow.name if name is None else name,
            number=len(self.members[("run of workflow", workflow_id)]),
            attempt=1,
            event=event,
            status="completed" if needs_approval else "queued",
            conclusion="action_required" if needs_approval else None,
            branch=branch,
            sha=sha,
            head_repo_id=head_repo_id or repo.id,
            actor=actor,
            triggering_actor=actor,
            title=self.state("commit", sha).message.split("\n")[0] if title is None else title,
            created_at=self.now,
            run_started_at=self.now,
            updated_at=self.now,
            pull_request=pull_request,
        )
        self._set_run(run, "requested")
        # After its first state, so that a reader in another thread never finds a run without one.
        self.add_member("run", repo.id, number)
        if needs_approval:
            self._set_run(run, "completed")
        return number

    def approve_run(self, run_id: int, *, after: int = 0) -> None:
        """Let a first-time contributor's run go: queued again, in the same attempt."""
        self.advance(after)
        run = self.run(run_id)
        self._set_run(
            run._replace(status="queued", conclusion=None, updated_at=self.now), "requested"
        )

    def finish_run(self, run_id: int, conclusion: str | None = None, *, after: int = 0) -> str:
        """End a run; its conclusion follows from its jobs where not given. Return it."""
        self.advance(after)
        run = self.run(run_id)
        verdict = conclusion or verdict_of([job.conclusion for job in self.jobs_of(run_id)])
        done = run._replace(status="completed", conclusion=verdict, updated_at=self.now)
        self._set_run(done, "completed")
        return verdict

    def cancel(self, run_id: int, *, after: int = 0) -> None:
        """Cancel a run and each of its jobs that has not ended."""
        self.advance(after)
        for job in self.jobs_of(run_id):
            if job.status != "completed":
                self.cancel_job(job.id)
        self.finish_run(run_id, "cancelled")

    def rerun_all(self, run_id: int, *, actor: str | None = None, after: int = 0) -> list[int]:
        """Run all jobs again as a new attempt; return the ids of the newly queued jobs."""
        return self._rerun(run_id, actor, after, keep=frozenset())

    def rerun_failed(self, run_id: int, *, actor: str | None = None, after: int = 0) -> list[int]:
        """Run the failed jobs again: the others are copied into the new attempt.

        Return the ids of the newly queued jobs.
        """
        return self._rerun(run_id, actor, after, keep=DONE)

    def _rerun(
        self, run_id: int, actor: str | None, after: int, *, keep: frozenset[str]
    ) -> list[int]:
        self.advance(after)
        run = self.run(run_id)
        if run.status != "completed":
            raise ValueError("only a completed run is run again")
        old = self.jobs_of(run_id)
        again = run._replace(
            attempt=run.attempt + 1,
            status="queued",
            conclusion=None,
            triggering_actor=actor or run.triggering_actor,
            run_started_at=self.now,
            updated_at=self.now,
        )
        self._set_run(again, "requested")
        queued = []
        for job in old:
            if job.conclusion == "skipped":
                self.skip_job(run_id, job.name)
            elif job.conclusion in keep:
                self.inherit_job(job)
            else:
                queued.append(self.queue_job(run_id, job.name, labels=job.labels))
        return queued

    def delete_run(self, run_id: int, *, after: int = 0) -> None:
        """Delete a run with its attempts and jobs; GitHub sends nothing for that."""
        self.advance(after)
        repo_id = self.run(run_id).repo_id
        self.deleted_runs += 1
        self.record("run", run_id, None, repo_id=repo_id)


def verdict_of(conclusions: list[str | None]) -> str:
    """Return a run's conclusion from those of its jobs."""
    for verdict in ("failure", "timed_out", "cancelled"):
        if verdict in conclusions:
            return "failure" if verdict == "timed_out" else verdict
    return "skipped" if set(conclusions) == {"skipped"} else "success"
