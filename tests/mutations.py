"""Lines of FastStream 0.7.8 changed on purpose, one at a time: what does `changes` see of them?

`python -m tests.mutations [SECONDS [NUMBER ...]]` asks it about all of them, or some, and prints a
table.  The release stands as it is installed; a mutated copy lies before it on the import path.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bisector.changes import priority, sources
from bisector.changes.comparison import Comparison, Plan
from bisector.changes.findings import Finding
from bisector.changes.kinds import DIMENSIONS
from bisector.changes.runs import runner
from bisector.environments import recipes, releases
from bisector.environments.building import install
from bisector.rabbitmq.broker import open_broker

VERSION = "0.7.8"
JOBS = 10


@dataclass(frozen=True)
class Mutation:
    """One change of one file of FastStream's."""

    what: str
    file: str
    old: str
    new: str


_ACK = "middlewares/acknowledgement/middleware.py"
_LOG = "middlewares/logging.py"
_DECLARER = "rabbit/helpers/declarer.py"
_CHANNELS = "rabbit/helpers/channel_manager.py"
_PRODUCER = "rabbit/publisher/producer.py"
_PUBLISHER = "rabbit/publisher/usecase.py"
_SUBSCRIBER = "rabbit/subscriber/usecase.py"
_MESSAGE = "rabbit/message.py"

MUTATIONS = (
    Mutation("nack does not requeue by default", _MESSAGE,
             "requeue: bool = True", "requeue: bool = False"),
    Mutation("reject requeues by default", _MESSAGE,
             "requeue: bool = False", "requeue: bool = True"),
    Mutation("an ack is a nack", _MESSAGE,
             "pika_message.ack(multiple=multiple)", "pika_message.nack(multiple=multiple)"),
    Mutation("ack forgets `multiple`", _MESSAGE,
             "pika_message.ack(multiple=multiple)", "pika_message.ack()"),
    Mutation("queues are not durable", _DECLARER, "durable=queue.durable", "durable=False"),
    Mutation("queues' arguments are dropped", _DECLARER,
             "                    arguments=queue.arguments,\n", ""),
    Mutation("exchanges' auto_delete is dropped", _DECLARER,
             "                    auto_delete=exchange.auto_delete,\n", ""),
    Mutation("exchanges are bound without a key", _DECLARER,
             "routing_key=exchange.routing()", 'routing_key=""'),
    Mutation("prefetch is not set", _CHANNELS,
             "if channel.prefetch_count:", "if not channel.prefetch_count:"),
    Mutation("on_return_raises is dropped", _CHANNELS,
             "                    on_return_raises=channel.on_return_raises,\n", ""),
    Mutation("mandatory is off by default", "rabbit/broker/broker.py",
             "mandatory: bool = True", "mandatory: bool = False"),
    Mutation("replies are consumed with ack", _PRODUCER, "no_ack=True", "no_ack=False"),
    Mutation("reply_to is dropped", _PRODUCER,
             "            reply_to=cmd.reply_to,\n            headers", "            headers"),
    Mutation("publishing declares the exchange", _PRODUCER, "declare=False", "declare=True"),
    Mutation("slashes of the virtual host are lost", "rabbit/utils.py",
             'virtualhost or path.replace("/", "", 1)', 'virtualhost or path.replace("/", "")'),
    Mutation("the URL's port wins over the keyword", "rabbit/utils.py",
             "port or original_url.port", "original_url.port or port"),
    Mutation("no_ack is dropped", _SUBSCRIBER, "no_ack=self.__no_ack", "no_ack=False"),
    Mutation("bind arguments are dropped", _SUBSCRIBER,
             "                arguments=queue_to_bind.bind_arguments,\n", ""),
    Mutation("get_one does not acknowledge", _SUBSCRIBER,
             "no_ack: bool = True", "no_ack: bool = False"),
    Mutation("errors are acknowledged", _ACK,
             "AckPolicy.REJECT_ON_ERROR:\n            await self.__reject()",
             "AckPolicy.REJECT_ON_ERROR:\n            await self.__ack()"),
    Mutation("a failed ack is logged at DEBUG", _ACK, "logging.CRITICAL", "logging.DEBUG"),
    Mutation("errors are logged at INFO", _LOG,
             "log_level=logging.ERROR", "log_level=logging.INFO"),
    Mutation("errors are logged without their traceback", _LOG,
             "                        exc_info=exc_val,\n", ""),
    Mutation("a message's own id is lost", "rabbit/parser.py",
             "message_id=message.message_id or gen_cor_id()", "message_id=gen_cor_id()"),
    Mutation("JSON with a charset is not decoded", "message/utils.py",
             "content_type.startswith(ContentTypes.JSON.value)", "False"),
    Mutation("None is published as null", "message/utils.py",
             "if msg is None:", "if msg is NotImplemented:"),
    Mutation("the publisher's headers win", _PUBLISHER,
             'self.headers | (publish_kwargs.pop("headers") or {})',
             '(publish_kwargs.pop("headers") or {}) | self.headers'),
    Mutation("publishers do not declare their exchange", _PUBLISHER,
             "await self._outer_config.declarer.declare_exchange(self.exchange)", "pass"),
    Mutation("stopping does not cancel the consumer", _SUBSCRIBER,
             "await self._queue_obj.cancel(self._consumer_tag)", "pass"),
    Mutation("stopping does not wait for handlers", "_internal/endpoint/subscriber/usecase.py",
             "await self.lock.wait_release(self._outer_config.graceful_timeout)", "pass"),
    Mutation("IgnoredException reaches the handlers", "middlewares/exception.py",
             "if cls in self._publish_handlers:", "if cls in self._handlers:"),
    Mutation("the channel is not closed", "rabbit/broker/broker.py",
             "await self._channel.close()", "pass"),
)  # fmt: skip


async def find(mutations: list[Mutation], seconds: float) -> list[list[Finding]]:
    """Compare the release with each mutated copy of it, for so long each."""
    release = releases.find(releases.load(), VERSION)
    environment = recipes.of(release)
    await install(environment)
    (installed,) = environment.path.glob("lib/python*/site-packages/faststream")
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        async with (
            open_broker(lambda _text: None) as (broker, _),
            runner("original", environment, broker, JOBS, reach=True) as old,
        ):
            for number, mutation in enumerate(mutations):
                folder = Path(scratch, str(number))
                mutate(installed, folder / "faststream", mutation)
                async with runner(
                    "mutated", environment, broker, JOBS, [folder], reach=True
                ) as new:
                    changed = {*priority.words_of(f"{mutation.file} {mutation.old} {mutation.new}")}
                    key = priority.order(DIMENSIONS, changed)
                    differing = sources.changed(installed, folder / "faststream")
                    comparison = Comparison(old, new, DIMENSIONS, key=key, changed=differing)
                    found.append(await comparison.run(Plan(seconds)))
                    compared = comparison.compared
                shutil.rmtree(folder)
                first = found[-1][0].sentence[:110] if found[-1] else ""
                print(f"| {mutation.what} | {compared.situations} | {len(found[-1])} | {first} |",
                      flush=True)  # fmt: skip
    return found


def mutate(installed: Path, copy: Path, mutation: Mutation) -> None:
    """Copy FastStream, and change the one line."""
    shutil.copytree(installed, copy, ignore=shutil.ignore_patterns("__pycache__"))
    file = copy / mutation.file
    text = file.read_text(encoding="utf-8")
    assert mutation.old in text, mutation.what
    file.write_text(text.replace(mutation.old, mutation.new, 1), encoding="utf-8")


if __name__ == "__main__":
    some = [MUTATIONS[int(n)] for n in sys.argv[2:]] or [*MUTATIONS]
    looked = asyncio.run(find(some, float(sys.argv[1]) if sys.argv[1:] else 60))
    print(f"{sum(map(bool, looked))} of {len(looked)} found")
