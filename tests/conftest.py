"""What every test may rely on, however the tests were started."""

import signal

import pytest

import pmsite.source.ready  # noqa: F401  worker processes are forked from here with all of it in place


@pytest.fixture(autouse=True, scope="session")
def _interrupts() -> None:
    """Ctrl-C reaches the programs that tests start, even where a shell ignores it for what runs in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
