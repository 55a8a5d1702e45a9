"""The models that the benchmark judges: Siamese, episodic and fixed.

Nothing here knows how a model is judged; the harness (`benchmark`) finds models by their key.
"""
