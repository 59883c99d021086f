"""``python -m otvet``."""

from otvet.cli import main

if __name__ == "__main__":
    main()
