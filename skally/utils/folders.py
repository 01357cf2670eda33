"""Folders of files that must not be lost."""

import os


def sync_folder(folder):
    """Write the names of new files to the disk, where the system can."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
