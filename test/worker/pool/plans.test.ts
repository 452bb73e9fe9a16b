import fc from 'fast-check'
import { expect, it } from 'vitest'
import { runs } from '../../fuzz/runs.ts'
import { settle } from '../../harness.ts'
import { gatedPool } from './gated-pool.ts'

const step = fc.record({
  do: fc.constantFrom(
    ...(['call', 'call', 'call', 'call', 'ready', 'ready', 'ready', 'finish', 'finish', 'finish'] as const),
    ...(['crash', 'abort-waiting', 'abort-running'] as const),
  ),
  which: fc.nat(10),
})

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const plan = fc.record({
  maxWorkers: fc.integer({ min: 1, max: 3 }),
  concurrencyPerWorker: fc.integer({ min: 1, max: 2 }),
  loadBalancing: fc.constantFrom('least-active', 'round-robin', 'least-total', 'random'),
  onDemand: fc.boolean(),
  recycle: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  steps: fc.array(step, { maxLength: 40 }),
})

it('keeps its promises in whatever order things happen', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async ({ steps, recycle, ...options }) => {
      const gated = gatedPool({
        ...options,
        maxCrashes: Number.POSITIVE_INFINITY,
        ...(recycle !== undefined && { recycleAfter: { calls: recycle } }),
      })
      const { pool, hosts, call, ready } = gated
      const calls = new Map<number, AbortController>()
      const settled = new Set<number>()
      let begun = 0
      const started = new Set<number>()
      const room = options.onDemand ? 1 : options.concurrencyPerWorker

      const look = async () => {
        await settle()
        const living = hosts.filter(host => !host.gone)
        for (const host of hosts) for (const id of host.taken) started.add(id)
        const waiting = [...calls.keys()].filter(id => !settled.has(id) && !started.has(id))
        expect(living.length).toBeLessThanOrEqual(options.maxWorkers)
        for (const host of living) expect(host.calls.length).toBeLessThanOrEqual(room)
        // First come, first served.
        expect(Math.max(0, ...started)).toBeLessThan(waiting[0] ?? Number.POSITIVE_INFINITY)
        // No call waits while a worker could take it, or could be started.
        const free = living.filter(host => !host.starting && host.calls.length < room)
        if (waiting.length > 0 && recycle === undefined && !options.onDemand) expect(free).toEqual([])
        if (waiting.length > 0) {
          const coming = living.filter(host => host.starting).length * room
          expect(living.length === options.maxWorkers || coming >= waiting.length).toBe(true)
        }
        expect(pool.stats()).toMatchObject({
          workers: living.length,
          active: living.reduce((sum, host) => sum + host.calls.length, 0),
          dispatched: started.size,
        })
      }

      const take = (one: Step) => {
        if (one.do === 'call') {
          const id = ++begun
          const controller = new AbortController()
          calls.set(id, controller)
          const over = () => settled.add(id)
          call(id, controller.signal).then(over, over)
          return
        }
        if (one.do === 'ready') return ready()
        const { which } = one
        const busy = hosts.filter(host => host.calls.length > 0)
        const host = busy[which % busy.length]
        if (one.do === 'finish') host?.finish()
        if (one.do === 'crash') host?.crash()
        if (one.do === 'abort-running') host?.endFor('aborted')
        if (one.do === 'abort-waiting') {
          const waiting = [...calls].filter(([id]) => !settled.has(id) && !started.has(id))
          waiting[which % Math.max(1, waiting.length)]?.[1].abort('not needed')
        }
      }

      for (const one of steps) {
        await take(one)
        await look()
      }
      // Everything ends once the workers do their part.
      for (let round = 0; settled.size < calls.size; round += 1) {
        expect(round).toBeLessThan(200)
        await ready()
        for (const host of hosts) host.finish()
        await look()
      }
      await pool.stop()
      expect(hosts.every(host => host.gone)).toBe(true)
    }),
    runs(300),
  )
})
