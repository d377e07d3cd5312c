"""Let pipelines live, as chance will have it: the same world of the same seed."""

import random

from fakegitlab.life import GATES, REASONS, SCRIPT, JobLife, Life, Mark
from fakegitlab.world import Json, Project, World

MERGE_REQUEST = "merge_request_event"


class Director:
    """Lets a pipeline live, as chance will have it."""

    def __init__(self, world: World, project: Project, chance: random.Random) -> None:
        self.world, self.project, self.chance = world, project, chance
        self.jobs: list[JobLife] = []

    def luck(self, part: float) -> bool:
        """Tell whether it happens, in so many of all cases."""
        return self.chance.random() < part

    def span(self, least: int, most: int) -> int:
        """Return some milliseconds between so many seconds."""
        return self.chance.randrange(least * 1000, most * 1000)

    def live(self, source: str = "push") -> Life:
        """Return the whole life of a new pipeline."""
        created, fixed = self.world.now, self.world.new_pipeline(self.project, source)
        if source == MERGE_REQUEST:
            last = self.chance.choice(["head", "merge", "train"])
            fixed["ref"] = f"refs/merge-requests/{500 + fixed['iid']}/{last}"
        for stage, name in SCRIPT:
            when = "on_success"
            if name == "deploy" and self.luck(0.4):
                when = self.chance.choice(["manual", "delayed"])
            job = self.new_job(name, stage, created, when)
            job.allow_failure = self.luck(0.15) or when == "manual"
        end = self.run_from(0, created)
        while self.luck(0.35):
            later = end + self.span(2, 4000)
            end = self.go_on(later)
        return self.settle(fixed, end)

    def settle(self, fixed: Json, end: int) -> Life:
        """Put a pipeline that ended into the world, as its API has it from now on."""
        life = Life(fixed, self.jobs)
        self.world.now = end + 60_000
        self.project.lives[fixed["id"]] = life
        self.project.pipelines[fixed["id"]] = life.record(self.world.now)
        short = {key: fixed[key] for key in ("id", "iid", "sha", "ref", "project_id")}
        for job in self.jobs:
            page = f"{self.project.url}/{self.project.path}/-/jobs/{job.id}"
            whole = {"pipeline": short, "ref": fixed["ref"], "tag": False, "web_url": page}
            self.project.jobs[job.id] = {**job.record(self.world.now), **whole}
        return life

    def new_job(self, name: str, stage: str, created: int, when: str = "on_success") -> JobLife:
        """Make a job."""
        job = JobLife(self.world.number(), name, stage, created, when)
        job.reason = self.chance.choice(REASONS)
        job.marks.append(Mark(created, "created"))
        self.jobs.append(job)
        return job

    def newest(self) -> list[JobLife]:
        """Return the latest job of each name."""
        return list({job.name: job for job in self.jobs}.values())

    def run_from(self, place: int, time: int) -> int:
        """Run the stages from one on; return when nothing goes on any more."""
        stages = list(dict.fromkeys(stage for stage, _ in SCRIPT))
        for number, stage in enumerate(stages[place:], start=place):
            due = [job for job in self.newest() if job.stage == stage]
            time = max([time, *(self.run(job, time) for job in due if is_due(job))])
            lost = [job for job in self.newest() if job.stage == stage and has_failed(job)]
            if lost:
                for job in self.newest():
                    if stages.index(job.stage) > number and is_due(job):
                        job.marks.append(Mark(time, "skipped"))
                return time
        return time

    def run(self, job: JobLife, time: int, *, is_played: bool = False) -> int:
        """Run a job, and again if it is tried again by itself; return when that ended."""
        if job.when in GATES and not is_played:
            job.marks.append(Mark(time, GATES[job.when]))
            if job.when == "manual":
                return time  # it waits for somebody, for ever maybe
            time += self.span(5, 60)
        job.marks.append(Mark(time, "pending"))
        if self.luck(0.05):  # it never finds a runner
            job.reason = "stuck_or_timeout_failure"
            time += self.span(100, 5000)
            job.marks.append(Mark(time, "failed"))
            return time
        time += self.chance.choice([150, 700, self.span(1, 30)])
        job.marks.append(Mark(time, "running"))
        time += self.span(2, 200)
        if self.luck(0.07):
            job.marks.append(Mark(time, "canceling"))
            time += self.span(1, 5)
            job.marks.append(Mark(time, "canceled"))
            return time
        job.marks.append(Mark(time, "failed" if self.luck(0.3) else "success"))
        if has_failed(job) and self.luck(0.4):
            return self.try_again(job, time)
        return time

    def try_again(self, job: JobLife, time: int) -> int:
        """Make a job anew that ended, and run it."""
        again = self.new_job(job.name, job.stage, time)
        again.allow_failure = job.allow_failure
        return self.run(again, time)

    def go_on(self, time: int) -> int:
        """Go on after the end: somebody tries a job again, or plays one that waits."""
        waiting = [job for job in self.newest() if job.marks[-1].status == "manual"]
        stages = list(dict.fromkeys(stage for stage, _ in SCRIPT))
        if waiting and self.luck(0.5):
            return self.run(waiting[0], time, is_played=True)
        lost = [job for job in self.newest() if job.marks[-1].status in ("failed", "canceled")]
        if not lost:
            return time
        job = self.chance.choice(lost)
        place = stages.index(job.stage)
        for other in self.newest():
            if stages.index(other.stage) > place and other.marks[-1].status == "skipped":
                other.marks.append(Mark(time, "created"))
        end = self.try_again(job, time)
        if any(has_failed(one) for one in self.newest() if one.stage == job.stage):
            for other in self.newest():
                if stages.index(other.stage) > place and is_due(other):
                    other.marks.append(Mark(end, "skipped"))
            return end
        return self.run_from(place + 1, end)


def request_of(project: Project, ref: str) -> Json | None:
    """Return the merge request that a pipeline is of, as a hook says it."""
    if not ref.startswith("refs/merge-requests/"):
        return None
    number = int(ref.split("/")[2])
    return {
        "id": 9000 + number,
        "iid": number,
        "title": f"Request {number}",
        "source_branch": f"feature-{number}",
        "source_project_id": project.id,
        "target_branch": "main",
        "target_project_id": project.id,
        "state": "opened",
        "url": f"{project.url}/{project.path}/-/merge_requests/{number}",
    }


def is_due(job: JobLife) -> bool:
    """Tell whether a job has still to run."""
    return job.marks[-1].status == "created"


def has_failed(job: JobLife) -> bool:
    """Tell whether a job keeps those behind it from running."""
    return job.marks[-1].status in ("failed", "canceled") and not job.allow_failure
