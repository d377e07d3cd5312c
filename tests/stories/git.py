"""Branches that are made, deleted and made again, a tag among them."""

from datetime import datetime

from fakegithub.payloads.events import (
    ZERO_SHA,
    at,
    commit,
    create_event,
    delete_event,
    push_event,
    repository,
    repository_event,
)
from fakegithub.payloads.templates import Json
from tests.stories.story import (
    APP,
    COMMIT_ROW,
    HEAD,
    HERE,
    PUSH,
    REPO_ROWS,
    SHA,
    Sent,
    Story,
    clock,
)

FEATURE_ROW: dict[str, object] = {
    "name": "feature/x",
    "author": "Mona Lisa",
    "repo": "octo-org/app",
    "repoid": APP,
    "headhash": SHA,
}
MAIN_ROW = {**FEATURE_ROW, "name": "main"}

# A branch at a commit that is known already: no commits, but a head.
CREATED = ("create", create_event(repository=HERE, ref="feature/x"))
PUSHED = ("push", push_event(repository=HERE, ref="refs/heads/feature/x", head=HEAD))
CREATED_ROWS = {**REPO_ROWS, "branches": [MAIN_ROW, FEATURE_ROW], "commits": [COMMIT_ROW]}
CREATE_FIRST = Story("create, then push in one second", (PUSH, CREATED, PUSHED), CREATED_ROWS)
PUSH_FIRST = Story("push, then create in one second", (PUSH, PUSHED, CREATED), CREATED_ROWS)

TAG = Story(
    "a tag",
    (
        PUSH,
        ("create", create_event(repository=HERE, ref="v1.0", ref_type="tag")),
        ("push", push_event(repository=HERE, ref="refs/tags/v1.0", head=HEAD)),
    ),
    {**REPO_ROWS, "branches": [MAIN_ROW], "commits": [COMMIT_ROW]},
)


def pushed_at(clock: str) -> Json:
    """Return the repository as payloads carry it after a push."""
    return repository(full_name="octo-org/app", id=591427149, pushed_at=at(clock))


def seen(first: datetime, last: datetime) -> dict[str, list[dict[str, object]]]:
    """Return the repository's rows after its first and last push."""
    alias = {"repoid": APP, "name": "octo-org/app", "firstseen": first, "lastseen": last}
    return {"repos": REPO_ROWS["repos"], "repoaliases": [alias]}


NOON, ONE = pushed_at("12:00:00"), pushed_at("13:00:00")
GONE = (
    ("delete", delete_event(repository=NOON, ref="feature/x")),
    (
        "push",
        push_event(repository=NOON, ref="refs/heads/feature/x", before=SHA, after=ZERO_SHA),
    ),
)
DELETED = Story(
    "branch deleted",
    (PUSHED, *GONE),
    {
        **seen(clock("11:59:00"), clock("12:00:00")),
        "branches": [
            {**FEATURE_ROW, "author": None, "headhash": None, "deletetime": clock("12:00:00")}
        ],
        "commits": [COMMIT_ROW],
    },
)
NO_DEFAULT = Story(
    "default branch renamed",
    (
        PUSHED,
        (
            "repository",
            repository_event(
                action="edited",
                repository=repository(
                    full_name="octo-org/app",
                    id=591427149,
                    pushed_at=at("11:59:00"),
                    updated_at=at("12:00:00"),
                ),
                changes={"default_branch": {"from": "feature/x"}},
            ),
        ),
        *GONE,
    ),
    {
        **DELETED.rows,
        "branches": [{**DELETED.rows["branches"][0], "defaultuntil": clock("12:00:00")}],
    },
)
OTHER_SHA = "beef000000000000000000000000000000000002"
OTHER = commit(
    repository=HERE,
    sha=OTHER_SHA,
    message="Try again 🧪",
    author="李小龍",
    login=None,
    time=at("12:59:00"),
)
OTHER_ROW = {
    **COMMIT_ROW,
    "hash": OTHER_SHA,
    "author": "李小龍",
    "message": "Try again 🧪",
    "time": clock("12:59:00"),
    "authorlogin": None,
    "url": f"https://github.com/octo-org/app/commit/{OTHER_SHA}",
}
REMADE = Story(
    "branch deleted and made again",
    (
        PUSHED,
        *GONE,
        ("create", create_event(repository=ONE, ref="feature/x")),
        ("push", push_event(repository=ONE, ref="refs/heads/feature/x", commits=[OTHER])),
    ),
    {
        **seen(clock("11:59:00"), clock("13:00:00")),
        "branches": [{**FEATURE_ROW, "author": "李小龍", "headhash": OTHER_SHA}],
        "commits": [
            COMMIT_ROW,
            OTHER_ROW,
        ],
    },
)


def pushed(before: str, after: str, branch: str = "feature/x") -> Sent:
    """Return a push of noon, the second in which all of a story's pushes are made."""
    heads = {SHA: HEAD, OTHER_SHA: OTHER}
    commits = [heads[after]] if after in heads else []
    ref = f"refs/heads/{branch}"
    return (
        "push",
        push_event(repository=NOON, ref=ref, before=before, after=after, commits=commits),
    )


AT_NOON = seen(clock("11:59:00"), clock("12:00:00"))
BOTH = {**AT_NOON, "commits": [COMMIT_ROW, OTHER_ROW]}
AT_OTHER = [{**FEATURE_ROW, "author": "李小龍", "headhash": OTHER_SHA}]
# Names of commits whose digests fall on either side of each other's.
THIRD_SHA, FOURTH_SHA = "a" * 40, "1" * 40

TWO_PUSHES = Story(
    "two pushes to a branch in one second",
    (PUSHED, pushed(SHA, THIRD_SHA), pushed(THIRD_SHA, FOURTH_SHA), pushed(FOURTH_SHA, OTHER_SHA)),
    {**BOTH, "branches": AT_OTHER},
)
THERE_AND_BACK = Story(
    "pushed, and forced back in one second",
    (PUSHED, pushed(SHA, OTHER_SHA), pushed(OTHER_SHA, SHA)),
    {**BOTH, "branches": [FEATURE_ROW]},
)
REMADE_AT_ONCE = Story(
    "branch deleted and made again in one second",
    (PUSHED, *GONE, pushed(ZERO_SHA, OTHER_SHA)),
    {**BOTH, "branches": AT_OTHER},
)
REMADE_AS_IT_WAS = Story(
    "branch deleted and made again at its commit in one second",
    (PUSHED, *GONE, pushed(ZERO_SHA, SHA)),
    {**AT_NOON, "branches": [FEATURE_ROW], "commits": [COMMIT_ROW]},
)
SHORT_LIVED = Story(
    "branch made and deleted in one second",
    (PUSH, pushed(ZERO_SHA, SHA), *GONE),
    {
        **AT_NOON,
        "branches": [
            MAIN_ROW,
            {**FEATURE_ROW, "author": None, "headhash": None, "deletetime": clock("12:00:00")},
        ],
        "commits": [COMMIT_ROW],
    },
)
