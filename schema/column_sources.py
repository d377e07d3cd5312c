"""Where each column's value comes from: its path in a webhook, and in the REST API.

`docs/fields.md` is made from this. `CANNOT` marks what one door has no way to know.
"""

from typing import NamedTuple

CANNOT = "cannot know"
STORE = "the store"


class Paths(NamedTuple):
    """Path in the webhook, path in the REST answer."""

    webhook: str
    rest: str


def both(path: str) -> Paths:
    """Return a path that webhook and REST object share."""
    return Paths(path, path)


OWN = both(STORE)
GITLAB = both(CANNOT + ", see GitLab below")
PROVIDER = both("host of repository.html_url")
REPO = both("repository.full_name, by repository.id")

SEEN = "repository.updated_at or pushed_at, the later"
BRANCH_NAME = Paths("push.ref, create.ref, delete.ref", "branches[].name")
MIRROR = both("runattempts, of the highest known attempt")
JOBS_OF = both("jobs of the attempt that are its own")

LOG = Paths(CANNOT, "lines of the job's log")

SOURCES: dict[str, dict[str, Paths]] = {
    "repos": {
        "name": both("repository.full_name"),
        "provider": PROVIDER,
        "gitid": both("repository.id"),
        "url": both("repository.html_url"),
        "defaultbranch": both("repository.default_branch"),
        "private": both("repository.private"),
        "archived": both("repository.archived"),
        "gonetime": OWN,
        "gonereason": OWN,
    },
    "repoaliases": {
        "repoid": REPO,
        "name": Paths("repository.full_name, changes.repository.name.from", "repository.full_name"),
        "firstseen": Paths(SEEN, CANNOT + " what was before it read"),
        "lastseen": Paths(SEEN, CANNOT + " what was between its reads"),
    },
    "branches": {
        "name": BRANCH_NAME,
        "author": both("commits.author of headhash"),
        "repo": REPO,
        "repoid": REPO,
        "headhash": Paths("push.after", "branches[].commit.sha"),
        "deletetime": Paths("repository.pushed_at of that", CANNOT + ", only that it is gone"),
        "defaultuntil": Paths("repository.updated_at of changes.default_branch.from", CANNOT),
    },
    "branchmoves": {
        "repoid": REPO,
        "name": BRANCH_NAME,
        "time": both("repository.pushed_at"),
        "beforehash": Paths("push.before", "`*`"),
        "afterhash": Paths("push.after", "branches[].commit.sha"),
    },
    "commits": {
        "hash": Paths("push.commits[].id", "commits[].sha"),
        "author": Paths("push.commits[].author.name", "commits[].commit.author.name"),
        "message": Paths("push.commits[].message", "commits[].commit.message"),
        "time": Paths("push.commits[].author.date, else timestamp", "commits[].commit.author.date"),
        "repo": REPO,
        "repoid": REPO,
        "authorlogin": Paths("push.commits[].author.username", "commits[].author.login"),
        "url": both("repository.html_url + /commit/ + hash"),
    },
    "workflows": {
        "name": both("workflow.name"),
        "url": both("workflow.html_url"),
        "repo": REPO,
        "provider": PROVIDER,
        "gitid": both("workflow.id"),
        "repoid": REPO,
        "path": both("workflow.path"),
        "state": both("workflow.state"),
    },
    "workflowruns": {
        "gitid": both("workflow_run.id"),
        "author": both("workflow_run.actor.login"),
        "runtime": MIRROR,
        "createtime": both("workflow_run.created_at"),
        "starttime": MIRROR,
        "endtime": MIRROR,
        "queuetime": MIRROR,
        "status": MIRROR,
        "conclusion": MIRROR,
        "url": both("workflow_run.html_url"),
        "branchname": both("workflow_run.head_branch"),
        "commithash": both("workflow_run.head_sha"),
        "workflowname": both("workflow.name, else the stored name, else workflow_run.path"),
        "repo": REPO,
        "os": both("jobs.os of its started jobs"),
        "provider": PROVIDER,
        "repoid": REPO,
        "attempt": MIRROR,
        "runnumber": both("workflow_run.run_number"),
        "event": both("workflow_run.event"),
        "title": both("workflow_run.display_title"),
        "workflowgitid": both("workflow_run.workflow_id"),
        "triggeredby": MIRROR,
        "updatetime": MIRROR,
        "warned": both("conclusion, and jobs that failed in it"),
        **dict.fromkeys(("parentgitid", "parentjobgitid", "passedtime", "failedtime"), GITLAB),
        "headrepo": both("workflow_run.head_repository.full_name, where its id is another's"),
        "pullrequest": both("workflow_run.pull_requests[].number, or in head_branch"),
    },
    "runattempts": {
        "provider": PROVIDER,
        "repoid": REPO,
        "rungitid": both("workflow_run.id"),
        "attempt": both("workflow_run.run_attempt"),
        "status": both("workflow_run.status"),
        "conclusion": both("workflow_run.conclusion"),
        "createtime": both("workflow_run.run_started_at"),
        "starttime": JOBS_OF,
        "endtime": JOBS_OF,
        "queuetime": both("starttime - createtime"),
        "runtime": both("endtime - starttime"),
        "triggeredby": both("workflow_run.triggering_actor.login"),
        "updatetime": both("workflow_run.updated_at"),
        "finishtime": GITLAB,
        "haswarnings": GITLAB,
    },
    "jobs": {
        "provider": PROVIDER,
        "gitid": both("workflow_job.id"),
        "repoid": REPO,
        "rungitid": both("workflow_job.run_id"),
        "attempt": both("workflow_job.run_attempt"),
        "name": both("workflow_job.name"),
        "status": both("workflow_job.status"),
        "conclusion": both("workflow_job.conclusion"),
        "createtime": both("workflow_job.created_at"),
        "starttime": both(
            "workflow_job.started_at, once a runner has it; steps[].started_at if late"
        ),
        "endtime": both("workflow_job.completed_at"),
        "queuetime": both("starttime - createtime"),
        "runtime": both("endtime - starttime"),
        "os": both("workflow_job.labels"),
        "labels": both("workflow_job.labels"),
        "runnername": both("workflow_job.runner_name"),
        "runnergroup": both("workflow_job.runner_group_name"),
        "url": both("workflow_job.html_url"),
        "workflowname": both("workflow_job.workflow_name"),
        "branchname": both("workflow_job.head_branch"),
        "commithash": both("workflow_job.head_sha"),
        "repo": REPO,
        "inherited": both("run_attempt > 1, started_at (with a runner, the end) before created_at"),
        "gated": Paths("workflow_job.status was waiting", CANNOT + ", once it no longer waits"),
        "clockanomaly": both("created_at, started_at, completed_at out of order"),
        "failedstep": both("workflow_job.steps[].name, the first that failed, else never ended"),
        "steps": both("workflow_job.steps"),
        **dict.fromkeys("stage allowfailure failurereason tryno superseded".split(), GITLAB),
        "latestart": both("steps[].started_at, 60 s or more after workflow_job.started_at"),
    },
    "deliveries": {
        "provider": Paths(PROVIDER.webhook, CANNOT),
        "guid": Paths("header X-GitHub-Delivery", CANNOT),
        "hookid": Paths("header X-GitHub-Hook-ID", CANNOT),
        "event": Paths("header X-GitHub-Event", CANNOT),
        "action": Paths("action", CANNOT),
        "repo": Paths("repository.full_name", CANNOT),
        "body": Paths("the body", CANNOT),
        "bodyhash": Paths("the body", CANNOT),
    },
    "failures": {
        "provider": both("jobs.provider"),
        "jobgitid": both("jobs.gitid of a job that failed or timed out"),
        "number": Paths(CANNOT, "order of the annotations, or of the lines in the log"),
        "repoid": both("jobs.repoid"),
        "rungitid": Paths(STORE, "jobs.rungitid"),
        "attempt": Paths(STORE, "jobs.attempt"),
        "job": Paths(STORE, "jobs.name"),
        "step": Paths(STORE, "jobs.failedstep"),
        "source": Paths(STORE, "which of the two said it"),
        "absence": Paths(STORE, "status and length of the log"),
        "message": Paths(STORE, "annotations[].title and .message, else lines of the job's log"),
        "context": Paths(STORE, "annotations[].raw_details, else the lines of the log before"),
        "masked": Paths(STORE, "message"),
        "fingerprint": Paths(STORE, "masked"),
        "path": Paths(STORE, "annotations[].path, else the message"),
        "line": Paths(STORE, "annotations[].start_line, else the message"),
        "kind": Paths(STORE, "the rule that found the message"),
        "problem": Paths(STORE, "message"),
        "time": Paths(STORE, "jobs.endtime"),
    },
    "errorissues": {
        "repoid": both("failures.repoid"),
        "fingerprint": both("failures.fingerprint"),
        "issues": Paths(STORE, "search/issues: items[].number, .title, .state, .html_url"),
    },
    "jobversions": {
        "provider": both("jobs.provider"),
        "jobgitid": both("jobs.gitid of a first failed job, or of the one that passed before"),
        "kind": LOG,
        "name": LOG,
        "repoid": Paths(STORE, "jobs.repoid"),
        "rungitid": Paths(STORE, "jobs.rungitid"),
        "version": Paths(STORE, "lines of the job's log"),
    },
    "versionreads": {
        "provider": both("jobs.provider"),
        "jobgitid": both("jobs.gitid of a first failed job, or of the one that passed before"),
        "rungitid": Paths(STORE, "jobs.rungitid"),
        "goodjobgitid": Paths(STORE, "jobs.gitid"),
        "absence": Paths(STORE, "status and length of the log"),
    },
    "commitranges": {
        "repoid": both("jobs.repoid"),
        "basehash": both("jobs.commithash of the job that passed"),
        "headhash": both("jobs.commithash of the job that failed"),
        "status": Paths(STORE, "compare.status"),
        "ahead": Paths(STORE, "compare.ahead_by"),
        "behind": Paths(STORE, "compare.behind_by"),
    },
    "rangecommits": {
        "repoid": both("jobs.repoid"),
        "basehash": both("commitranges.basehash"),
        "headhash": both("commitranges.headhash"),
        "number": Paths(CANNOT, "order of compare.commits[]"),
        "hash": Paths(STORE, "compare.commits[].sha"),
    },
    "tagpushes": {
        "repoid": REPO,
        "name": Paths("push.ref of a tag", CANNOT),
        "time": Paths("repository.pushed_at", CANNOT),
        "hash": Paths("push.head_commit.id", CANNOT),
    },
}


def source_of(table: str, column: str) -> Paths:
    """Return where a column's value comes from; what is listed nowhere is the store's own."""
    return SOURCES.get(table, {}).get(column, OWN)
