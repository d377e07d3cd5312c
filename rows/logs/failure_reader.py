"""What any vendor's log says of a failure, once its reader found the step that failed."""

from rows.failure_message import FailureMessage
from rows.logs.blocks import Reason
from rows.logs.held_steps import Failed
from rows.logs.output import Dialect, Output
from rows.logs.ranking import find_reasons, other_reasons


class StepFailure:
    """What is said of the step that a vendor's reader returns as `failed`."""

    dialect: Dialect

    def failed(self) -> Failed:
        """Return what was found, when the log is at its end."""
        raise NotImplementedError

    def reasons(self) -> list[Reason]:
        """Return what the log said, when it is at its end, with the rules that spoke."""
        failed = self.failed()
        return find_reasons(
            Output(failed.step, self.dialect),
            lambda: Output(failed.before, self.dialect),
            is_known=failed.is_known,
        )

    def others(self) -> list[Reason]:
        """Return what else the step said, that was not chosen."""
        return other_reasons(Output(self.failed().step, self.dialect), self.reasons())

    def messages(self) -> list[FailureMessage]:
        """Return what the log said, when it is at its end, the first cause first."""
        return [reason.message for reason in self.reasons()]
