"""What the installed command calls: nothing is imported before Ctrl+C is taken care of."""


def entry() -> int:
    """Run the command line of this process; returns the exit code.

    A command makes little garbage and ends soon, so none is collected.
    """
    try:
        import gc

        gc.disable()
        from tokentide.cli.main import main

        return main()
    except KeyboardInterrupt:
        return 130
