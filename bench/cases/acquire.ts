import { Sema } from 'async-sema'
import pLimit from 'p-limit'
import { type Contender, compare, type Peer } from '../compare.ts'
import { resourceLimit, Semaphore } from '../taskscope.ts'
import type { CaseResult, Row } from '../types.ts'
import { many, range, slots, work } from '../workload.ts'

const times = many(100_000)

/** One after another, where a permit is always free, and all at once, where nearly everybody waits for one. */
export default async function acquire(rounds: number): Promise<CaseResult> {
  const measure = async (label: string, ours: Contender, peers: readonly Peer[]): Promise<Row[]> => {
    const rows = await compare({ ours, peers, tasks: times, rounds, unit: 'µs each' })
    return rows.map(row => ({ ...row, label: `${label}: ${row.label}` }))
  }
  return {
    title: `acquire and release ${times} times, ${slots} permits`,
    rows: [
      ...(await measure('free', semaphoreFree, [semaFree])),
      ...(await measure('free', limitFree, [semaFree])),
      ...(await measure('waiting', semaphoreWaiting, [semaWaiting, pLimitWaiting])),
      ...(await measure('waiting', limitWaiting, [semaWaiting, pLimitWaiting])),
    ],
  }
}

/** What a semaphore and a limit have in common. */
interface Source {
  acquire(): PromiseLike<{ release(): void }>
}

async function inTurn(source: Source): Promise<void> {
  for (let count = 0; count < times; count++) {
    const permit = await source.acquire()
    permit.release()
  }
}

function together(source: Source): Promise<unknown> {
  return Promise.all(
    range(times).map(async () => {
      const permit = await source.acquire()
      await work()
      permit.release()
    }),
  )
}

const connections = () => resourceLimit({ key: 'connections', capacity: slots })

const semaphoreFree = { name: 'Semaphore', run: () => inTurn(new Semaphore(slots)) }
const limitFree = { name: 'resourceLimit', run: () => inTurn(connections()) }
const semaphoreWaiting = { name: 'Semaphore', run: () => together(new Semaphore(slots)) }
const limitWaiting = { name: 'resourceLimit', run: () => together(connections()) }

const semaFree = {
  name: 'async-sema',
  goal: 1,
  async run() {
    const sema = new Sema(slots)
    for (let count = 0; count < times; count++) {
      await sema.acquire()
      sema.release()
    }
  },
}

const semaWaiting = {
  name: 'async-sema',
  goal: 1,
  run() {
    const sema = new Sema(slots, { capacity: times })
    return Promise.all(
      range(times).map(async () => {
        await sema.acquire()
        await work()
        sema.release()
      }),
    )
  },
}

const pLimitWaiting = {
  name: 'p-limit, which acquires for a function',
  run() {
    const limit = pLimit(slots)
    return Promise.all(range(times).map(() => limit(work)))
  },
}
