"""What a team is told: reports over the totals of the team store, each of what its viewer may see.

`asking` has the question, `figures` the shapes that all reports share, `reports` the list of them.
"""
