import { afterAll } from 'vitest'
import { TaskWorker } from '../../../src/worker.ts'
import { startWorker, type WorkerProcess } from '../../distributed/worker-process.ts'
import { cleanUp } from '../../servers/clean-up.ts'
import { queueName } from '../../servers/queues.ts'
import type { TestServer } from '../../servers/test-server.ts'
import { FUNCTIONS, type MakeWorker } from './mode.ts'
import { describeMode } from './suite.ts'

/** The suite of all modes with one worker machine on this server, whose functions run in processes. */
export function describeDistributed(server: TestServer): void {
  const { url: connection } = server
  const queue = queueName('modes')
  let machine: Promise<WorkerProcess> | undefined
  afterAll(async () => {
    await (await machine)?.[Symbol.asyncDispose]()
    await cleanUp(server, queue)
  })
  const where = { connection, queue }
  const make: MakeWorker = async options => {
    machine ??= startWorker(FUNCTIONS, {
      connection,
      queue,
      mode: 'process',
      maxTasks: 6,
      minWorkers: 6,
      cleanupTimeout: 50,
    })
    await machine
    return TaskWorker.start({ ...options, ...where, mode: 'distributed' })
  }
  describeMode('distributed', make, where)
}
