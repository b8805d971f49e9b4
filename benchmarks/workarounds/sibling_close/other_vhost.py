"""Give the sibling a virtual host of its own."""

from __future__ import annotations

from benchmarks.scenarios._common import Bench, Control, Observation, describe, main, watch
from benchmarks.workarounds._common import count, other
from benchmarks.workarounds.sibling_close._common import Case


async def probe(bench: Bench) -> Observation:
    url = other("AMQP_URL_OTHER_VHOST", "a second virtual host")
    case = await Case.begin(bench)

    # The broker goes on while the sibling is open, whether or not its exchange is over there, too.
    async with case.sibling(url):
        during = await watch(case.publish("exchange not there"), case.deadline)
        if during.returned:
            case.published.append("exchange not there")
        else:
            what = describe(during.error).replace(bench.name, "...") if during.error else "hangs"
            case.worse(f"while the sibling is open, the broker's own publish fails: {what}")

    there = Control(bench.name)
    bench.finally_do(there.close)
    await bench.setup("opening the other virtual host", there.open(url))
    async with case.sibling(url):
        during = await watch(case.publish("exchange there, too"), case.deadline)
        if during.returned:
            case.published.append("exchange there, too")
    astray = set(await there.received()) & set(case.published)
    if astray:
        case.notes.append(f"{count(astray)} went to the sibling's virtual host instead")
    await there.close()
    return await case.judge(case.publish, prevents=True)


if __name__ == "__main__":
    main(probe)
