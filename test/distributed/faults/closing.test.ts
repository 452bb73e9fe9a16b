import { expect, it } from 'vitest'
import { double, doubleLater, listens, waits } from '../../fixtures/bullmq/fault-functions.ts'
import { describeEachOwnServer, describeEachServer } from '../../servers/describe-each-server.ts'
import { waitingJobs } from './engine.ts'
import { PATIENCE, Scene, until } from './scene.ts'

const GONE = { exitCode: 0, signal: null }

describeEachServer('a worker that is told to end', server => {
  it('takes no new call, finishes what it can, and gives back the rest', { timeout: PATIENCE }, async () => {
    const scene = new Scene(server)
    const caller = await scene.caller()
    const ending = await scene.machine({ maxTasks: 2, closeTimeout: 1_500 })
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

  it('has no call run twice when all can end in time', { timeout: PATIENCE }, async () => {
    const scene = new Scene(server)
    const caller = await scene.caller()
    const options = { maxTasks: 10, lockDuration: PATIENCE }
    const [ending] = [await scene.machine(options), await scene.machine(options)]
    const numbers = Array.from({ length: 500 }, (_, number) => number)
    const handles = numbers.map(number => caller.submit(doubleLater, scene.folder, number, 5))
    await scene.noted('started', undefined, 100)
    ending.child.kill('SIGTERM')
    expect(await ending.ended).toEqual(GONE)
    expect(handles.some(handle => !handle.done())).toBe(true)
    expect(await Promise.all(handles)).toEqual(numbers.map(number => number * 2))
    const runs = scene.notes('started').map(({ name }) => Number(name))
    expect(runs.sort((a, b) => a - b)).toEqual(numbers)
    expect(ending.output.stderr).toBe('')
  })
})

describeEachOwnServer('a worker that is told to end while its server is away', ({ start }) => {
  it('ends, and another one runs its calls when the server is back', { timeout: 2 * PATIENCE }, async () => {
    const { scene, server } = await Scene.onOwn(start)
    const caller = await scene.caller()
    const ending = await scene.machine({ closeTimeout: 100 })
    const handle = caller.submit(listens, scene.folder, 'call')
    await scene.noted('started')
    const idle = await scene.machine()
    await server.stop()
    await until(() => scene.log.length > 0)
    for (const { child } of [ending, idle]) child.kill('SIGTERM')
    expect(await Promise.all([ending.ended, idle.ended])).toEqual([GONE, GONE])
    await server.start()
    const other = await scene.machine()
    expect(await handle).toBe(other.child.pid)
    expect(await caller.submit(double, scene.folder, 2)).toBe(4)
    expect(caller.stats()).toMatchObject({ done: 2, failed: 0, cancelled: 0 })
  })
})
