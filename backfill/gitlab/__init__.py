"""Ask GitLab's API, and set up its webhooks: `backfill.vendors.HookKeeper`."""

from backfill.gitlab.api_access import ADDRESS as ADDRESS
from backfill.gitlab.api_access import KEY as KEY
from backfill.gitlab.api_access import TITLE as TITLE
from backfill.gitlab.api_access import check_key as check_key
from backfill.gitlab.api_access import open_client as open_client
from backfill.gitlab.hook_registration import explain_refusal as explain_refusal
from backfill.gitlab.hook_registration import hook_owners as hook_owners
from backfill.gitlab.hook_registration import inspect_hooks as inspect_hooks
from backfill.gitlab.hook_registration import set_up_hook as set_up_hook
from backfill.gitlab.hook_registration import wait_for_ping as wait_for_ping
