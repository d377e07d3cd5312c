"""What happens to jobs: queued, held for approval, started, finished, skipped, inherited."""

from fakegithub.payloads.actions_objects import HOSTED
from fakegithub.world.entities import NO_RUNNER, Job, Run, Runner, Step
from fakegithub.world.git import Git

LINUX = ("ubuntu-latest",)


class Jobs(Git):
    """The verbs on jobs. `after` moves the clock on first (seconds)."""

    def run(self, run_id: int) -> Run:
        """Return a run as it is now, in its latest attempt."""
        run: Run = self.state("run", run_id)
        return run

    def job(self, job_id: int) -> Job:
        """Return a job as it is now."""
        job: Job = self.state("job", job_id)
        return job

    def jobs_of(self, run_id: int, attempt: int | None = None) -> list[Job]:
        """Return the jobs of a run's attempt (the latest if not given), in order of creation."""
        attempt = attempt or self.run(run_id).attempt
        jobs = (self.job(number) for number in self.members.get(("job", run_id), ()))
        return [job for job in jobs if job.attempt == attempt]

    def _set_job(self, job: Job, action: str | None) -> None:
        repo_id = self.run(job.run_id).repo_id
        event = None if action is None else "workflow_job"
        self.record("job", job.id, job, repo_id=repo_id, event=event, action=action)

    def _new_job(self, run_id: int, name: str, labels: tuple[str, ...]) -> Job:
        number = self.new_id("job")
        self.add_member("job", run_id, number)
        return Job(
            id=number,
            run_id=run_id,
            attempt=self.run(run_id).attempt,
            name=name,
            status="queued",
            conclusion=None,
            created_at=self.now,
            started_at=None,
            completed_at=None,
            labels=labels,
            runner=None,
            steps=None,
            environment=None,
        )

    def queue_job(
        self,
        run_id: int,
        name: str = "build",
        *,
        labels: tuple[str, ...] = LINUX,
        environment: str | None = None,
        after: int = 0,
    ) -> int:
        """Queue a job of the run's latest attempt and return its id."""
        self.advance(after)
        job = self._new_job(run_id, name, labels)._replace(environment=environment)
        self._set_job(job, "queued")
        return job.id

    def hold_job(self, job_id: int, *, after: int = 0) -> None:
        """Hold a queued job until its environment's reviewers approve it (`waiting`)."""
        self.advance(after)
        job = self.job(job_id)
        held = job._replace(status="waiting", environment=job.environment or "production")
        self._set_job(held, "waiting")

    def approve_job(self, job_id: int, *, after: int = 0) -> None:
        """Let a held job go: `queued` again."""
        self.advance(after)
        self._set_job(self.job(job_id)._replace(status="queued"), "queued")

    def start_job(self, job_id: int, *, runner: Runner | None = None, after: int = 0) -> None:
        """Let a runner take a queued job; the first one puts its run `in_progress`."""
        self.advance(after)
        job = self.job(job_id)
        number = self.random.randrange(1, 1000)
        taken = runner or Runner(number, f"GitHub Actions {number}", 0, HOSTED)
        started = job._replace(status="in_progress", started_at=self.now, runner=taken)
        self._set_job(started, "in_progress")
        self._progress(job.run_id)

    def _progress(self, run_id: int) -> None:
        run = self.run(run_id)
        if run.status == "completed" or run.status == "in_progress":
            return
        self._set_run(run._replace(status="in_progress", updated_at=self.now), "in_progress")

    def _set_run(self, run: Run, action: str | None) -> None:
        event = None if action is None else "workflow_run"
        self.record("run", run.id, run, repo_id=run.repo_id, event=event, action=action)

    def finish_job(
        self,
        job_id: int,
        conclusion: str = "success",
        *,
        steps: tuple[Step, ...] | None = None,
        after: int = 0,
    ) -> None:
        """End a job that runs (success, failure, cancelled, timed_out ...)."""
        self.advance(after)
        job = self.job(job_id)._replace(
            status="completed", conclusion=conclusion, completed_at=self.now, steps=steps
        )
        self._set_job(job, "completed")

    def cancel_job(self, job_id: int, *, after: int = 0) -> None:
        """Cancel a job; one that is still queued ends with runner 0 and without steps."""
        self.advance(after)
        job = self.job(job_id)
        ended = job._replace(
            status="completed",
            conclusion="cancelled",
            completed_at=self.now,
            runner=job.runner or NO_RUNNER,
        )
        self._set_job(ended, "completed")

    def skip_job(self, run_id: int, name: str, *, after: int = 0) -> int:
        """Record a job whose condition is false: created, started and completed in one second."""
        self.advance(after)
        job = self._new_job(run_id, name, ())._replace(
            status="completed",
            conclusion="skipped",
            started_at=self.now,
            completed_at=self.now,
            steps=(),
        )
        self._set_job(job, "completed")
        return job.id

    def inherit_job(self, job: Job) -> int:
        """Copy a job into the run's new attempt: new id and created_at, old start and end."""
        copy = self._new_job(job.run_id, job.name, job.labels)._replace(
            status=job.status,
            conclusion=job.conclusion,
            started_at=job.started_at,
            completed_at=job.completed_at,
            runner=NO_RUNNER,
            steps=job.steps,
        )
        self._set_job(copy, "completed")
        return copy.id

    def attach_check(self, run_id: int, name: str, *, after: int = 0) -> int:
        """Send a third party's check run dressed up as a completed job (peers know it).

        No labels and no runner, though not skipped; the API's job lists do not show it.
        """
        self.advance(after)
        check = self._new_job(run_id, name, ())
        self.members[("job", run_id)].remove(check.id)
        ended = check._replace(
            status="completed",
            conclusion="success",
            started_at=self.now,
            completed_at=self.now,
            steps=(),
        )
        self._set_job(ended, "completed")
        return check.id
