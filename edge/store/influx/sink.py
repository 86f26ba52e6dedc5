"""Rows into an InfluxDB 2 by its own client, in one waiting thread, and what each of its answers means.

The client is imported when the first row is sent. It follows no redirect (its default), so the token goes nowhere but
to the address in the settings.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from edge.domain.instant import DAY, SECOND, Instant, to_rfc3339
from edge.domain.names import Text
from edge.domain.site import Uplink
from edge.store.cursors import Entry
from edge.store.influx.answers import Answer, Invalid, Missing, StopError, TooLarge, judged
from edge.store.influx.lines import Lines
from edge.store.sink import Outcome, Refused, Trouble

log = logging.getLogger(__name__)

TRUST: Final = 50  # requests after which a larger one is tried: it costs one refused in so many
_UNPROVED: Final = Text(
    "服务器不可查询，无法证实已入库", "the server cannot be queried: storage is not proved"
)
_PROVED: Final = Text("已读回证实", "proved by reading back")


class InfluxSink:
    """See `edge.store.sink.Sink`. patience: seconds to wait before each look for what was written."""

    def __init__(
        self,
        uplink: Uplink,
        lines: Lines,
        now: Callable[[], Instant],
        patience: Sequence[float] = (0.0, 1.0, 2.0, 4.0),
    ) -> None:
        self._patience = patience
        self._uplink = uplink
        self._lines = lines
        self._now = now
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"uplink-{uplink.id}")
        self._client: Any = None  # an InfluxDBClient: its types are partial
        self._end: object = None  # our address on the connection that the last request left open
        self._size = _Size(uplink.batch)

    async def send(self, rows: Sequence[Entry]) -> Outcome:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._send, rows)

    async def touch(self) -> Outcome:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._touch)

    async def prove(self) -> tuple[Trouble | None, Text]:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._prove)

    async def close(self) -> None:
        """A request under way ends within its time-out and is not waited for: its rows are sent again."""
        self._pool.submit(self._let_go)
        self._pool.shutdown(wait=False)

    # -- in the thread

    def _send(self, rows: Sequence[Entry]) -> Outcome:
        delivery = _Delivery(self._post, self._lines.mark(self._now().utc), self._size)
        try:
            delivery.deliver([self._lines.of(row) for row in rows])
        except StopError as stop:
            return Outcome(trouble=stop.trouble, doubtful=delivery.taken + stop.doubtful)
        except Exception as error:
            log.exception("uplink %s: defect", self._uplink.id)
            why = Text(f"程序缺陷:{error!r}", f"a defect of the program: {error!r}")
            return Outcome(trouble=Trouble(why, slow=True), doubtful=len(rows))
        return Outcome(refused=delivery.refused, fresh=self._reconnected())

    def _touch(self) -> Outcome:
        """A mark, as rows go: whoever only says that it is there need not be who has the rows."""
        try:
            self._post([self._lines.mark(self._now().utc)])
        except StopError as stop:
            return Outcome(trouble=stop.trouble)
        return Outcome(fresh=self._reconnected())

    def _post(self, lines: Sequence[str], *, made: bool = False) -> Answer:
        """One request; StopError unless the server judged the lines."""
        answer = self._request(
            lambda client: _write_service(client).post_write_with_http_info(
                org=self._uplink.org,
                bucket=self._uplink.bucket,
                body="\n".join(lines).encode(),
                precision="us",
                content_type="text/plain; charset=utf-8",
                async_req=False,
            )[1:],
            len(lines),
        )
        if isinstance(answer, Missing):
            if made or not answer.bucket:
                raise StopError(Trouble(answer.text, slow=True))
            self._make_bucket(answer.text)
            return self._post(lines, made=True)
        return answer

    def _request(self, call: Callable[[Any], Any], count: int) -> Answer:
        """What the server says to `call`, which gives (status, headers); count: lines that go with it."""
        from influxdb_client.rest import ApiException
        from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

        try:
            status, headers = call(self._open())
        except ApiException as error:
            if error.status in {401, 403}:
                self._let_go()  # the token may be another when it is tried again
            return judged(
                self._uplink, error.status, error.headers, error.body or error.reason, count, self._now()
            )
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise StopError(self._away(error)) from error
        except (HTTPError, OSError, UnicodeDecodeError) as error:
            self._let_go()
            raise StopError(self._away(error), count) from error
        return judged(self._uplink, status, headers, "", count, self._now())

    def _away(self, error: Exception) -> Trouble:
        url, why = self._uplink.url, type(error).__name__
        return Trouble(Text(f"{url} 没有应答({why})", f"{url} does not answer ({why})"), away=True)

    def _open(self) -> Any:
        if self._client is None:
            from influxdb_client.client.influxdb_client import InfluxDBClient

            ca = self._uplink.ca
            self._client = InfluxDBClient(
                url=self._uplink.url,
                token=self._token(),
                org=self._uplink.org,
                timeout=round(self._uplink.timeout * 1000),
                enable_gzip=self._uplink.compress,
                ssl_ca_cert=None if ca is None else str(ca),
            )
        return self._client

    def _reconnected(self) -> bool:
        """Whether the connection of the last time broke since. Where a server closes each in good order: never.

        The client mends it without a word, so the kept connection's own end is looked at.
        """
        pool = self._open().api_client.rest_client.pool_manager.connection_from_url(self._uplink.url).pool
        kept = [one.sock for one in pool.queue if one is not None and one.sock is not None]
        before, self._end = self._end, kept[-1].getsockname() if kept else None
        return before is not None and before != self._end

    def _token(self) -> str:
        path = self._uplink.token_file
        if path is None:
            return ""
        try:
            token = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = Text(f"令牌文件 {path} 无法读取", f"the token file {path} cannot be read")
            raise StopError(Trouble(why, slow=True)) from error
        if not token.isascii() or not token.isprintable():
            why = Text(f"令牌文件 {path} 内容不是令牌", f"what {path} holds is no token")
            raise StopError(Trouble(why, slow=True))
        return token

    def _let_go(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _make_bucket(self, why: Text) -> None:
        """Make the bucket that is missing; StopError with `why` when the token may not."""
        from influxdb_client.domain.bucket_retention_rules import BucketRetentionRules
        from influxdb_client.rest import ApiException
        from urllib3.exceptions import HTTPError

        uplink = self._uplink
        keep = uplink.retention_days * DAY // SECOND
        make: Any = BucketRetentionRules
        rules = [make(type="expire", every_seconds=keep)] if keep else None
        try:
            self._open().buckets_api().create_bucket(
                bucket_name=uplink.bucket, org=uplink.org, retention_rules=rules
            )
        except ApiException as error:
            if error.status == 422:  # made by somebody else meanwhile
                return
            mend = Text(
                f"{why.zh}；令牌无权新建，请在服务器上建好",
                f"{why.en}; the token may not make it: make it there",
            )
            raise StopError(Trouble(mend, slow=True)) from error
        except (HTTPError, OSError) as error:
            raise StopError(self._away(error)) from error
        log.warning("uplink %s: made the bucket %s", uplink.id, uplink.bucket)

    def _prove(self) -> tuple[Trouble | None, Text]:
        """Write a mark and look for it."""
        at = self._now().utc
        try:
            if self._post([self._lines.mark(at)]) is not None:
                return None, _UNPROVED
            found = self._found(at)
        except StopError as stop:
            return (None, _UNPROVED) if stop.doubtful else (stop.trouble, _UNPROVED)
        if found is None:
            return None, _UNPROVED
        if found:
            return None, _PROVED
        since = to_rfc3339(at)
        return Trouble(
            Text(
                f"服务器应答已收，但读不回数据：可能没有保存，恢复后请用 edge-hub resend 补发({since} 之前)",
                f"the server takes data but does not hold it: mend it, then send again what came before {since}"
                " with edge-hub resend",
            ),
            slow=True,
        ), _UNPROVED

    def _found(self, at: int) -> bool | None:
        """As `_find`, a few times: what was taken need not be readable at once."""
        for pause in self._patience:
            time.sleep(pause)
            if (found := self._find(at)) is not False:
                return found
        return False

    def _find(self, at: int) -> bool | None:
        """Whether the mark of that time is there; None when the server does not let us look."""
        from influxdb_client.rest import ApiException
        from urllib3.exceptions import HTTPError

        start, stop = to_rfc3339(at - SECOND), to_rfc3339(at + SECOND)
        bucket = self._uplink.bucket.replace("\\", "\\\\").replace('"', '\\"')
        flux = (
            f'from(bucket: "{bucket}") |> range(start: {start}, stop: {stop})'
            ' |> filter(fn: (r) => r._measurement == "edgehub_uplink" and r._field == "mark")'
        )
        try:
            tables = self._open().query_api().query(flux, org=self._uplink.org)
        except (ApiException, HTTPError, OSError, ValueError, KeyError):
            return None
        return any(record.get_value() == at for table in tables for record in table.records)


@dataclass(slots=True)
class _Size:
    """How many lines go into one request: at most `limit`, less where the server found that too large.

    Once it has taken `TRUST` such smaller requests in a row, twice as many are tried: what was in the way may be gone.
    """

    limit: int
    most: int = 0
    taken: int = 0  # requests of that size, in a row

    def __post_init__(self) -> None:
        self.most = self.limit

    def lower(self, lines: int) -> None:
        """So many lines were taken where more were too many."""
        self.most, self.taken = max(1, min(self.most, lines)), 0

    def took(self, lines: int) -> None:
        """The server took a request."""
        if lines >= self.most < self.limit:
            self.taken += 1
            if self.taken >= TRUST:
                self.most, self.taken = min(self.limit, self.most * 2), 0


class _Delivery:
    """One batch on its way: halved where the server finds it too large or refuses something in it.

    mark: a line that no server has a reason to refuse.
    """

    def __init__(self, post: Callable[[Sequence[str]], Answer], mark: str, size: _Size) -> None:
        self.taken = 0
        self.refused: list[Refused] = []
        self._post = post
        self._mark = mark
        self._size = size
        self._vouched = False

    def deliver(self, lines: Sequence[str]) -> None:
        """Send all lines; StopError when the server is in trouble."""
        at = 0
        while at < len(lines):
            some = lines[at : at + self._size.most]
            at += len(some)
            self._deliver(some)

    def _deliver(self, lines: Sequence[str]) -> bool:
        """Send these lines; whether none of them is too large by itself, which says nothing about their number."""
        answer = self._post(lines)
        if answer is None:
            self.taken += len(lines)
            self._vouched = True
            self._size.took(len(lines))
            return True
        if len(lines) == 1:
            self._refuse(lines[0], answer)
            return not isinstance(answer, TooLarge)
        half = len(lines) // 2
        first = self._deliver(lines[:half])
        fits = self._deliver(lines[half:]) and first
        if isinstance(answer, TooLarge) and fits:
            self._size.lower(half)
        return fits

    def _refuse(self, line: str, answer: Invalid | TooLarge | Missing) -> None:
        """Set a line aside, unless the server refuses whatever it is given: then it is the server that is ill."""
        if not self._vouched:
            if self._post([self._mark]) is not None:
                why = Text(
                    f"服务器拒收一切数据：{answer.text.zh}",
                    f"the server refuses everything: {answer.text.en}",
                )
                raise StopError(Trouble(why, slow=True))
            self._vouched = True
        self.refused.append(Refused(line, answer.text.en))


def _write_service(client: Any) -> Any:
    """The write API without the client's own batching and formatting: its synchronous mode hides the status."""
    from influxdb_client.service import write_service

    make: Any = write_service.WriteService
    return make(client.api_client)
