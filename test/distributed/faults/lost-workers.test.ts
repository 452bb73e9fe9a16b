import { describe, expect, it } from 'vitest'
import { blocks, cleansUp, double, killsItsWorker, listens, waits } from '../../fixtures/bullmq/fault-functions.ts'
import { until } from '../../harness.ts'
import { describeEachServer, describeOn } from '../../servers/describe-each-server.ts'
import { failureOf } from '../../work.ts'
import { endsOf, jobCounts, redisLocks } from './engine.ts'
import { kill, LOCK, PATIENCE, Scene } from './scene.ts'

/** Milliseconds that the system may take to let a process have its turn. */
const SCHEDULING = 3_500

describeEachServer('a worker', server => {
  /** That each job has ended once, and how. */
  async function expectEnds(scene: Scene, ends: readonly string[]): Promise<void> {
    const published = await endsOf(server, scene.queue)
    expect(published.map(end => end.split(' ')[1])).toEqual(ends)
    expect(new Set(published.map(end => end.split(' ')[0])).size).toBe(ends.length)
  }

  describe('that is killed', () => {
    it('has its calls done by another one, at most lockDuration later', async () => {
      const scene = new Scene(server)
      const caller = await scene.caller()
      const victim = await scene.machine({ maxTasks: 3, lockDuration: LOCK })
      const names = ['a', 'b', 'c']
      const handles = names.map(name => caller.submit(waits, scene.folder, name))
      await scene.noted('started', undefined, 3)
      const other = await scene.machine({ maxTasks: 3, lockDuration: LOCK })
      for (const name of names) scene.open(`${name}-2`)
      const killedAt = Date.now()
      await kill(victim)

      expect(await Promise.all(handles)).toEqual(names.map(() => other.child.pid))
      for (const name of names) {
        const [first, second, ...more] = scene.notes('started', name)
        expect([first?.pid, second?.pid, more]).toEqual([victim.child.pid, other.child.pid, []])
        expect((second?.at ?? 0) - killedAt).toBeLessThan(LOCK + SCHEDULING)
      }
      await expectEnds(scene, ['completed', 'completed', 'completed'])
      expect(caller.stats()).toMatchObject({ done: 3, failed: 0, cancelled: 0 })
    })

    it('by a call, time and again, fails that call after maxStalled; the others go on', async () => {
      const scene = new Scene(server)
      const caller = await scene.caller()
      const poison = caller.submit(killsItsWorker, scene.folder, 'poison')
      const options = { maxStalled: 1, maxTasks: 2, lockDuration: 1_000 }
      for (const tries of [1, 2]) {
        // It may be gone before it has said that it is ready.
        await scene.machine(options).then(
          ({ ended }) => ended,
          () => {},
        )
        expect(scene.notes('started', 'poison')).toHaveLength(tries)
        expect(poison.done()).toBe(false)
      }
      await scene.machine(options)
      expect(await caller.submit(double, scene.folder, 4)).toBe(8)
      expect(await failureOf(poison)).toMatchObject({ name: 'WorkerCrashedError', code: 'ERR_WORKER_CRASHED' })
      expect(await caller.submit(double, scene.folder, 5)).toBe(10)
      expect(scene.notes('started', 'poison')).toHaveLength(2)
      expect(caller.stats()).toMatchObject({ done: 2, failed: 1, crashed: 1 })
    })
  })

  describe('that is frozen past its lock', () => {
    it('has its calls done by another one, at most lockDuration later', async () => {
      const scene = new Scene(server)
      const caller = await scene.caller()
      // Redis wakes the frozen one for what it has lost. The others look for themselves, more often than the engine would.
      const options = { lockDuration: LOCK / 2 }
      const frozen = await scene.machine(options)
      const handle = caller.submit(waits, scene.folder, 'call')
      scene.open('call-2')
      await scene.noted('started', 'call')
      const other = await scene.machine(options)
      frozen.child.kill('SIGSTOP')
      const frozenAt = Date.now()
      expect(await handle).toBe(other.child.pid)
      expect((await scene.noted('started', 'call', 2)).at - frozenAt).toBeLessThan(LOCK / 2 + SCHEDULING)
    })

    it.each(['runs', 'has ended'])(
      'changes nothing with an answer that comes while the call %s elsewhere, and serves on',
      async elsewhere => {
        const scene = new Scene(server)
        const caller = await scene.caller()
        const frozen = await scene.machine({ lockDuration: LOCK })
        const handle = caller.submit(waits, scene.folder, 'call')
        await scene.noted('started', 'call')
        frozen.child.kill('SIGSTOP')
        const other = await scene.machine({ maxTasks: 1, lockDuration: LOCK })
        await scene.noted('started', 'call', 2)
        if (elsewhere === 'has ended') {
          scene.open('call-2')
          expect(await handle).toBe(other.child.pid)
          await kill(other)
        }
        scene.open('call-1')
        frozen.child.kill('SIGCONT')
        await until(() => scene.notes('ended', 'call').some(({ pid }) => pid === frozen.child.pid))

        scene.open('next-1')
        expect(await caller.submit(waits, scene.folder, 'next')).toBe(frozen.child.pid)
        scene.open('call-2')
        expect(await handle).toBe(other.child.pid)
        expect(frozen.output.stderr).toBe('')
        await expectEnds(scene, ['completed', 'completed'])
        expect(caller.stats()).toMatchObject({ done: 2, failed: 0, cancelled: 0 })
      },
    )

    it('tells work that listens to stop, as another one has the call', async () => {
      const scene = new Scene(server)
      const caller = await scene.caller()
      const frozen = await scene.machine({ lockDuration: LOCK })
      const handle = caller.submit(listens, scene.folder, 'call')
      await scene.noted('started', 'call')
      frozen.child.kill('SIGSTOP')
      const other = await scene.machine({ lockDuration: LOCK })
      expect(await handle).toBe(other.child.pid)
      frozen.child.kill('SIGCONT')
      expect((await scene.noted('told', 'call')).pid).toBe(frozen.child.pid)
      await expectEnds(scene, ['completed'])
      expect(caller.stats()).toMatchObject({ done: 1, failed: 0, cancelled: 0 })
    })
  })

  describe('whose event loop is blocked past its lock', () => {
    it('changes nothing with its late answer, and serves on', async () => {
      const scene = new Scene(server)
      const caller = await scene.caller()
      const blocked = await scene.machine({ lockDuration: LOCK })
      const handle = caller.submit(blocks, scene.folder, 'call')
      scene.open('call-2')
      await scene.noted('started', 'call')
      const other = await scene.machine({ lockDuration: LOCK })
      expect(await handle).toBe(other.child.pid)

      await kill(other)
      const next = caller.submit(waits, scene.folder, 'next')
      scene.open('next-1')
      scene.open('call-1')
      expect(await next).toBe(blocked.child.pid)
      expect(blocked.output.stderr).toBe('')
      await expectEnds(scene, ['completed', 'completed'])
      expect(caller.stats()).toMatchObject({ done: 2, failed: 0, cancelled: 0 })
    })
  })
})

// On PostgreSQL a worker that goes on keeps its lock when no other one was there to notice.
describeOn('redis', 'a worker without others that is frozen past its lock', server => {
  it('has its call anew once the work has stopped, and keeps it then', async () => {
    const scene = new Scene(server)
    const caller = await scene.caller()
    const machine = await scene.machine({ cleanupTimeout: PATIENCE, lockDuration: LOCK })
    const handle = caller.submit(cleansUp, scene.folder, 'call')
    await scene.noted('started')
    const locks = () => redisLocks(server, scene.queue).then(Object.values)
    machine.child.kill('SIGSTOP')
    await until(async () => (await locks()).length === 0)
    machine.child.kill('SIGCONT')
    await scene.noted('told')
    await until(async () => (await jobCounts(server, scene.queue)).delayed === 1)
    expect(scene.notes('started')).toHaveLength(1)

    scene.open('cleanup-call')
    await scene.noted('started', 'call', 2)
    let last = Number.POSITIVE_INFINITY
    await until(async () => {
      const [left = 0] = await locks()
      const renewed = left > last
      last = left
      return renewed
    })
    expect(await handle.cancel()).toBe(true)
    expect(scene.notes('stopped')).toHaveLength(2)
    expect(scene.notes('started')).toHaveLength(2)
    expect(handle.record()).toMatchObject({ status: 'cancelled', abandoned: false })
    expect(machine.output.stderr).toBe('')
  })
})
