"""What every test may rely on, however the tests were started."""

import os
import signal

import pytest

import pmsite.source.ready  # noqa: F401  worker processes are forked from here with all of it in place


@pytest.fixture(autouse=True, scope="session")
def _interrupts() -> None:
    """Ctrl-C reaches the programs that tests start, even where a shell ignores it for what runs in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


# Files that take long, the longest first: a process gets whole files, and none should wait for another at the end.
LONG = (
    "test_serve", "test_explorer", "test_browser", "test_insights_pages", "test_action_list", "test_build", "test_rounds",
    "test_workflow", "test_deploy", "test_preview_browser", "test_docs", "test_adopt", "test_fulltext", "test_under_a_path",
    "test_cli", "test_cache", "test_theme", "test_infer", "test_read", "test_wheel",
)  # fmt: skip


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: tests of the preview and of pages wait for half of their time."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))
