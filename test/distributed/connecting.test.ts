import dns from 'node:dns'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ConnectionError, serve } from '../../src/bullmq.ts'
import { task } from '../../src/worker.ts'
import { echo } from '../fixtures/bullmq/functions.ts'
import { describeEachOwnServer, describeEachServer } from '../servers/describe-each-server.ts'
import { freePort } from '../servers/free-port.ts'
import { failureOf } from '../work.ts'

const QUEUE = 'connecting'
const SCHEMES = ['redis', 'postgres'] as const

type Unknown = (error: Error) => void

/** What a caller and a worker get who try to reach this server. */
async function failuresOf(connection: string, connectTimeout: number): Promise<unknown[]> {
  const call = task(echo, { mode: 'distributed', name: 'echo', queue: QUEUE, connection, connectTimeout })
  const failures = await Promise.all([
    failureOf(call(1)),
    failureOf(serve([echo], { queue: QUEUE, connection, connectTimeout })),
  ])
  await call.stop()
  return failures
}

/** A port with a listener that says nothing. */
async function silent(): Promise<number> {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as { port: number }).port
}

describe.each(SCHEMES)('a server that is not there (%s)', scheme => {
  it('is said to refuse connections', async () => {
    const failures = await failuresOf(`${scheme}://me:secret@127.0.0.1:${await freePort()}/0`, 1_000)
    for (const error of failures) {
      expect(error).toBeInstanceOf(ConnectionError)
      expect(error).toMatchObject({
        code: 'ERR_CONNECTION',
        message: expect.stringMatching(/within 1000 ms.*ECONNREFUSED/),
      })
      expect(String(error)).toContain(`${scheme}://me:***@127.0.0.1`)
      expect(String(error)).not.toContain('secret')
    }
  })

  it('is nothing to a call that is cancelled meanwhile, which ends at once', async () => {
    const connection = `${scheme}://127.0.0.1:${await freePort()}/0`
    const call = task(echo, { mode: 'distributed', name: 'echo', queue: QUEUE, connection, connectTimeout: 2_000 })
    const [handle, other] = [call(1), call(2)]
    const ended: unknown[] = []
    const ends = [handle, other].map(async each => ended.push(await failureOf(each)))
    await handle.accepted
    expect(await handle.cancel('no more')).toBe(true)
    await Promise.all(ends)
    expect(ended).toMatchObject([{ name: 'TaskCancelledError', cause: 'no more' }, { name: 'ConnectionError' }])
    await call.stop()
  })

  it('is said not to be known', async () => {
    // That of the system may ask a network, and wait for it.
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation(((host: string, ...[, done]: [unknown, Unknown]) => {
      done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }))
    }) as never)
    onTestFinished(() => lookup.mockRestore())
    for (const error of await failuresOf(`${scheme}://nowhere.invalid/0`, 300)) {
      expect(error).toMatchObject({
        code: 'ERR_CONNECTION',
        message: expect.stringMatching(/nowhere\.invalid.*ENOTFOUND/),
      })
    }
    expect(lookup).toHaveBeenCalled()
  })

  it('is said not to answer, when it takes connections and is silent', async () => {
    for (const error of await failuresOf(`${scheme}://127.0.0.1:${await silent()}/0`, 300)) {
      expect(error).toMatchObject({ code: 'ERR_CONNECTION' })
      expect(String(error)).toMatch(/could not be reached within 300 ms/)
    }
  })
})

describeEachServer('a server', ({ kind, url }) => {
  it('that has no such database says so at once', async () => {
    const wrong = new URL(url)
    wrong.pathname = kind === 'redis' ? '/1000000' : '/nosuchdatabase'
    for (const error of await failuresOf(wrong.href, 3_600_000)) {
      expect(error).toBeInstanceOf(ConnectionError)
      expect(String(error)).toMatch(/refused this client: .*(DB index|"nosuchdatabase" does not exist)/)
      expect(String(error)).toContain(wrong.pathname)
    }
  })
})

describeEachOwnServer('a server', ({ start }) => {
  it('that refuses the password, or asks for one, says so at once', async () => {
    const server = await start({ password: 'right' })
    onTestFinished(() => server[Symbol.asyncDispose]())
    for (const url of [server.url.replace(':right@', ':wrong@'), server.url.replace(':right@', '@')]) {
      for (const error of await failuresOf(url, 3_600_000)) {
        expect(error).toBeInstanceOf(ConnectionError)
        expect(String(error)).toMatch(/refused this client/)
        expect(String(error)).not.toMatch(/right|wrong@/)
      }
    }
    const call = task(echo, { mode: 'distributed', name: 'echo', queue: QUEUE, connection: server.url })
    const service = await serve([echo], { queue: QUEUE, connection: server.url })
    expect(await call('it lets us in')).toBe('it lets us in')
    await call.stop()
    await service.close()
  })

  it('that comes later is there for the next call, and for one that still waits', async () => {
    const server = await start()
    onTestFinished(() => server[Symbol.asyncDispose]())
    await server.stop()
    const where = { mode: 'distributed', name: 'echo', queue: QUEUE, connection: server.url } as const
    const [hasty, patient] = [
      task(echo<string>, { ...where, connectTimeout: 3_000 }),
      task(echo<string>, { ...where, connectTimeout: 50_000 }),
    ]
    const waiting = patient('patient')
    expect(await failureOf(hasty('hasty'))).toBeInstanceOf(ConnectionError)
    await server.start()
    const service = await serve([echo], { queue: QUEUE, connection: server.url })
    expect(await Promise.all([waiting, hasty.with({ timeout: 40_000 })('hasty')])).toEqual(['patient', 'hasty'])
    await Promise.all([hasty.stop(), patient.stop()])
    await service.close()
  })
})
