"""Losses on distances, one a file; a new file is a new loss.

A file `my_loss.py` states `NEEDS = Needs(...)` in literals, may state `TITLE = "..."` and
`PAPER = ("Author et al. 2020", "key in the bibliography")`, and defines `class MyLoss`: a
`TableLoss` on all distances of a batch (see `nt_xent.py`), a `PairLoss` on single pairs
(`contrastive.py`), a `ProxyLoss` (`proxy_nca.py`) or any other `Loss` (`triplet.py`). Files that
start with "_" are helpers.
"""
