"""What a vendor refuses, and the questions that callers have about it."""

OK = 200
"""Of an ApiError: it was answered, with a page that is no JSON."""
MOVED = frozenset({301, 302, 303, 307, 308})
GONE = frozenset({404, 410})
BLOCKED = "access blocked"
"""What a vendor says of a repository that it took down."""


class ApiError(Exception):
    """What a vendor refuses, in a sentence for people; `status` 0 when it did not answer at all."""

    def __init__(self, why: str, status: int = 0) -> None:
        super().__init__(why)
        self.status = status

    @property
    def is_unanswered(self) -> bool:
        """There was no answer, or none that could be read."""
        return self.status == 0 or self.is_no_json

    @property
    def is_unsteady(self) -> bool:
        """It may be another time, or in smaller parts: no answer, a broken or a failed one."""
        return self.is_unanswered or self.status >= 500

    @property
    def is_no_json(self) -> bool:
        """A page came in place of JSON, a proxy's or a sign-in's: in parts it would, too."""
        return self.status == OK

    @property
    def is_bad_key(self) -> bool:
        """The key is not accepted: nothing else can be asked for either."""
        return self.status == 401

    @property
    def is_hidden(self) -> bool:
        """It may not be seen, or is not there: to a key without rights both look alike."""
        return self.status in (403, 404)

    @property
    def is_forbidden(self) -> bool:
        """The key may not see it, or nobody may."""
        return self.status in (403, 451)

    @property
    def is_gone(self) -> bool:
        """It is not there, or not any more."""
        return self.status in GONE

    @property
    def is_blocked(self) -> bool:
        """The vendor withholds it from everybody."""
        return self.status == 451 or (self.status == 403 and BLOCKED in str(self).lower())

    @property
    def is_empty(self) -> bool:
        """The repository has no commit yet."""
        return self.status == 409

    @property
    def is_unknown_commit(self) -> bool:
        """The commit that was named is not there, or not any more."""
        return self.status in (404, 409, 422)

    @property
    def is_invalid(self) -> bool:
        """The request itself is refused, as one for what is there already."""
        return self.status == 422


def in_one_line(text: str) -> str:
    """Return a stranger's text in one short line."""
    return ascii(" ".join(text.split())[:200])[1:-1]


def breaks_off(content: bytes) -> bool:
    """Tell whether what is no JSON was to be some; else it is another page."""
    return content.lstrip()[:1] in (b"{", b"[", b"")


def explain_no_json(title: str, content: bytes) -> str:
    """Say what is the matter with an answer that is no JSON."""
    if breaks_off(content):
        return f"{title}'s answer breaks off"
    return f"{title}'s answer is no JSON (check the API's address, and proxies)"
