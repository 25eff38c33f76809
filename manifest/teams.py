"""The Teams app package: manifest (learn.microsoft.com, "App manifest schema"), icons and zip."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from uuid import UUID, uuid5
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from adapters.teams.surface import CONSENTS, CREATE, SEARCH, UPDATE
from store.model import Json

VERSION = "1.19"
_SCHEMA = f"https://developer.microsoft.com/json-schemas/teams/v{VERSION}/MicrosoftTeams.schema.json"
_ACCENT = "#1F5FBF"
_SCOPES = ("personal", "team", "groupChat")
_TITLE, _DESCRIPTION = 32, 128  # characters of a command
_COMMANDS = 10  # that a list may have
_OURS = UUID("0f6f7a0e-6d0b-4c58-9f0c-6f1f1f2a9d51")  # from which an app's own id is made: it is none of its bot's
_NAME = 30  # characters


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    name: str
    summary: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Publisher:
    """Who offers the app to its users, with pages that Teams links to."""

    name: str
    website: str
    privacy: str
    terms: str


def manifest(
    app_id: str, commands: Sequence[Command], publisher: Publisher, *, version: str, mentions_only: bool, name: str
) -> Json:
    """`mentions_only`: without consent to hear all that is said where the app was added."""
    made: Json = {
        "$schema": _SCHEMA,
        "manifestVersion": VERSION,
        "version": version,
        "id": str(uuid5(_OURS, app_id)),
        "developer": {
            "name": publisher.name,
            "websiteUrl": publisher.website,
            "privacyUrl": publisher.privacy,
            "termsOfUseUrl": publisher.terms,
        },
        "name": {"short": name[:_NAME], "full": f"{name}: cases from conversations"},
        "description": {
            "short": "Turns conversations into cases, and tells the thread what became of them.",
            "full": (
                "Write what is wrong, in a chat or a channel: a case is opened once it is clear what it is about, and"
                " its card stays in the thread. Representatives update it from there."
            ),
        },
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": _ACCENT,
        "bots": [
            {
                "botId": app_id,
                "scopes": list(_SCOPES),
                "supportsFiles": True,  # else nobody can send us any
                "isNotificationOnly": False,
                "commandLists": [
                    {"scopes": list(_SCOPES), "commands": [_command(each) for each in commands[:_COMMANDS]]}
                ],
            }
        ],
        "composeExtensions": [{"botId": app_id, "commands": _extensions()}],
        "validDomains": [],
        "webApplicationInfo": {"id": app_id, "resource": "https://RscBasedStoreApp"},
    }
    if mentions_only:
        return made
    wanted = [{"name": each, "type": "Application"} for each in sorted(CONSENTS)]
    return {**made, "authorization": {"permissions": {"resourceSpecific": wanted}}}


def package(made: Json) -> bytes:
    """The zip that is uploaded."""
    files = {
        "manifest.json": json.dumps(made, indent=2, ensure_ascii=False).encode(),
        "color.png": color_icon(),
        "outline.png": outline_icon(),
    }
    kept = BytesIO()
    with ZipFile(kept, "w", ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            zipped.writestr(ZipInfo(name), content, compress_type=ZIP_DEFLATED)
    return kept.getvalue()


def _command(command: Command) -> Json:
    return {"title": f"/{command.name}"[:_TITLE], "description": command.summary[:_DESCRIPTION]}


def _extensions() -> list[Json]:
    return [
        {
            "id": CREATE,
            "type": "action",
            "title": "Create case",
            "description": "Open a case from this conversation.",
            "context": ["message"],
            "fetchTask": True,
        },
        {
            "id": UPDATE,
            "type": "action",
            "title": "Update case from conversation",
            "description": "Fill this conversation's case with what was said since.",
            "context": ["message"],
            "fetchTask": True,
        },
        {
            "id": SEARCH,
            "type": "query",
            "title": "Find a case",
            "description": "Your cases, and those that wait for somebody.",
            "context": ["compose", "commandBox"],
            "initialRun": True,
            "parameters": [
                {"name": "q", "title": "Number or words", "description": "Part of its title, or its number"}
            ],
        },
    ]


# --- the icons: a folder with a tick, drawn by hand ---------------------------------------------------

Inside = Callable[[float, float], bool]
_FINE = 4  # points along each side of a pixel that are looked at: smooth edges


def color_icon() -> bytes:
    """192 by 192 pixels, white on the accent colour."""
    return _png(192, lambda x, y: (255, 255, 255) if _glyph(x, y) else (0x1F, 0x5F, 0xBF), lambda _x, _y: True)


def outline_icon() -> bytes:
    """32 by 32 pixels, white on nothing."""
    return _png(32, lambda _x, _y: (255, 255, 255), _glyph)


def _glyph(x: float, y: float) -> bool:
    """In a square of side 1: the outline of a folder, and a tick in it."""
    folder = _in_box((x, y), (0.2, 0.32), (0.8, 0.76)) or _in_box((x, y), (0.2, 0.25), (0.48, 0.34))
    inner = _in_box((x, y), (0.26, 0.38), (0.74, 0.7))
    tick = _on_line((x, y), (0.37, 0.54), (0.47, 0.63)) or _on_line((x, y), (0.47, 0.63), (0.64, 0.45))
    return (folder and not inner) or tick


Point = tuple[float, float]


def _in_box(point: Point, top_left: Point, bottom_right: Point) -> bool:
    return top_left[0] <= point[0] <= bottom_right[0] and top_left[1] <= point[1] <= bottom_right[1]


def _on_line(point: Point, start: Point, end: Point, width: float = 0.035) -> bool:
    """Nearer to the line between two points than its half width."""
    across, down = end[0] - start[0], end[1] - start[1]
    along = ((point[0] - start[0]) * across + (point[1] - start[1]) * down) / (across**2 + down**2)
    nearest = min(max(along, 0.0), 1.0)
    aside, below = point[0] - start[0] - nearest * across, point[1] - start[1] - nearest * down
    return aside**2 + below**2 <= width**2


def _png(side: int, color: Callable[[float, float], tuple[int, int, int]], opaque: Inside) -> bytes:
    """A PNG (w3.org/TR/png-3) of colour and transparency, 8 bits each."""
    rows = b"".join(
        b"\0" + b"".join(_pixel(column, row, side, color, opaque) for column in range(side)) for row in range(side)
    )
    header = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _pixel(
    column: int, row: int, side: int, color: Callable[[float, float], tuple[int, int, int]], opaque: Inside
) -> bytes:
    points = [
        ((column + (i + 0.5) / _FINE) / side, (row + (j + 0.5) / _FINE) / side)
        for i in range(_FINE)
        for j in range(_FINE)
    ]
    colors = [color(*point) for point in points]
    mean = [sum(each[part] for each in colors) // len(colors) for part in range(3)]
    return bytes([*mean, 255 * sum(opaque(*point) for point in points) // len(points)])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
