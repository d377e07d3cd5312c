"""The views of how default branches stand now: one rule for pages, messages and analysts."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from schema.run_verdicts import FAILED, GOOD, TOLD, ended_so, verdict

SCHEDULES = "'schedule'"
"""Events of schedules: rows.sources.SCHEDULES."""
UNNAMED = "(no name)"
"""rows.sources.UNNAMED."""
CALLED = (
    f"COALESCE({{run}}.workflowname, CASE WHEN {{run}}.event IN ({SCHEDULES})"
    f" THEN REPLACE('schedule on ?', '?', {{run}}.branchname) ELSE '{UNNAMED}' END)"
)
"""What people are told of a workflow: rows.sources.call_workflow."""
MAIN_RED, MAIN_NOW = "main_red", "main_now"
COLUMNS_OF_MAIN_RED = {
    "provider": ("red.provider", "workflowruns.provider"),
    "repoid": ("red.repoid", "workflowruns.repoid"),
    "repository": ("red.repo", "Full name of the repository"),
    "workflowgitid": (
        "red.workflowgitid",
        "workflowruns.workflowgitid; NULL where its runs have none",
    ),
    "workflow": (CALLED.format(run="red"), "Name of the workflow, or what stands for it"),
    "branchname": ("red.branchname", "The default branch"),
    "rungitid": ("red.gitid", "workflowruns.gitid of its newest run that ended well or failed"),
    "conclusion": ("red.verdict", "How that ended, while it is done again its attempt before"),
    "endtime": ("red.verdicttime", "When that ended"),
    "url": ("red.url", "Its HTML page"),
    "since": ("began.createtime", "When the first run was created that failed since the last good"),
    "sincerungitid": ("began.gitid", "workflowruns.gitid of that run"),
    "author": ("began.author", "Login of the actor who triggered it"),
    "commithash": ("began.commithash", "Its commit"),
    "goodtime": ("red.goodtime", "When the last good run before was created; NULL for none known"),
    "workflowname": ("red.workflowname", "workflowruns.workflowname of its newest run"),
}
"""What each column is, and means."""
COLUMNS_OF_MAIN_NOW = {
    "provider": ("newest.provider", "workflowruns.provider"),
    "repoid": ("newest.repoid", "workflowruns.repoid"),
    "repository": ("newest.repo", "Full name of the repository"),
    "workflowgitid": (
        "newest.workflowgitid",
        "workflowruns.workflowgitid; NULL where its runs have none",
    ),
    "workflow": (CALLED.format(run="newest"), "Name of the workflow, or what stands for it"),
    "branchname": ("newest.branchname", "The default branch"),
    "rungitid": ("newest.gitid", "workflowruns.gitid of its newest run that ended well or failed"),
    "conclusion": (verdict("conclusion"), "How that ended, as in main_red"),
    "createtime": ("newest.createtime", "When that was created"),
    "endtime": (verdict("endtime"), "When that ended"),
    "runtime": (verdict("runtime"), "Seconds from its first start to its end"),
    "workflowname": ("newest.workflowname", "workflowruns.workflowname of that run"),
}
"""What each column is, and means."""

PROPOSALS = (
    "'pull_request', 'pull_request_target', 'pull_request_review', 'pull_request_review_comment',"
    " 'merge_group', 'merge_request_event', 'external_pull_request_event', 'webide',"
    " 'ondemand_dast_scan', 'ondemand_dast_validation', 'security_orchestration_policy',"
    " 'container_registry_push', 'duo_workflow', 'pipeline_execution_policy_schedule'"
)
"""Events of proposals: rows.sources.PROPOSALS."""
CHILDREN = "'parent_pipeline'"
"""rows.sources.CHILDREN: without its name the child of a push would be a schedule without one."""
OF_REPOSITORY = (
    "{run}.repoid = {of}.repoid AND {run}.headrepo IS NULL"
    f" AND ({{run}}.event IS NULL OR {{run}}.event NOT IN ({PROPOSALS}))"
)
"""What a run of a repository's own is, events of proposals aside."""
OF_ID = OF_REPOSITORY + " AND {run}.workflowgitid = {of}.workflowgitid"
OF_NAME = (
    OF_REPOSITORY + " AND {run}.workflowgitid IS NULL"
    " AND COALESCE({run}.workflowname, '') = COALESCE({of}.workflowname, '')"
    f" AND ({{run}}.workflowname IS NOT NULL OR COALESCE({{run}}.event, '') NOT IN ({CHILDREN}))"
)
"""What a run of a workflow is: by its id, or by its name where its runs have no id."""
ERRANDS = ("dynamic/dependabot/", "dynamic/copilot", "dynamic/agents/")
"""rows.sources.ERRANDS. No LIKE: a driver may take its % for a value's place."""
OF_BRANCH = "".join(
    f" AND COALESCE(SUBSTR(w.path, 1, {len(start)}), '') <> '{start}'" for start in ERRANDS
)
"""Which workflows tell of a branch."""
USED = "repos.gonereason IS NULL AND (repos.archived IS NULL OR NOT repos.archived)"
KNOWN = (
    "SELECT w.repoid, w.gitid AS workflowgitid, repos.defaultbranch"  # noqa: S608 - names of ours
    f" FROM workflows w JOIN repos ON repos.Id = w.repoid WHERE {USED}"
    f" AND (w.state IS NULL OR w.state = 'active'){OF_BRANCH}"
)
"""Workflows in use, as their server lists them."""
UNLISTED = (
    " SELECT ids.repoid, ids.workflowgitid, repos.defaultbranch, {cutoff} AS cutoff"
    " FROM ids JOIN repos ON repos.Id = ids.repoid WHERE ids.workflowgitid IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM workflows w WHERE w.provider = repos.provider"
    " AND w.gitid = ids.workflowgitid AND w.repoid = ids.repoid)"
)
# An id after the other, each by a step down the index: there are few, of very many runs. Without
# names of their own for the values, MySQL 9.7 dumps a view that it does not read again (1166).
UNKNOWN = (
    "WITH RECURSIVE ids (repoid, workflowgitid) AS ("  # noqa: S608 - names of ours
    "SELECT repos.Id, (SELECT MIN(low.workflowgitid) FROM workflowruns low"
    f" WHERE low.repoid = repos.Id) AS workflowgitid FROM repos WHERE {USED} UNION ALL"
    " SELECT ids.repoid, (SELECT MIN(above.workflowgitid) FROM workflowruns above"
    " WHERE above.repoid = ids.repoid AND above.workflowgitid > ids.workflowgitid) AS workflowgitid"
    " FROM ids WHERE ids.workflowgitid IS NOT NULL)"
    f"{UNLISTED}"
)
"""Those that no row of `workflows` is of."""
# MySQL and MariaDB read what stands in such a comment, the others do not. With ten million runs
# MySQL took a repository to have 376 in another index that begins with it, and sorted all it has;
# without statistics it reads all runs of a repository for each of its workflows.
STEPS = " /*! FORCE INDEX (ix_workflowruns_workflow) */"
GROUPED_UNKNOWN = (
    f"WITH ids AS (SELECT repoid, workflowgitid FROM workflowruns{STEPS}"  # noqa: S608 - names of ours
    f" GROUP BY repoid, workflowgitid){UNLISTED} AND {USED}"
)
"""The same where GROUP BY itself steps down the index, and MIN reads all that a repository has."""
NAMED = (
    "SELECT DISTINCT named.repoid, named.workflowname, repos.defaultbranch, {cutoff} AS cutoff"  # noqa: S608 - names of ours
    f" FROM repos JOIN workflowruns named{STEPS}"
    " ON named.repoid = repos.Id"
    f" AND named.workflowgitid IS NULL AND named.createtime >= {{cutoff}} WHERE {USED}"
)
"""Those whose runs have no id."""
LATEST = (
    "(SELECT latest.createtime FROM workflowruns latest"
    " /*! FORCE INDEX (ix_workflowruns_repo) */ WHERE latest.repoid = repos.Id"
    " ORDER BY latest.repoid DESC, latest.createtime DESC LIMIT 1)"
)
# MySQL reads eight rows ahead of a key that is compared as a whole, unless a long text is asked
# for: of 2,500 workflows 134,000 pages in place of 55,000. So it is asked for one, in vain.
ONE_ROW = " /*! AND COALESCE({run}.url, '') >= '' */"
DAYS = 14
"""Of what the server lists no workflow: it counts if it ran so long before the newest run of its
repository. What does not was renamed or deleted, and would be red for ever."""
# By the branch as well: of a workflow that never runs on it, no run is read.
BRANCH_STEPS = " /*! FORCE INDEX (ix_workflowruns_main) */"
UNKNOWN_BRANCH = (
    f"(SELECT usual.branchname FROM workflowruns usual{STEPS} WHERE {{usual}}"  # noqa: S608 - names of ours
    f" AND usual.branchname IN ('main', 'master') AND usual.conclusion IN {TOLD}"
    " ORDER BY usual.repoid DESC, usual.workflowgitid DESC, usual.createtime DESC, usual.Id DESC"
    " LIMIT 1)"
)
"""The branch that counts where nobody said which is the default one."""
ENDED = (
    f"FROM workflowruns ended{BRANCH_STEPS} WHERE {{ended}}"
    f" AND ended.branchname = COALESCE(watched.defaultbranch, {UNKNOWN_BRANCH})"
    f" AND {ended_so('ended', TOLD)}{ONE_ROW.format(run='ended')}"
    " ORDER BY ended.repoid DESC, ended.workflowgitid DESC, ended.branchname DESC,"
    " ended.createtime DESC, ended.Id DESC LIMIT 1"
)
NEWEST = (
    f"(SELECT watched.*, (SELECT ended.Id {ENDED}) AS newestid FROM ({{watched}}) watched) watched"  # noqa: S608 - names of ours
    " JOIN workflowruns newest ON newest.Id = watched.newestid"
)
"""The newest run on the default branch that ended well or failed, of each workflow."""
LATERAL = f"({{watched}}) watched JOIN LATERAL (SELECT ended.* {ENDED}) newest ON TRUE"
"""The same where a join may be told of what stands before it."""
NOW = (
    f"SELECT {', '.join(f'{value} AS {name}' for name, (value, _) in COLUMNS_OF_MAIN_NOW.items())}"
)
# Steps back in the index of a workflow and branch: the order names its columns. Where a good and a
# failed run are of one moment, the failed one counts, so that no red workflow is lost.
FAILING = (
    f"SELECT newest.*, {verdict('conclusion')} AS verdict,"  # noqa: S608 - names of ours
    f" {verdict('endtime')} AS verdicttime, (SELECT good.createtime FROM workflowruns good"
    f"{BRANCH_STEPS} WHERE {{good}} AND good.branchname = newest.branchname"
    f" AND {ended_so('good', GOOD)} AND good.createtime <= newest.createtime"
    f"{ONE_ROW.format(run='good')}"
    " ORDER BY good.repoid DESC, good.workflowgitid DESC, good.branchname DESC,"
    " good.createtime DESC LIMIT 1) AS goodtime"
    f" FROM {{newest}} WHERE {ended_so('newest', FAILED)}{{whole}}"
)
"""Red workflows by their newest runs, and when the last good one before was created."""
FIRST_BAD = (
    f"FROM workflowruns bad{BRANCH_STEPS} WHERE {{bad}} AND bad.branchname = {{red}}branchname"
    f" AND (bad.conclusion IN {FAILED} OR bad.gitid = {{red}}gitid){ONE_ROW.format(run='bad')}"
    " AND bad.createtime >= {since}"
    " ORDER BY bad.repoid, bad.workflowgitid, bad.branchname, bad.createtime, bad.Id LIMIT 1"
)
"""The first that failed since, by what it says itself: docs/decisions/0096."""
RED = (
    f"SELECT {', '.join(f'{value} AS {name}' for name, (value, _) in COLUMNS_OF_MAIN_RED.items())}"  # noqa: S608 - names of ours
    f" FROM (SELECT red.*, (SELECT bad.Id {FIRST_BAD}) AS badid FROM ({FAILING}) red) red"
    " JOIN workflowruns began ON began.Id = red.badid"
)
"""Cancelled and skipped runs tell neither way."""
WHOLE = " LIMIT 1000000"
"""Has red workflows found before what is asked of each. MariaDB else puts the search for the last
good run into that for the first failed one, and asks it of each run that the workflow ever had.
"""


class NewestRun(NamedTuple):
    """The newest run of workflows of one kind, as a FROM, and which runs are of such a one."""

    newest: str
    same: str
    whole: str

    def of(self, run: str, of: str) -> str:
        """Return which runs are of the workflow that another one is of."""
        return self.same.format(run=run, of=of)


def list_newest(
    days_before: Callable[[str, int], str], *, groups_by_steps: bool, joins_laterally: bool
) -> list[NewestRun]:
    """Return the newest runs for an engine with these answers (engines.kind)."""
    cutoff, first = days_before(LATEST, DAYS), LATERAL if joins_laterally else NEWEST
    recent = f"{first} AND newest.createtime >= watched.cutoff"
    return [
        NewestRun(
            template.format(
                watched=watched.format(cutoff=cutoff),
                **{run: same.format(run=run, of="watched") for run in ("ended", "usual")},
            ),
            same,
            WHOLE if groups_by_steps else "",
        )
        for template, watched, same in (
            (first, KNOWN, OF_ID),
            (recent, GROUPED_UNKNOWN if groups_by_steps else UNKNOWN, OF_ID),
            (recent, NAMED, OF_NAME),
        )
    ]


def select_main(every: Sequence[NewestRun]) -> dict[str, str]:
    """Return the SELECT of each view."""
    since = "COALESCE(red.goodtime, '1970-01-01 00:00:00')"
    red = [
        RED.format(
            newest=each.newest,
            good=each.of("good", "newest"),
            bad=each.of("bad", "red"),
            whole=each.whole,
            red="red.",
            since=since,
        )
        for each in every
    ]
    return {
        MAIN_NOW: " UNION ALL ".join(f"{NOW} FROM {each.newest}" for each in every),
        MAIN_RED: " UNION ALL ".join(red),
    }
