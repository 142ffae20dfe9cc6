"""Stockroom for Python: libstockroom through ctypes, without an extension module. Python 3.8 or newer.

    with Stockroom("shop.sqlite3") as shop:
        shop.execute({"register_sku": {"sku": "mug"}})

Commands, reads and answers are the documents of docs/documents as dictionaries. A business "no" raises `Rejected`, a
failure raises `StockroomError`. A `Stockroom` may be shared between threads; calls let other Python threads run. Open
it after a fork, not before (with multiprocessing: in the worker).

The library is looked for as STOCKROOM_LIBRARY says, or as libstockroom.so.0 where the system finds it.
"""

import ctypes
import json
import os
from ctypes import POINTER, byref, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_uint8, c_void_p
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Type, Union

ABI_VERSION = 0
_UNKNOWN = -(2**63)
_DURABILITIES = {"full": 0, "normal": 1}

Document = Dict[str, Any]


class StockroomError(Exception):
    """A call failed. `status` is the number of include/stockroom.h, `operation` what failed, and `retryable` says
    whether the same call can succeed later: then send the same command with the same key again."""

    def __init__(self, status: int, operation: str, message: str, retryable: bool) -> None:
        super().__init__(message)
        self.status = status
        self.operation = operation
        self.retryable = retryable


class Rejected(Exception):
    """A command was refused by the rules of the business, and changed nothing. `code` is a name of docs/codes.md;
    `faults` say of each place in the command what is wrong."""

    def __init__(self, rejection: Document) -> None:
        self.code: str = rejection["code"]
        self.faults: List[Document] = rejection["faults"]
        super().__init__("; ".join([self.code] + [str(fault.get("message", fault)) for fault in self.faults]))


@dataclass(frozen=True)
class Reply:
    """What became of one command: an `answer`, or a `rejection`. `repeated`: it was answered before, and not done
    again."""

    answer: Any
    rejection: Optional[Document]
    repeated: bool

    def accepted(self) -> "Reply":
        """The reply itself; raises `Rejected` where the command was refused."""
        if self.rejection is not None:
            raise Rejected(self.rejection)
        return self


class Stockroom:
    """An open database. `place` is a path to an SQLite file, or `:memory:`. `durability` is `full`, where every answer
    survives a power cut, or `normal`, where it survives a crash of the process."""

    def __init__(
        self, place: Union[str, "os.PathLike[str]"], *, durability: str = "full", busy_timeout_ms: int = 5000
    ) -> None:
        self._handle: Optional[int] = None
        self._library = _load()
        options = _Options()
        self._check(self._library.stockroom_options_init(byref(options), ctypes.sizeof(options)))
        options.durability = _DURABILITIES[durability]
        options.busy_timeout_ms = busy_timeout_ms
        handle = c_void_p()
        path = os.fspath(place).encode()
        self._check(self._library.stockroom_open(path, len(path), byref(options), byref(handle)))
        self._handle = handle.value

    def close(self) -> None:
        """Closes the database. Closing twice does nothing."""
        handle, self._handle = self._handle, None
        if handle is not None:
            self._check(self._library.stockroom_close(handle))

    def __enter__(self) -> "Stockroom":
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def execute(self, action: Document, key: Optional[str] = None) -> Reply:
        """Does one command and returns when it is durable. With the same key again it is not done again. Raises
        `Rejected`."""
        return self._reply(self._send("stockroom_execute", _command(action, key))).accepted()

    def execute_batch(self, commands: Iterable[Document]) -> List[Reply]:
        """Does many commands in one commit, each standing or falling alone. A command is
        `{"action": ..., "key": ...}`."""
        return [self._reply(reply) for reply in self._send("stockroom_execute_batch", list(commands))]

    def preview(self, action: Document, key: Optional[str] = None) -> Reply:
        """The reply that a command would get now. Changes nothing, and does not raise `Rejected`."""
        return self._reply(self._send("stockroom_preview", _command(action, key)))

    def read(self, name: str, **arguments: Any) -> Any:
        """Answers a read of docs/documents/read.schema.json, such as `read("order", order="o-1")`."""
        return self._send("stockroom_read", {name: arguments})

    def available(self, sku: str, location: str) -> Optional[int]:
        """How many units can be promised; None where SKU or location is not registered."""
        return self.availability([sku], location)[0]

    def availability(self, skus: Iterable[str], location: str) -> List[Optional[int]]:
        """The same for many SKUs at one location, from one consistent state."""
        names = [sku.encode() for sku in skus]
        texts = (_Text * len(names))(*[_Text(name, len(name)) for name in names])
        units = (c_int64 * len(names))()
        place = location.encode()
        self._check(
            self._library.stockroom_availability(self._handle, place, len(place), texts, len(names), units)
        )
        return [None if count == _UNKNOWN else count for count in units]

    def events(self, after: int = 0, page: int = 500) -> Iterator[Document]:
        """Every event after a number as a CloudEvents 1.0 document, in order. Its `id` is the number to go on from."""
        while True:
            events = self._document("stockroom_events", after, page)
            yield from events
            if not events:
                return
            after = int(events[-1]["id"])

    def publish(
        self, subscription: str, source: str, handler: Callable[[List[Document]], None], limit: int = 100
    ) -> int:
        """Hands a subscription's next events to `handler` and moves past them when it returns; what it raises is raised
        here, and the events come again. Returns how many there were; 0 where there are none. The handler may not use
        the library."""
        raised: List[BaseException] = []

        def queue(_context: Optional[int], events: int, length: int, count: int) -> int:
            try:
                handler(json.loads(ctypes.string_at(events, length)))
                return count
            except BaseException as error:  # An exception may not pass through C.
                raised.append(error)
                return -1

        published = c_size_t()
        name, speaker = subscription.encode(), source.encode()
        status = self._library.stockroom_publish(
            self._handle, name, len(name), speaker, len(speaker), limit, _Queue(queue), None, byref(published)
        )
        if raised:
            raise raised[0]
        self._check(status)
        return published.value

    def verify(self) -> Document:
        """Reads everything and checks every invariant. The report's `ok` says whether all hold, `problems` what does
        not."""
        return self._document("stockroom_verify", byref(c_int32()))

    def digest(self) -> bytes:
        """SHA-256 of the whole state: equal digests mean equal rows."""
        digest = (c_uint8 * 32)()
        self._check(self._library.stockroom_digest(self._handle, digest))
        return bytes(digest)

    def _send(self, function: str, document: Any) -> Any:
        text = json.dumps(document).encode()
        return self._document(function, text, len(text))

    def _document(self, function: str, *arguments: Any) -> Any:
        """Calls a function whose last argument takes a document, reads that and frees it."""
        document, text, length = c_void_p(), c_void_p(), c_size_t()
        self._check(getattr(self._library, function)(self._handle, *arguments, byref(document)))
        try:
            self._check(self._library.stockroom_document_text(document, byref(text), byref(length)))
            return json.loads(ctypes.string_at(text.value or 0, length.value))
        finally:
            self._check(self._library.stockroom_document_free(document))

    def _reply(self, reply: Document) -> Reply:
        outcome = reply["outcome"]
        return Reply(outcome.get("accepted"), outcome.get("rejected"), reply["repeated"])

    def _check(self, status: int) -> None:
        """Raises what the thread's last error tells."""
        if status != 0:
            library = self._library
            operation = library.stockroom_last_error_operation().decode()
            message = library.stockroom_last_error_message().decode()
            raise StockroomError(status, operation, message, library.stockroom_last_error_retryable() == 1)


def _command(action: Document, key: Optional[str]) -> Document:
    return {"action": action} if key is None else {"action": action, "key": key}


class _Text(ctypes.Structure):
    _fields_ = [("bytes", c_char_p), ("len", c_size_t)]


class _Options(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("durability", c_int32),
        ("busy_timeout_ms", c_uint32),
        ("cache_kib", c_uint32),
        ("checksums", c_uint32),
        ("clock", c_void_p),
        ("clock_context", c_void_p),
        ("log", c_void_p),
        ("log_context", c_void_p),
    ]


_Queue = ctypes.CFUNCTYPE(c_int64, c_void_p, c_void_p, c_size_t, c_size_t)

# What of include/stockroom.h is used here, with the arguments of each; the tests compare it with the header.
_FUNCTIONS: Dict[str, Any] = {
    "stockroom_options_init": [POINTER(_Options), c_size_t],
    "stockroom_open": [c_char_p, c_size_t, POINTER(_Options), POINTER(c_void_p)],
    "stockroom_close": [c_void_p],
    "stockroom_execute": [c_void_p, c_char_p, c_size_t, POINTER(c_void_p)],
    "stockroom_execute_batch": [c_void_p, c_char_p, c_size_t, POINTER(c_void_p)],
    "stockroom_preview": [c_void_p, c_char_p, c_size_t, POINTER(c_void_p)],
    "stockroom_read": [c_void_p, c_char_p, c_size_t, POINTER(c_void_p)],
    "stockroom_events": [c_void_p, c_uint64, c_uint32, POINTER(c_void_p)],
    "stockroom_availability": [c_void_p, c_char_p, c_size_t, POINTER(_Text), c_size_t, POINTER(c_int64)],
    "stockroom_verify": [c_void_p, POINTER(c_int32), POINTER(c_void_p)],
    "stockroom_digest": [c_void_p, POINTER(c_uint8)],
    "stockroom_publish": [
        c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, c_uint32, _Queue, c_void_p, POINTER(c_size_t)
    ],
    "stockroom_document_text": [c_void_p, POINTER(c_void_p), POINTER(c_size_t)],
    "stockroom_document_free": [c_void_p],
    "stockroom_abi_version": [],
    "stockroom_last_error_message": [],
    "stockroom_last_error_operation": [],
    "stockroom_last_error_retryable": [],
}  # fmt: skip
_TEXTS = {"stockroom_last_error_message", "stockroom_last_error_operation"}

_loaded: Optional[ctypes.CDLL] = None


def _load() -> ctypes.CDLL:
    """Loads the library, once for the process."""
    global _loaded
    if _loaded is None:
        library = ctypes.CDLL(os.environ.get("STOCKROOM_LIBRARY", f"libstockroom.so.{ABI_VERSION}"))
        for name, arguments in _FUNCTIONS.items():
            function = getattr(library, name)
            function.argtypes = arguments
            function.restype = c_char_p if name in _TEXTS else c_int32
        if library.stockroom_abi_version() != ABI_VERSION:
            raise ImportError(f"libstockroom has ABI {library.stockroom_abi_version()}, not {ABI_VERSION}")
        _loaded = library
    return _loaded
