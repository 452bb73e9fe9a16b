import pLimit from 'p-limit'
import pRetry from 'p-retry'
import { compare } from '../compare.ts'
import { TaskManager } from '../taskscope.ts'
import type { CaseResult } from '../types.ts'
import { many, range, slots, work } from '../workload.ts'

const succeeding = many(100_000)
const failing = many(10_000)
const failure = new Error('not yet')

/** What retries cost those who need none, and what they cost those who fail twice and do not wait in between. */
export default async function retry(rounds: number): Promise<CaseResult> {
  const without = await compare({ ours: untroubled, peers: untroubledPeers, tasks: succeeding, rounds })
  const twice = await compare({ ours: failingTwice, peers: failingTwicePeers, tasks: failing, rounds })
  return {
    title: `spawn tasks with two retries and await every handle, ${slots} slots`,
    rows: [
      ...without.map(row => ({ ...row, label: `${succeeding} succeed: ${row.label}` })),
      ...twice.map(row => ({ ...row, label: `${failing} fail twice: ${row.label}` })),
    ],
  }
}

const options = { retry: { retries: 2, wait: 0 } }
const peerOptions = { retries: 2, minTimeout: 0 }

/** Makes a function that fails the first two times. */
function troubled(): () => Promise<number> {
  let calls = 0
  return async () => {
    calls += 1
    await null
    if (calls <= 2) throw failure
    return 1
  }
}

const untroubled = {
  name: 'taskscope',
  async run() {
    const manager = await TaskManager.start(slots)
    await Promise.all(range(succeeding).map(() => manager.spawn(work, options)))
    await manager.close()
  },
}

const untroubledPeers = [
  {
    name: 'taskscope without retry',
    async run() {
      const manager = await TaskManager.start(slots)
      await Promise.all(range(succeeding).map(() => manager.spawn(work)))
      await manager.close()
    },
  },
  {
    name: 'p-limit around p-retry',
    run() {
      const limit = pLimit(slots)
      return Promise.all(range(succeeding).map(() => limit(() => pRetry(work, peerOptions))))
    },
  },
]

const failingTwice = {
  name: 'taskscope',
  async run() {
    const manager = await TaskManager.start(slots)
    await Promise.all(range(failing).map(() => manager.spawn(troubled(), options)))
    await manager.close()
  },
}

const failingTwicePeers = [
  {
    name: 'p-limit around p-retry',
    goal: 1,
    run() {
      const limit = pLimit(slots)
      return Promise.all(range(failing).map(() => limit(() => pRetry(troubled(), peerOptions))))
    },
  },
  {
    name: 'p-retry, all at once',
    run: () => Promise.all(range(failing).map(() => pRetry(troubled(), peerOptions))),
  },
]
