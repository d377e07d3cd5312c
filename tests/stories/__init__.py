"""Stories: what GitHub sends in one situation, and the rows it must become, written by hand."""

from tests.stories import git, plain, renaming, rerun, unusual

STORIES = (
    plain.SUCCESS,
    plain.FAILURE,
    plain.ONE_SECOND,
    plain.STARTED_AT_ONCE,
    plain.JOBLESS,
    unusual.CANCELLED,
    unusual.GATED,
    unusual.FIRST_TIME,
    unusual.SKIPPED,
    rerun.RERUN,
    git.CREATE_FIRST,
    git.PUSH_FIRST,
    git.TAG,
    git.DELETED,
    git.NO_DEFAULT,
    git.REMADE,
    git.TWO_PUSHES,
    git.THERE_AND_BACK,
    git.REMADE_AT_ONCE,
    git.REMADE_AS_IT_WAS,
    git.SHORT_LIVED,
    renaming.RENAMING,
)
