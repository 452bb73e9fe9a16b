import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { TaskWorker } from '../../src/worker.ts'
import { RunningProgram } from '../running-program.ts'

/** What checks options where they are given, and what has a call wait until the rest is there. */
const OF_OPTIONS = [
  'connection/secrets.ts',
  'connection/target.ts',
  'distributed/call/distributed-engine.ts',
  'distributed/options.ts',
  'distributed/protocol/kept-text.ts',
]

it('counts a call that waits for it, and forgets it when it is stopped', async () => {
  const options = {
    mode: 'distributed',
    queue: 'loads',
    connection: 'redis://127.0.0.1:1',
    connectTimeout: 50,
  } as const
  const worker = await TaskWorker.start(options)
  const { engine } = TaskWorker.partsOf(worker)
  expect([engine.queue?.(), engine.stats()]).toMatchObject([
    { name: 'loads', calls: 0 },
    { workers: 0, active: 0, dispatched: 0, crashed: 0, recycled: 0 },
  ])
  const started = new Promise(resolve => worker.on('started', resolve))
  const call = worker.submit(function square(x: number) {
    return x * x
  }, 2)
  await started
  expect(engine.queue?.()).toMatchObject({ name: 'loads', calls: 1 })
  await worker.stop()
  // Cancelled, or refused by a server that is not there, whichever comes first.
  await expect(call).rejects.toThrow()
  expect(engine.queue?.()).toMatchObject({ name: 'loads', calls: 0 })
})

it('is loaded by the first call of the mode, and not by taskscope/worker', async () => {
  const program = new RunningProgram(fileURLToPath(new URL('../fixtures/distributed-loads.ts', import.meta.url)), [])
  expect({ ended: await program.ended, stderr: program.stderr }).toEqual({ ended: 0, stderr: '' })
  const { imported, defined, name, called } = JSON.parse(program.stdout)
  expect(imported).toEqual({ distributed: OF_OPTIONS, peers: 0 })
  expect(defined).toEqual(imported)
  expect(name).toBe('ConnectionError')
  expect(called.distributed).toEqual(expect.arrayContaining([...OF_OPTIONS, 'distributed/call/distributed-calls.ts']))
  expect(called.peers).toBeGreaterThan(0)
})
