"""One module for each command of `./merkez`; the list with their help stands in `controlroom/cli.py`."""
