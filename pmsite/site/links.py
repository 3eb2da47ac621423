"""Where the links of documents lead: to pages, to anchors on them, to files that travel along."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from pmsite.archive.incident import Visibility
from pmsite.config import Config
from pmsite.diagnostics import Diagnostic, Position, Severity, diagnose, did_you_mean
from pmsite.site import urls
from pmsite.site.attachments import Refused, check_attachment
from pmsite.source.document import Document, DocumentLink

_INDEX = ("index.md", "README.md", "readme.md")


@dataclass(frozen=True, slots=True)
class Resolved:
    """The targets of one document's links in order: addresses below the site's root, `#anchor`, or None if broken."""

    targets: tuple[str | None, ...]
    diagnostics: tuple[Diagnostic, ...]


_NOTHING = Resolved((), ())


class LinkResolver:
    """Resolves links between documents, and collects the files that have to travel along."""

    def __init__(
        self, addresses: Mapping[str, tuple[str, Document]], files: Mapping[str, str], config: Config
    ) -> None:
        self._addresses = addresses
        self._files = files
        self._config = config
        self._checked: dict[str, str | Refused] = {}
        self.attachments: dict[str, Path] = {}

    def resolve(self, document: Document) -> Resolved:
        if not document.body.links:
            return _NOTHING
        targets: list[str | None] = []
        diagnostics: list[Diagnostic] = []
        for link in document.body.links:
            target, problem = self._resolve(document, link)
            targets.append(target)
            if problem is not None:
                diagnostics.append(problem)
        return Resolved(tuple(targets), tuple(diagnostics))

    def _resolve(self, document: Document, link: DocumentLink) -> tuple[str | None, Diagnostic | None]:
        path, _, fragment = link.target.partition("#")
        path = unquote(path.partition("?")[0])
        fragment = unquote(fragment)
        if not path:
            return self._anchor(document, document, "", fragment, link)
        wanted = self._candidates(document.path, path)
        for candidate in wanted:
            if candidate in self._addresses:
                address, other = self._addresses[candidate]
                return self._anchor(document, other, address, fragment, link)
        for candidate in wanted:
            if candidate in self._files and not candidate.lower().endswith(".md"):
                return self._attachment(document, candidate, link)
        return None, self._broken(document, link, path)

    def _candidates(self, source: str, path: str) -> list[str]:
        """The files that a link may mean: as written, without .md, or a folder's index."""
        if path.startswith("/"):
            top = source.split("/", 1)[0]
            bases = [posixpath.normpath(path.lstrip("/")), posixpath.normpath(f"{top}/{path.lstrip('/')}")]
        else:
            bases = [posixpath.normpath(posixpath.join(posixpath.dirname(source), path))]
        found = []
        for base in bases:
            found += [base, f"{base}.md", *(posixpath.normpath(f"{base}/{name}") for name in _INDEX)]
        return found

    def _anchor(
        self, document: Document, other: Document, address: str, fragment: str, link: DocumentLink
    ) -> tuple[str | None, Diagnostic | None]:
        target = f"{urls.page_file(address)}#{fragment}" if fragment else urls.page_file(address)
        if other is document:
            target = f"#{fragment}" if fragment else "#"
        anchors = other.body.anchors
        if not fragment or fragment == "top" or fragment in anchors:
            return target, None
        for known in anchors:
            if known.casefold() == fragment.casefold():
                return target[: -len(fragment)] + known, None
        near = did_you_mean(fragment, anchors)
        where = "this document" if other is document else other.path
        message = f'"#{fragment}" is not in {where}' + (f" (did you mean #{near}?)" if near else "")
        return target, _diagnostic("W202", document, link, message, "name a heading's anchor")

    def _attachment(
        self, document: Document, path: str, link: DocumentLink
    ) -> tuple[str | None, Diagnostic | None]:
        checked = self._checked.get(path)
        if checked is None:
            checked = self._checked[path] = check_attachment(path, Path(self._files[path]), self._config)
        if isinstance(checked, Refused):
            problem = _diagnostic(checked.code, document, link, f"{path} {checked.reason}", checked.hint)
            is_graver = checked.code == "W802" and self._config.audience is Visibility.PUBLIC
            return None, replace(problem, severity=Severity.ERROR) if is_graver else problem
        self.attachments[checked] = Path(self._files[path])
        return checked, None

    def _broken(self, document: Document, link: DocumentLink, path: str) -> Diagnostic:
        if link.is_image:
            return _diagnostic(
                "W203", document, link, f'the image "{path}" does not exist', "add it or correct the path"
            )
        if posixpath.normpath(posixpath.join(posixpath.dirname(document.path), path)).startswith(".."):
            return _diagnostic(
                "W201", document, link, f'"{path}" leads out of the source', "link to a web address"
            )
        near = did_you_mean(
            posixpath.basename(path), [posixpath.basename(known) for known in self._addresses]
        )
        message = f'"{path}" does not exist' + (f" (did you mean {near}?)" if near else "")
        return _diagnostic("W201", document, link, message, "correct the path")


def _diagnostic(code: str, document: Document, link: DocumentLink, message: str, hint: str) -> Diagnostic:
    return diagnose(code, document.path, Position(link.line, link.column), message, hint)
