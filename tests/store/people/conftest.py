from tests.store.conftest import *  # noqa: F403 -- the same databases
