import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { task } from '../../src/worker.ts'
import { gated, note } from '../fixtures/bullmq/functions.ts'
import { until } from '../harness.ts'
import { describeEachServer } from '../servers/describe-each-server.ts'
import { ownQueue } from '../servers/queues.ts'
import { jobCounts } from './faults/engine.ts'
import { startWorker } from './worker-process.ts'

const FUNCTIONS = new URL('../fixtures/bullmq/functions.ts', import.meta.url)

describeEachServer('priorities', server => {
  /** A worker with one slot, which is taken until `open` is called, and callers that know nothing of each other. */
  async function scene() {
    const queue = ownQueue(server, 'priorities')
    const connection = server.url
    const worker = await startWorker(FUNCTIONS, { connection, queue, maxTasks: 1 })
    const folder = mkdtempSync(join(tmpdir(), 'taskscope-priorities-'))
    const [notes, gate] = [join(folder, 'notes'), join(folder, 'gate')]
    const where = { mode: 'distributed', connection, queue } as const
    const callers = [1, 2].map(index => ({
      note: task(note, { ...where, connectTimeout: 10_000 + index }),
      gated: task(gated<string>, { ...where, connectTimeout: 10_000 + index }),
    }))
    onTestFinished(async () => {
      await Promise.all(
        callers.flatMap(caller => [caller.note.close({ timeout: 0 }), caller.gated.close({ timeout: 0 })]),
      )
      await worker[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true })
    })
    const [one, two] = callers as [(typeof callers)[number], (typeof callers)[number]]
    const held = one.gated(join(folder, 'started'), gate, 'held')
    await until(() => existsSync(join(folder, 'started')))
    /** A call that the server surely has. */
    const add = async (caller: typeof one, line: string, priority: number) => {
      const handle = caller.note.with({ priority })(notes, line)
      await until(async () => {
        const { waiting = 0, prioritized = 0 } = await jobCounts(server, queue)
        return waiting + prioritized > added.length
      })
      added.push(handle)
    }
    const added: PromiseLike<unknown>[] = []
    return {
      one,
      two,
      add,
      /** The jobs that wait and have a priority. */
      prioritized: async () => (await jobCounts(server, queue)).prioritized ?? 0,
      async ran() {
        writeFileSync(gate, '')
        await Promise.all([held, ...added])
        return readFileSync(notes, 'utf8').trim().split('\n')
      },
    }
  }

  it('go for the calls of all callers: the higher first, and within one who came first', async () => {
    const { one, two, add, ran } = await scene()
    await add(one, 'the first of all', 1)
    await add(one, 'usual a', 0)
    await add(two, 'low', -1)
    await add(two, 'usual b', 0)
    await add(two, 'high', 5)
    await add(one, 'usual c', 0)
    await add(one, 'higher', 7)
    expect(await ran()).toEqual(['higher', 'high', 'the first of all', 'usual a', 'usual b', 'usual c', 'low'])
  })

  it('are used by callers that were there before anybody used one, too', async () => {
    const { one, two, add, prioritized, ran } = await scene()
    await add(two, 'before all', 0)
    await add(one, 'high', 5)
    let unheard = -1
    do {
      unheard += 1
      await add(two, 'usual', 0)
    } while ((await prioritized()) < 2 && unheard < 50)
    await add(one, 'higher', 7)
    const before = Array.from({ length: unheard }, () => 'usual')
    expect(await ran()).toEqual(['before all', ...before, 'higher', 'high', 'usual'])
    expect(unheard).toBeLessThan(50)
  })

  it('below the usual one come after it, in a queue without any above', async () => {
    const { one, two, add, ran } = await scene()
    await add(one, 'low', -1)
    await add(two, 'usual a', 0)
    await add(one, 'usual b', 0)
    await add(one, 'lowest', -2)
    expect(await ran()).toEqual(['usual a', 'usual b', 'low', 'lowest'])
  })
})
