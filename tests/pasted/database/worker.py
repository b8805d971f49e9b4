"""Each message is handled once, a table beside the script says; after #1648."""
import asyncio, os, sqlite3
from pathlib import Path
from faststream.rabbit import RabbitBroker

file = Path(__file__).with_name("seen.db")
file.unlink(missing_ok=True)
db = sqlite3.connect(file, timeout=0.2)
db.execute("create table seen (n integer primary key)")

broker = RabbitBroker(os.environ["AMQP_URL"])

@broker.subscriber("jobs")
async def job(n: int):
    db.execute("insert into seen values (?)", (n,))
    await asyncio.sleep(0.02)
    db.commit()

async def main():
    await broker.start()
    for n in range(20):
        await broker.publish(n, "jobs")
    for _ in range(100):
        await asyncio.sleep(0.05)
        (count,) = db.execute("select count(*) from seen").fetchone()
        if count == 20:
            break
    print(count, "rows")
    assert count == 20

asyncio.run(main())
