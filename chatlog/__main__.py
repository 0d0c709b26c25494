"""``python -m chatlog`` is the ``chatlog`` command."""

from chatlog.cli import main

if __name__ == "__main__":
    main(prog_name="chatlog")
