import { expect, it } from 'vitest'
import type { TaskHandle } from '../../../src/index.ts'
import { double, doubleLater, listens, waits } from '../../fixtures/bullmq/fault-functions.ts'
import { until } from '../../harness.ts'
import { describeEachOwnServer, describeEachServer } from '../../servers/describe-each-server.ts'
import { waitingJobs } from './engine.ts'
import { LOCK, PATIENCE, Scene } from './scene.ts'

const GONE = { exitCode: 0, signal: null }

describeEachServer('a worker that is told to end', server => {
  it('takes no new call, finishes what it can, and gives back the rest', async () => {
    const scene = new Scene(server)
    const caller = await scene.caller()
    const ending = await scene.machine({ maxTasks: 2, closeTimeout: 5_000 })
    const finished = caller.submit(waits, scene.folder, 'finished')
    const given = caller.submit(listens, scene.folder, 'given')
    await scene.noted('started', undefined, 2)
    const waiting = ['a', 'b'].map(name => caller.submit(waits, scene.folder, name))
    await until(async () => (await waitingJobs(server, scene.queue)) === 2)
    ending.child.kill('SIGTERM')
    await until(() => ending.output.stdout.includes('closing'))
    for (const name of ['finished', 'a', 'b']) scene.open(`${name}-1`)
    expect(await ending.ended).toEqual(GONE)
    expect(scene.notes('ended').map(({ name }) => name)).toEqual(['finished'])
    expect(scene.notes('told').map(({ name }) => name)).toEqual(['given'])
    expect(scene.notes('started')).toHaveLength(2)

    const other = await scene.machine({ maxTasks: 4 })
    expect(await finished).toBe(ending.child.pid)
    expect(await Promise.all([given, ...waiting])).toEqual(Array(3).fill(other.child.pid))
    expect(scene.notes('started')).toHaveLength(5)
    expect(ending.output.stderr).toBe('')
    expect(caller.stats()).toMatchObject({ done: 4, failed: 0, cancelled: 0 })
  })

  it('has no call run twice when all can end in time', async () => {
    const scene = new Scene(server)
    const caller = await scene.caller()
    const options = { maxTasks: 10, lockDuration: PATIENCE }
    const [ending] = [await scene.machine(options), await scene.machine(options)]
    const handles: TaskHandle<number>[] = []
    const submit = () => handles.push(caller.submit(doubleLater, scene.folder, handles.length, 5))
    // Until it has ended, however long that takes, there are as many to be done.
    const enough = caller.on('done', submit)
    for (let call = 0; call < 200; call += 1) submit()
    await scene.noted('started', undefined, 100)
    ending.child.kill('SIGTERM')
    expect(await ending.ended).toEqual(GONE)
    enough()
    const numbers = handles.map((_, number) => number)
    expect(await Promise.all(handles)).toEqual(numbers.map(number => number * 2))
    const runs = scene.notes('started').map(({ name }) => Number(name))
    expect(runs.sort((a, b) => a - b)).toEqual(numbers)
    expect(ending.output.stderr).toBe('')
  })
})

describeEachOwnServer('a worker that is told to end while its server is away', ({ start }) => {
  it('ends, and another one runs its calls when the server is back', async () => {
    const { scene, server } = await Scene.onOwn(start)
    const caller = await scene.caller()
    const ending = await scene.machine({ closeTimeout: 100, lockDuration: LOCK })
    const handle = caller.submit(listens, scene.folder, 'call')
    await scene.noted('started')
    const idle = await scene.machine()
    await server.stop()
    await until(() => scene.log.length > 0)
    for (const { child } of [ending, idle]) child.kill('SIGTERM')
    expect(await Promise.all([ending.ended, idle.ended])).toEqual([GONE, GONE])
    await server.start()
    const other = await scene.machine({ lockDuration: LOCK })
    expect(await handle).toBe(other.child.pid)
    expect(await caller.submit(double, scene.folder, 2)).toBe(4)
    expect(caller.stats()).toMatchObject({ done: 2, failed: 0, cancelled: 0 })
  })
})
