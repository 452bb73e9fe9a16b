import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { until } from '../harness.ts'
import { get, put } from './data.ts'
import { describeEachOwnServer, describeOwn } from './describe-each-server.ts'
import { type OwnServer, startPostgres, startRedis } from './own-server.ts'
import { refusalOf } from './probe.ts'
import { temporaryFolder } from './temporary-folder.ts'

const REFUSED = /ECONNREFUSED/
const FIXTURE = fileURLToPath(new URL('../fixtures/own-server.ts', import.meta.url))

/** A client of the server; gives what tells when it has lost its connection. */
async function connect({ kind, url }: OwnServer): Promise<{ readonly lost: Promise<void> }> {
  if (kind === 'redis') {
    const redis = new Redis(url, { retryStrategy: () => null })
    const lost = new Promise<void>(resolve => void redis.once('end', resolve))
    await redis.ping()
    return { lost }
  }
  const client = new pg.Client(url)
  client.on('error', () => {})
  const lost = new Promise<void>(resolve => void client.once('end', resolve))
  await client.connect()
  return { lost }
}

describeEachOwnServer('a server', ({ kind, start }) => {
  describe('that runs', () => {
    let server: OwnServer
    beforeAll(async () => {
      server = await start()
    })
    afterAll(() => server[Symbol.asyncDispose]())

    it('keeps its data when it is stopped and started again, on the same port', async () => {
      await put(server, 'one')
      await server.stop()
      expect(await refusalOf(kind, server.url)).toMatch(REFUSED)
      await server.start()
      expect(await get(server)).toBe('one')
    })

    it('loses its clients but nothing that it confirmed when it is killed, time and again', async () => {
      for (const value of ['two', 'three', 'four']) {
        const client = await connect(server)
        await put(server, value)
        await server.kill()
        await client.lost
        expect(await refusalOf(kind, server.url)).toMatch(REFUSED)
        await server.start()
        expect(await get(server)).toBe(value)
      }
    })

    it('stops although clients are connected', async () => {
      const client = await connect(server)
      await server.stop()
      await client.lost
      await server.start()
    })

    it('takes a second start or end as done', async () => {
      await server.start()
      await server.kill()
      await server.stop()
      await server.kill()
      await server.start()
      expect(await refusalOf(kind, server.url)).toBeUndefined()
    })

    it('does not lose its port to another one', async () => {
      await using other = await start()
      expect(other.port).not.toBe(server.port)
      await expect(start({ port: server.port })).rejects.toThrow(/did not start: .*address already in use/is)
      expect(await refusalOf(kind, server.url)).toBeUndefined()
    })
  })

  it('asks for the password that it was given', async () => {
    await using server = await start({ password: 'p:a/s%s@' })
    expect(await refusalOf(kind, server.url)).toBeUndefined()
    const wrong = new URL(server.url)
    wrong.password = 'wrong'
    expect(await refusalOf(kind, wrong.href)).toMatch(/WRONGPASS|password authentication failed/)
    wrong.password = ''
    expect(await refusalOf(kind, wrong.href)).toMatch(/NOAUTH|password must be a string/)
  })

  it.each(['runs', 'was killed'])('leaves nothing behind when it is disposed while it %s', async state => {
    const folder = temporaryFolder()
    vi.stubEnv('TMPDIR', folder)
    onTestFinished(() => void vi.unstubAllEnvs())
    const server = await start()
    expect(readdirSync(folder)).toHaveLength(1)
    const memory = sharedMemoryOf(folder)
    if (memory !== undefined) expect(sharedMemory()).toContain(memory.id)
    expect(memory?.files ?? []).toEqual([])
    if (state === 'was killed') await server.kill()
    await server[Symbol.asyncDispose]()
    expect(readdirSync(folder)).toEqual([])
    expect(await refusalOf(kind, server.url)).toMatch(REFUSED)
    expect(sharedMemory()).not.toContain(memory?.id)
  })

  it.each(['killed', 'forgetful'])('does not outlive the process that started it when that is %s', async how => {
    const folder = temporaryFolder()
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', FIXTURE, kind, how], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const exit = once(child, 'exit')
    const [url] = await Promise.race([once(child.stdout.setEncoding('utf8'), 'data'), exit.then(() => [''])])
    if (how === 'killed') child.kill('SIGKILL')
    expect(await exit).toEqual(how === 'killed' ? [null, 'SIGKILL'] : [0, null])
    await until(() => readdirSync(folder).length === 0)
    expect(await refusalOf(kind, url.trim())).toMatch(REFUSED)
  })
})

describeOwn('redis', 'a server that need not be persistent', () => {
  it.each(['stop', 'kill'] as const)('has lost its data after a %s', async end => {
    await using server = await startRedis()
    await put(server, 'lost')
    await server[end]()
    await server.start()
    expect(await get(server)).toBeUndefined()
  })
})

describe('a server that is not on this machine', () => {
  it('is missed by its name', async () => {
    vi.stubEnv('PATH', '')
    onTestFinished(() => void vi.unstubAllEnvs())
    await expect(startRedis()).rejects.toThrow('Redis is not on this machine: no redis-server')
  })
})

describeOwn('postgres', 'kill', ({ start }) => {
  it('leaves its clients without a word', async () => {
    await using server = await start()
    const client = new pg.Client(server.url)
    const said = new Promise<Error>(resolve => void client.on('error', resolve))
    await client.connect()
    await server.kill()
    expect((await said).message).toBe('Connection terminated unexpectedly')
  })
})

describeOwn('postgres', 'a start that fails', () => {
  it('says why, and leaves nothing behind', async () => {
    const folder = temporaryFolder()
    vi.stubEnv('TMPDIR', folder)
    onTestFinished(() => void vi.unstubAllEnvs())
    await expect(startPostgres({ password: '' })).rejects.toThrow(/initdb failed: .*password/s)
    expect(readdirSync(folder)).toEqual([])
  })
})

const SEGMENTS = '/proc/sysvipc/shm'

/** The ids of the shared memory of this system, where it tells them. */
function sharedMemory(): (string | undefined)[] {
  if (!existsSync(SEGMENTS)) return []
  return readFileSync(SEGMENTS, 'utf8')
    .matchAll(/^ *\d+ +(\d+)/gm)
    .map(([, id]) => id)
    .toArray()
}

/** What the PostgreSQL in a folder shares outside of it, where there is one and the system tells. */
function sharedMemoryOf(folder: string): { readonly id: string | undefined; readonly files: string[] } | undefined {
  const file = join(folder, readdirSync(folder)[0] ?? '', 'data', 'postmaster.pid')
  if (!existsSync(SEGMENTS) || !existsSync(file)) return undefined
  const lines = readFileSync(file, 'utf8').split('\n')
  const maps = readFileSync(`/proc/${lines[0]}/maps`, 'utf8')
  return { id: lines[6]?.trim().split(/ +/)[1], files: maps.match(/\/dev\/shm\/.*/g) ?? [] }
}
