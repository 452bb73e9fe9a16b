import { describe, expect, it, onTestFinished } from 'vitest'
import { resourceLimit, type TaskHandle } from '../../../src/index.ts'
import { task } from '../../../src/worker.ts'
import { double, doubleLater } from '../../fixtures/bullmq/fault-functions.ts'
import { takeMore } from '../../fixtures/bullmq/functions.ts'
import { until } from '../../harness.ts'
import { describeEachOwnServer, describeOwn } from '../../servers/describe-each-server.ts'
import { type OwnServer, startRedis } from '../../servers/own-server.ts'
import { startWorker } from '../worker-process.ts'
import { LOCK, Scene } from './scene.ts'

const CALLS = 300
const AWAY = /can't be reached/

const isAway = (line: string) => AWAY.test(line)

/** Many calls, and the server ends in the midst of them. */
async function endsUnderLoad(start: () => Promise<OwnServer>, end: 'stop' | 'kill'): Promise<void> {
  const { scene, server } = await Scene.onOwn(start)
  const caller = await scene.caller()
  const options = { maxTasks: 10, lockDuration: LOCK }
  const machines = [await scene.machine(options), await scene.machine(options)]
  const handles: TaskHandle<number>[] = []
  const submit = () => handles.push(caller.submit(doubleLater, scene.folder, handles.length, 30))
  // Until it has ended, however long that takes, there are as many to be done.
  const enough = caller.on('done', submit)
  for (let call = 0; call < CALLS; call += 1) submit()
  await scene.noted('started', undefined, CALLS / 3)
  await server[end]()
  enough()
  const numbers = handles.map((_, number) => number)
  await until(() => scene.log.some(isAway) && machines.every(({ output }) => isAway(output.stderr)))
  expect(handles.some(handle => !handle.done())).toBe(true)
  await server.start()

  expect(await Promise.all(handles)).toEqual(numbers.map(number => number * 2))
  expect(new Set(scene.notes('started').map(({ name }) => Number(name)))).toEqual(new Set(numbers))
  expect(await caller.submit(double, scene.folder, CALLS)).toBe(CALLS * 2)
  expect(caller.stats()).toMatchObject({ done: handles.length + 1, failed: 0, cancelled: 0 })
  expect(scene.log).toEqual([
    `the queue ${scene.queue} on ${server.url} can't be reached; what waits for it goes on when it is back`,
  ])
  for (const { output } of machines) expect(output.stderr.match(/can't be reached/g)).toHaveLength(1)
}

describeEachOwnServer('a server', ({ start }) => {
  describe('that is stopped and started again under load', () => {
    it('loses no call and no result', () => endsUnderLoad(start, 'stop'))
  })
  describe('that is killed and started again under load', () => {
    it('loses no call and no result', () => endsUnderLoad(start, 'kill'))
  })
})

describeEachOwnServer('a server that is away while a limit is granted', ({ start }) => {
  it('has the function know of it when it is back', async () => {
    const { scene, server } = await Scene.onOwn(start)
    const where = { connection: server.url, queue: scene.queue }
    const worker = await startWorker(new URL('../../fixtures/bullmq/functions.ts', import.meta.url), where)
    onTestFinished(() => worker[Symbol.asyncDispose]())
    const tokens = resourceLimit({ key: 'tokens', capacity: 5 })
    const held = await tokens.acquire({ tokens: 5 })
    const logger = { error: (_: unknown, message: string) => void scene.log.push(message) }
    const made = task(takeMore, { ...where, mode: 'distributed', limits: tokens, cost: { tokens: 0 }, logger })
    onTestFinished(async () => void (await made.close({ timeout: 0 })))
    const call = made(3)
    await until(() => tokens.stats().waiting === 1)
    await server.stop()
    await until(() => scene.log.some(isAway))
    held.release()
    await until(() => tokens.stats().used === 3)
    await server.start()
    expect(await call).toBe('took 3')
  })
})

describeOwn('redis', 'a server that forgets everything', () => {
  it('loses no call when it is stopped and started again under load', () => endsUnderLoad(startRedis, 'stop'))
})
