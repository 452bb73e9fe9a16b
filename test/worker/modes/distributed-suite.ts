import { afterAll } from 'vitest'
import { TaskWorker } from '../../../src/worker.ts'
import { startWorker, type WorkerProcess } from '../../distributed/worker-process.ts'
import { cleanUp } from '../../servers/clean-up.ts'
import { queueName } from '../../servers/queues.ts'
import type { TestServer } from '../../servers/test-server.ts'
import { FUNCTIONS, type MakeWorker } from './mode.ts'
import { describeMode } from './suite.ts'

/** The suite of all modes with worker machines on this server, whose functions run in processes. */
export function describeDistributed(server: TestServer): void {
  const { url: connection } = server
  const where = { connection, queue: queueName('modes') }
  /** How long a function has to stop is up to its machine: those that never do have one that does not wait for them. */
  const impatient = { connection, queue: queueName('modes-impatient') }
  const machines = new Map<string, Promise<WorkerProcess>>()
  afterAll(async () => {
    for (const machine of machines.values()) await (await machine)[Symbol.asyncDispose]()
    for (const { queue } of [where, impatient]) await cleanUp(server, queue)
  })
  const make: MakeWorker = async options => {
    const cleanupTimeout = options?.cleanupTimeout
    const place = cleanupTimeout === undefined ? where : impatient
    const limits = cleanupTimeout === undefined ? { maxTasks: 6, minWorkers: 6 } : { maxTasks: 2, cleanupTimeout }
    const machine = machines.get(place.queue) ?? startWorker(FUNCTIONS, { ...place, ...limits, mode: 'process' })
    machines.set(place.queue, machine)
    await machine
    return TaskWorker.start({ ...options, ...place, mode: 'distributed' })
  }
  describeMode('distributed', make, where)
}
