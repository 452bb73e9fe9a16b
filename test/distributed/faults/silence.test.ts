import { expect, it, onTestFinished, vi } from 'vitest'
import { serve } from '../../../src/bullmq.ts'
import { double, waits } from '../../fixtures/bullmq/fault-functions.ts'
import { until } from '../../harness.ts'
import { describeEachServer } from '../../servers/describe-each-server.ts'
import { chaosProxyTo } from './chaos-proxy.ts'
import { LOCK, Scene } from './scene.ts'

// Twice as long as it takes to be noticed, as half a minute would be too long for a test.
vi.mock('../../../src/connection/longest-silence.ts', () => ({ LONGEST_SILENCE: 1_500 }))

const FOR_GOOD = { kind: 'swallow', direction: 'both' } as const

describeEachServer('connections that are open, and on which nothing arrives any more', server => {
  it.each(['caller', 'worker'] as const)('hang no call: those of a %s', async who => {
    const scene = new Scene(server)
    const proxy = await chaosProxyTo(server.url)
    const urlOf = (role: typeof who) => (role === who ? proxy.url : server.url)
    const options = { connection: urlOf('worker'), queue: scene.queue, lockDuration: LOCK, maxStalled: 5 }
    const service = await serve([double, waits], options)
    onTestFinished(async () => void (await service.close({ timeout: 0 })))
    const caller = await scene.caller({ connection: urlOf('caller') })
    const calls = [caller.submit(waits, scene.folder, 'a'), caller.submit(waits, scene.folder, 'b')]
    await until(() => scene.notes('started').length === 2)

    proxy.strike(FOR_GOOD, 'open')
    // It may run again, as its worker can't be heard of meanwhile.
    for (const run of [1, 2, 3]) for (const name of ['a', 'b']) scene.open(`${name}-${run}`)
    const after = caller.submit(double, scene.folder, 1)
    expect(await Promise.all([...calls, after])).toEqual([process.pid, process.pid, 2])
  })

  it('do not keep a worker from its close', async () => {
    const scene = new Scene(server)
    const proxy = await chaosProxyTo(server.url)
    const service = await serve([double], { connection: proxy.url, queue: scene.queue })
    proxy.strike(FOR_GOOD)
    expect(await service.close()).toMatchObject({ done: 0, abandoned: [] })
  })
})
