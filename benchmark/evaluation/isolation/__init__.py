"""A user's model in a process of its own, which is given shuffled arrays and returns arrays.

Nothing that says what an item is reaches that process: no labels of test items, no item numbers, no
frames or objects of the harness, no open files and none of the suite's environment variables. Both
sides exchange plain arrays and JSON (`messages`), never pickles, so that the model cannot run code
in the process that scores it. It trains there too, on `TrainingData` that hold copies of the
training and validation items alone.
"""
