"""Named SELECTs for the pages of one workflow, job, runner, branch or pull request.

What names it goes in; its newest runs or jobs come out. Indexes find them, however many there are.
"""
