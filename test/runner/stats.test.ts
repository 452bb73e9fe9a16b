import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  QueueFullError,
  type RunnerStats,
  type SubmitPolicy,
  TaskRunner,
  type TaskStatus,
  type Work,
} from '../../src/index.ts'
import { patience, runs } from '../fuzz/runs.ts'
import { autojump, settle } from '../harness.ts'
import { delay, forever, untilAborted } from '../work.ts'
import { within } from './within.ts'

describe('stats', () => {
  it('has the counts of the manager, and those of a runner', async () => {
    const runner = await TaskRunner.start({ workers: 3 })
    const nothing = { count: 0, mean: 0, p50: 0, p95: 0, p99: 0, max: 0 }
    const stats: Partial<RunnerStats> = runner.stats()
    expect(stats).toEqual({
      ...runner.manager.stats(),
      queueSize: 0,
      submitted: 0,
      rejected: 0,
      dropped: 0,
      retried: 0,
      waitTime: nothing,
      runTime: nothing,
      throughput: { lastSecond: 0, overall: 0 },
    })
  })

  it('is a snapshot', async () => {
    const runner = await TaskRunner.start()
    const before = runner.stats()
    await runner.submit(() => 1)
    expect(before).toMatchObject({ submitted: 0, done: 0 })
  })

  it('counts what was abandoned and still runs', async () => {
    await within({ cleanupTimeout: 10 }, async runner => {
      const deaf = runner.submit(() => delay(100))
      await settle()
      await deaf.cancel()
      expect(runner.stats()).toMatchObject({ abandoned: 1, cancelled: 1, running: 0 })
      await delay(100)
      expect(runner.stats().abandoned).toBe(0)
    })
  })

  it('says whether the runner is paused or closed', async () => {
    await within({}, async runner => {
      runner.manager.pause()
      expect(runner.stats()).toMatchObject({ paused: true, closed: false })
      await runner.close()
      expect(runner.stats()).toMatchObject({ paused: false, closed: true })
    })
  })
})

const POLICIES: SubmitPolicy[] = ['reject', 'wait', 'dropOldest', 'dropNewest']

type Step =
  | { readonly do: 'submit'; readonly kind: 'done' | 'fail' | 'flaky' | 'slow' | 'deaf'; readonly priority: number }
  | { readonly do: 'cancel'; readonly which: number }
  | { readonly do: 'workers'; readonly to: number }
  | { readonly do: 'pass'; readonly ms: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('submit' as const),
      kind: fc.constantFrom('done', 'fail', 'flaky', 'slow', 'deaf'),
      priority: fc.integer({ min: 0, max: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat({ max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('workers' as const), to: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 30 }) }) },
)

const WORK: Record<'done' | 'fail' | 'flaky' | 'slow' | 'deaf', Work<unknown>> = {
  done: () => delay(10),
  fail: () => delay(5).then(() => Promise.reject('failed')),
  flaky: ({ attempt }) => delay(5).then(() => attempt > 1 || Promise.reject('flaky')),
  slow: ({ signal }) => untilAborted(signal, 8),
  deaf: forever,
}

/** What the events say, in the words of the statistics. */
class Ledger {
  readonly #status = new Map<number, TaskStatus>()
  readonly seen = { submitted: 0, retried: 0, dropped: 0, started: 0 }

  constructor(runner: TaskRunner) {
    for (const type of ['submitted', 'started', 'retrying', 'stopping', 'done', 'failed', 'cancelled'] as const) {
      runner.on(type, ({ record }) => {
        this.#status.set(record.id, record.status)
        if (type === 'submitted') this.seen.submitted += 1
        if (type === 'retrying') this.seen.retried += 1
        if (type === 'started' && record.attempt === 1) this.seen.started += 1
        if (record.cancelReason instanceof QueueFullError && type === 'cancelled') this.seen.dropped += 1
      })
    }
  }

  count(status: TaskStatus): number {
    return [...this.#status.values()].filter(one => one === status).length
  }
}

async function follow(policy: SubmitPolicy, workers: number, queueSize: number, steps: readonly Step[]): Promise<void> {
  const runner = await TaskRunner.start({
    workers,
    queueSize,
    submitPolicy: policy,
    logger: false,
    cleanupTimeout: 5,
    history: Number.POSITIVE_INFINITY,
  })
  const ledger = new Ledger(runner)
  const handles: ReturnType<typeof runner.submit>[] = []
  const outside = new Set<number>()
  const leftOutside = new Set<number>()
  let rejected = 0

  const check = () => {
    const { submitted, retried, dropped, queueSize: queued, waitTime, ...stats } = runner.stats()
    for (const status of ['pending', 'running', 'stopping', 'done', 'failed', 'cancelled'] as const) {
      expect(stats[status]).toBe(ledger.count(status))
      const kept = runner.records({ status }).length
      expect(kept).toBe(ledger.count(status) - (status === 'cancelled' ? leftOutside.size : 0))
    }
    expect({ submitted, retried, dropped, started: waitTime.count }).toEqual(ledger.seen)
    expect(stats.rejected).toBe(rejected)
    expect(queued).toBe(stats.pending - outside.size)
  }

  const submit = ({ kind, priority }: Extract<Step, { do: 'submit' }>) => {
    try {
      const handle = runner.submit(WORK[kind], { priority, retry: kind === 'flaky' ? { retries: 1, wait: 7 } : 0 })
      handles.push(handle)
      outside.add(handle.id)
      handle.accepted.then(
        () => outside.delete(handle.id),
        () => {
          outside.delete(handle.id)
          leftOutside.add(handle.id)
        },
      )
    } catch (error) {
      expect(error).toBeInstanceOf(QueueFullError)
      rejected += 1
    }
  }

  for (const one of steps) {
    if (one.do === 'submit') submit(one)
    else if (one.do === 'cancel') handles[one.which % (handles.length || 1)]?.cancel()
    else if (one.do === 'workers') runner.workers = one.to
    else await delay(one.ms)
    await settle()
    check()
  }
  await runner.close({ timeout: 20 })
  await settle()
  check()
  expect(runner.stats()).toMatchObject({ pending: 0, running: 0, stopping: 0, queueSize: 0 })
}

describe('stats, records and events', () => {
  it(
    'agree after every step of any plan',
    async () => {
      const plan = fc.tuple(
        fc.constantFrom(...POLICIES),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 3 }),
        fc.array(step, { maxLength: 40 }),
      )
      const property = fc.asyncProperty(plan, async given => void (await autojump(() => follow(...given))))
      await fc.assert(property, runs(80))
    },
    patience(80),
  )
})
