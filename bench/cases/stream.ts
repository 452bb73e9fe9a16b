import { once } from 'node:events'
import { type MessagePort, Worker } from 'node:worker_threads'
import { compare } from '../compare.ts'
import { TaskManager, task } from '../taskscope.ts'
import type { CaseResult } from '../types.ts'
import { count } from '../worker-functions.mjs'
import { many } from '../workload.ts'

const items = many(1_000_000)
/** How many items the producer may be ahead. */
const ahead = 1_024
const module = new URL('../worker-functions.mjs', import.meta.url).href

/** A million numbers of an `async function*` in a thread, taken one by one by a loop. */
export default async function stream(rounds: number): Promise<CaseResult> {
  const counting = task(count, { mode: 'thread', module, maxWorkers: 1, buffer: ahead })
  const raw = new Worker(new URL('../stream-worker.mjs', import.meta.url))
  const inThread = await compare({
    ours: { name: 'from a thread: taskscope', run: () => take(counting(items)) },
    peers: [{ name: 'from a thread: MessagePort, 64 items a message', run: () => take(byHand(raw)), goal: 1 }],
    tasks: items,
    rounds,
    unit: 'µs per item',
  })
  await Promise.all([counting.stop(), raw.terminate()])
  const manager = await TaskManager.start()
  const inLoop = await compare({
    ours: { name: 'on this event loop: manager.stream', run: () => take(manager.stream(() => count(items))) },
    peers: [{ name: 'on this event loop: for await over the generator itself', run: () => take(count(items)) }],
    tasks: items,
    rounds,
    unit: 'µs per item',
  })
  await manager.close()
  const rows = [...inThread, ...inLoop]
  return { title: `${items} items, one after the other, ${ahead} ahead from a thread`, rows }
}

async function take(source: AsyncIterable<number>): Promise<void> {
  let taken = 0
  for await (const _ of source) taken += 1
  if (taken !== items) throw new Error(`${taken} items of ${items} arrived`)
}

/** The loop's side of `stream-worker.mjs`. */
async function* byHand(worker: Worker): AsyncGenerator<number> {
  const { port1: port, port2 } = new MessageChannel() as unknown as { port1: MessagePort; port2: MessagePort }
  const batches: number[][] = []
  let wake = () => {}
  let closed = false
  port.on('message', (batch: number[]) => {
    batches.push(batch)
    wake()
  })
  void once(port, 'close').then(() => {
    closed = true
    wake()
  })
  worker.postMessage({ to: items, ahead, port: port2 }, [port2])
  for (;;) {
    const batch = batches.shift()
    if (batch !== undefined) {
      yield* batch
      port.postMessage(batch.length)
    } else if (closed) return
    else await new Promise<void>(resolve => (wake = resolve))
  }
}
