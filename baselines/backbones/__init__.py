"""Networks that turn images into vectors, one a file; a new file is a new backbone.

A file `my_net.py` defines `class MyNet(nn.Module)` with `__init__(channels, side, width)` and
`forward(images [n, c, side, side]) -> [n, e]`; `smallest` is the smallest side that it takes. A
constructor may also take `drop`, the part that is dropped in training, and `pretrained`, for
published weights. A network with `family = "text"` takes code points [n, side] instead of images.
A file may state `TITLE = "My-Net"` for tables. Files that start with "_" are helpers, and
`describe` lists sizes and costs.
"""
