import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { task } from '../../../src/worker.ts'
import { cleansUp, double, listens, waits } from '../../fixtures/bullmq/fault-functions.ts'
import { until } from '../../harness.ts'
import { describeEachOwnServer, describeEachServer } from '../../servers/describe-each-server.ts'
import { failureOf } from '../../work.ts'
import { waitingJobs } from './engine.ts'
import { kill, LOCK, PATIENCE, Scene } from './scene.ts'

const CANCELLED = { name: 'TaskCancelledError', cause: 'no more' }
/** Milliseconds for cleanups that a test lets go when it likes. */
const CLEANUP = PATIENCE

describeEachServer('cancel', server => {
  describe('of a running call', () => {
    it('is confirmed when the work has stopped, and not before', async () => {
      const scene = new Scene(server)
      const caller = await scene.caller()
      await scene.machine({ cleanupTimeout: CLEANUP })
      const handle = caller.submit(cleansUp, scene.folder, 'call')
      await scene.noted('started')
      const cancelled = handle.cancel('no more')
      await scene.noted('told')
      expect(handle.status).toBe('stopping')
      scene.open('cleanup-call')
      expect(await cancelled).toBe(true)
      expect(scene.notes('stopped')).toHaveLength(1)
      expect(await failureOf(handle)).toMatchObject(CANCELLED)
      expect(handle.record()).toMatchObject({ status: 'cancelled', abandoned: false })
      expect(await caller.submit(double, scene.folder, 2)).toBe(4)
    })

    it('whose worker was killed keeps the others from running it', async () => {
      const scene = new Scene(server)
      const caller = await scene.caller()
      const victim = await scene.machine({ lockDuration: LOCK })
      const handle = caller.submit(listens, scene.folder, 'call')
      await scene.noted('started')
      const other = await scene.machine({ lockDuration: LOCK })
      await kill(victim)
      expect(await handle.cancel('no more')).toBe(true)
      expect(await failureOf(handle)).toMatchObject(CANCELLED)
      expect(handle.record()).toMatchObject({ status: 'cancelled', abandoned: false })
      expect(await caller.submit(double, scene.folder, 2)).toBe(4)
      expect(scene.notes('started', 'call')).toHaveLength(1)
      expect(other.output.stderr).toBe('')
    })

    it('whose worker is frozen keeps the others from running it, and stops it afterwards', async () => {
      const scene = new Scene(server)
      const caller = await scene.caller()
      const frozen = await scene.machine({ lockDuration: LOCK })
      const handle = caller.submit(listens, scene.folder, 'call')
      await scene.noted('started')
      const other = await scene.machine({ lockDuration: LOCK })
      frozen.child.kill('SIGSTOP')
      expect(await handle.cancel('no more')).toBe(true)
      expect(await failureOf(handle)).toMatchObject(CANCELLED)
      await kill(other)
      frozen.child.kill('SIGCONT')
      await scene.noted('told', 'call')
      expect(scene.notes('started', 'call')).toHaveLength(1)
      expect(await caller.submit(double, scene.folder, 2)).toBe(4)
      expect(caller.stats()).toMatchObject({ done: 1, failed: 0, cancelled: 1 })
    })
  })

  describe('of a running call without another worker', () => {
    it('ends when the time of the frozen one is over, and stops it when that goes on', async () => {
      const scene = new Scene(server)
      const caller = await scene.caller()
      const frozen = await scene.machine({ lockDuration: LOCK })
      const handle = caller.submit(listens, scene.folder, 'call')
      await scene.noted('started')
      frozen.child.kill('SIGSTOP')
      expect(await handle.cancel('no more')).toBe(true)
      expect(await failureOf(handle)).toMatchObject(CANCELLED)
      frozen.child.kill('SIGCONT')
      await scene.noted('told', 'call')
      expect(await caller.submit(double, scene.folder, 2)).toBe(4)
      expect(scene.notes('started', 'call')).toHaveLength(1)
      expect(caller.stats()).toMatchObject({ done: 1, failed: 0, cancelled: 1 })
    })
  })

  describe('of a waiting call', () => {
    it('means that it never runs', async () => {
      const scene = new Scene(server)
      const caller = await scene.caller()
      await scene.machine({ maxTasks: 1 })
      const running = caller.submit(waits, scene.folder, 'running')
      await scene.noted('started')
      const handle = caller.submit(waits, scene.folder, 'waiting')
      await handle.accepted
      expect(await handle.cancel('no more')).toBe(true)
      expect(await failureOf(handle)).toMatchObject(CANCELLED)
      scene.open('running-1')
      await running
      expect(await caller.submit(double, scene.folder, 2)).toBe(4)
      expect(scene.notes('started', 'waiting')).toEqual([])
    })

    it('that is only being added means that none runs it later', async () => {
      const scene = new Scene(server)
      const made = task(double, { mode: 'distributed', connection: server.url, queue: scene.queue })
      onTestFinished(async () => void (await made.stop()))
      // With the connections open, the first one of a priority needs several steps.
      const opening = made(scene.folder, 1)
      await until(async () => (await waitingJobs(server, scene.queue)) === 1)
      await opening.cancel('no more')
      const handle = made.with({ priority: 1 })(scene.folder, 2)
      await handle.accepted
      await setImmediate()
      expect(await handle.cancel('no more')).toBe(true)
      expect(await failureOf(opening)).toMatchObject(CANCELLED)
      expect(await failureOf(handle)).toMatchObject(CANCELLED)
      expect(await waitingJobs(server, scene.queue)).toBe(0)
    })

    it('without any worker means that none runs it later', async () => {
      const scene = new Scene(server)
      const caller = await scene.caller()
      const handle = caller.submit(waits, scene.folder, 'waiting')
      expect(await handle.cancel('no more')).toBe(true)
      expect(await failureOf(handle)).toMatchObject(CANCELLED)
      await scene.machine()
      expect(await caller.submit(double, scene.folder, 2)).toBe(4)
      expect(scene.notes('started', 'waiting')).toEqual([])
    })
  })
})

describeEachOwnServer('cancel while the server is away', ({ start }) => {
  it('reaches running and waiting calls when it is back', async () => {
    const { scene, server } = await Scene.onOwn(start)
    const caller = await scene.caller({ cleanupTimeout: CLEANUP })
    await scene.machine({ maxTasks: 1, cleanupTimeout: CLEANUP })
    const running = caller.submit(cleansUp, scene.folder, 'running')
    await scene.noted('started')
    const waiting = caller.submit(waits, scene.folder, 'waiting')
    await waiting.accepted
    await server.stop()
    await until(() => scene.log.length > 0)
    const late = caller.submit(waits, scene.folder, 'late')
    const cancelled = [running, waiting, late].map(handle => handle.cancel('no more'))
    await server.start()

    expect(await Promise.all(cancelled.slice(1))).toEqual([true, true])
    scene.open('cleanup-running')
    expect(await cancelled[0]).toBe(true)
    for (const handle of [running, waiting, late]) expect(await failureOf(handle)).toMatchObject(CANCELLED)
    expect(await caller.submit(double, scene.folder, 2)).toBe(4)
    expect(scene.notes('started').map(({ name }) => name)).toEqual(['running', '2'])
    expect(scene.notes('stopped')).toHaveLength(1)
    expect(running.record().abandoned).toBe(false)
  })
})
