"""The command `jaringan`, also as `python -m jaringan_usaha`."""

from jaringan_usaha.cli.program import main

if __name__ == "__main__":
    main()
