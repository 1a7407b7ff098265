"""`python -m connectors`: the same as the command `connectors`."""

from connectors.cli.main import main

if __name__ == "__main__":
    main()
