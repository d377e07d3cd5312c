"""Pages of one workflow, job, runner, branch or pull request: what names it in, its history out.

Each page reads its newest runs or jobs and draws them by one template, histories.html.
"""
