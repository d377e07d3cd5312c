"""What the world consists of: one immutable value per state of a thing.

Times are whole seconds since 1970, UTC, as GitHub resolves them. Small and plain on purpose: a
world of 25,000 runs holds some 700,000 of these, and JSON is made of them only when asked for.
"""

from typing import NamedTuple


class Repo(NamedTuple):
    """A repository; `id` survives rename and transfer, `full_name` does not."""

    id: int
    full_name: str
    owner_type: str
    private: bool
    archived: bool
    fork: bool
    default_branch: str
    description: str | None
    created_at: int
    updated_at: int
    pushed_at: int
    actions: bool = True
    blocked: bool = False


class Commit(NamedTuple):
    """A commit; never changes. `offset` is the author's zone in minutes."""

    sha: str
    message: str
    author: str
    email: str
    login: str | None
    time: int
    offset: int
    parents: tuple[str, ...]


class Branch(NamedTuple):
    """A branch or tag with the commit it points at."""

    repo_id: int
    name: str
    sha: str


class Workflow(NamedTuple):
    """A workflow file with its state (active, disabled_manually, deleted ...)."""

    id: int
    repo_id: int
    name: str
    path: str
    state: str
    created_at: int
    updated_at: int


class Run(NamedTuple):
    """A workflow run in one attempt."""

    id: int
    repo_id: int
    workflow_id: int
    name: str | None
    number: int
    attempt: int
    event: str
    status: str
    conclusion: str | None
    branch: str | None
    sha: str
    head_repo_id: int
    actor: str | None
    triggering_actor: str | None
    title: str
    created_at: int
    run_started_at: int
    updated_at: int
    pull_request: int | None


class Runner(NamedTuple):
    """The machine that took a job."""

    id: int
    name: str
    group_id: int
    group_name: str


NO_RUNNER = Runner(0, "", 0, "")


class Step(NamedTuple):
    """A step of a job."""

    name: str
    number: int
    status: str
    conclusion: str | None
    started_at: int | None
    completed_at: int | None


class Job(NamedTuple):
    """A job of one attempt; `started_at` is None until it starts, `steps` None means the usual."""

    id: int
    run_id: int
    attempt: int
    name: str
    status: str
    conclusion: str | None
    created_at: int
    started_at: int | None
    completed_at: int | None
    labels: tuple[str, ...]
    runner: Runner | None
    steps: tuple[Step, ...] | None
    environment: str | None


class Push(NamedTuple):
    """What one push did to a ref; 40 zeros stand for no commit."""

    ref: str
    before: str
    after: str
    commits: tuple[str, ...]
    head: str | None
    forced: bool
    sender: str


State = Repo | Commit | Branch | Workflow | Run | Job


class Change(NamedTuple):
    """One entry of the world's log: a thing's new state (None: gone) and the event it sends."""

    time: int
    kind: str
    key: object
    state: State | None
    event: str | None
    action: str | None
    detail: object
    repo_id: int
