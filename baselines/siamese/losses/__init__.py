"""Losses on distances, one a file; a new file is a new loss.

A file `my_loss.py` states `NEEDS = Needs(...)` in literals and defines `class MyLoss(Loss)`; see
`contrastive.py`. Files that start with "_" are helpers.
"""
