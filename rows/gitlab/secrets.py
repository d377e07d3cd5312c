"""Put a mask over what a payload tells of secrets, before it is kept anywhere.

A pipeline's hook carries its variables with their values in clear, and the hook of a push those
that were given with it (`git push -o ci.variable="NAME=value"`).
https://docs.gitlab.com/user/project/integrations/webhook_events/#pipeline-events
https://docs.gitlab.com/topics/git/commit/#push-options-for-gitlab-cicd
"""

from typing import Any

from rows import Unmappable
from rows.source_record import Payload

MASK = "[MASKED]"
VARIABLES, OPTIONS = "variables", "push_options"
GIVEN = ("variable", "input")
"""Options of a push that are counted by `NAME=value`."""
DEEPEST = 100
"""Objects inside of objects; a hook has five."""
NAMES = ("key", "variable_type")
"""What a variable may say in clear."""


def masked(payload: Payload) -> dict[str, Any]:
    """Return the payload with the values of variables masked, wherever they stand.

    Raises Unmappable for one that is nested too deep.
    """
    return {key: masked_value(key, value, 1) for key, value in payload.items()}


def masked_value(name: str | None, value: Any, depth: int) -> Any:
    """Return what stands under `name` (None in a list), masked."""
    if depth > DEEPEST:
        raise Unmappable("payload", f"is nested over {DEEPEST} deep")
    if name is not None and name.lower() == VARIABLES:
        return masked_variables(value)
    if name is not None and name.lower() == OPTIONS:
        return masked_options(value)
    if isinstance(value, dict):
        return {key: masked_value(key, inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [masked_value(None, inner, depth + 1) for inner in value]
    return value


def masked_variables(value: Any) -> Any:
    """Return variables of which names are left; of another form than the documented one, nothing.

    An odd one is masked as a whole: nobody knows where its value stands.
    """
    if not isinstance(value, list):
        return value if value is None else MASK
    return [
        {
            key: inner if key in NAMES and isinstance(inner, str) else MASK
            for key, inner in each.items()
        }
        if isinstance(each, dict)
        else MASK
        for each in value
    ]


def masked_options(value: Any) -> Any:
    """Return the options of a push with the names of variables alone; odd ones are masked whole."""
    if not isinstance(value, dict):
        return value if value is None else MASK
    return {
        space: {
            key: masked_assignments(inner) if str(key).lower() in GIVEN else inner
            for key, inner in options.items()
        }
        if isinstance(options, dict)
        else MASK
        for space, options in value.items()
    }


def masked_assignments(value: Any) -> Any:
    """Return how often each `NAME=value` was given, by name."""
    if not isinstance(value, dict):
        return MASK
    return {f"{text.partition('=')[0]}={MASK}": MASK for text in value if "=" in text}
