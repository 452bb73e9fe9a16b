import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { withPostgres } from './data.ts'
import { describeEachOwnServer, describeEachServer, describeOwn } from './describe-each-server.ts'
import { freePort } from './free-port.ts'
import { refusalOf } from './probe.ts'
import { type Found, findServer, type Surroundings, skippedTests } from './servers.ts'
import { KINDS, type Kind } from './test-server.ts'

const CLOSED: Readonly<Record<Kind, string>> = {
  redis: 'redis://:secret@127.0.0.1:1',
  postgres: 'postgres://postgres:secret@127.0.0.1:1/test',
}

/** Both kinds at one port of this machine, which need not have their programs. */
function at(port: number, environment: Surroundings['environment'] = {}): Surroundings {
  return { environment, ports: { redis: port, postgres: port }, startable: () => false }
}

function named(kind: Kind, url: string): Surroundings['environment'] {
  return { [kind === 'redis' ? 'REDIS_URL' : 'DATABASE_URL']: url }
}

describeEachServer('findServer', ({ kind, url }) => {
  it('gives the server that the environment names', async () => {
    expect(await findServer(kind, at(1, named(kind, url)))).toMatchObject({ kind, url })
  })
})

describeEachOwnServer('findServer', ({ kind, start }) => {
  it('gives the server that answers at the usual port', async () => {
    await using server = await start()
    const { url } = await findServer(kind, at(server.port))
    expect(new URL(url ?? '').host).toBe(`127.0.0.1:${server.port}`)
  })

  it('looks for no other one when that of the environment does not answer', async () => {
    await using server = await start()
    const found = await findServer(kind, { ...at(server.port, named(kind, CLOSED[kind])), startable: () => true })
    expect(found).toMatchObject({ url: undefined, why: expect.stringMatching(/_URL does not work: .*ECONNREFUSED/) })
    expect(found.started).toBeUndefined()
    expect(found.why).not.toContain('secret')
  })

  it('passes over a server that wants a password', async () => {
    await using server = await start({ password: 'secret' })
    const { url, why } = await findServer(kind, at(server.port))
    expect(url).toBeUndefined()
    expect(why).toMatch(/NOAUTH|password/)
  })

  it('starts one where none answers, for the caller to dispose', async () => {
    const { url = '', started } = await findServer(kind, { ...at(await freePort()), startable: () => true })
    expect(await refusalOf(kind, url)).toBeUndefined()
    await started?.[Symbol.asyncDispose]()
    expect(await refusalOf(kind, url)).toMatch(/ECONNREFUSED/)
  })
})

describe.each(KINDS)('findServer without a server of the kind %s', kind => {
  it('says what it looked for', async () => {
    const { url, why } = await findServer(kind, at(await freePort()))
    expect(url).toBeUndefined()
    expect(why).toMatch(/^connect ECONNREFUSED .*, and no (redis-server|initdb and postgres) on this machine$/)
  })

  it('is not taken in by another service at the usual port', async () => {
    const service = createServer(socket => socket.end('220 smtp.example\r\n'))
    service.listen(0, '127.0.0.1')
    onTestFinished(() => void service.close())
    await once(service, 'listening')
    const { url } = await findServer(kind, at((service.address() as AddressInfo).port))
    expect(url).toBeUndefined()
  })
})

describe('freePort', () => {
  it('gives no port twice: the server of the first one may just be down', async () => {
    const ports = await Promise.all(Array.from({ length: 300 }, freePort))
    expect(new Set(ports).size).toBe(300)
  })
})

describeOwn('postgres', 'refusalOf', ({ kind, start }) => {
  it('refuses a database where its user may not create a schema', async () => {
    await using server = await start()
    await withPostgres(server.url, client => client.query('CREATE ROLE guest LOGIN'))
    const url = server.url.replace('postgres@', 'guest@')
    expect(await refusalOf(kind, url)).toBe('its user may not create a schema')
    await withPostgres(server.url, client => client.query('GRANT CREATE ON DATABASE postgres TO guest'))
    expect(await refusalOf(kind, url)).toBeUndefined()
  })
})

describe('skippedTests', () => {
  const there: Found = { kind: 'redis', url: 'redis://127.0.0.1', startable: true, why: '' }

  it('is nothing when everything can be tested', () => {
    expect(skippedTests([there, there])).toBeUndefined()
  })

  it('names in one line what is skipped, and why', () => {
    const skipped = skippedTests([
      { ...there, startable: false },
      { kind: 'postgres', url: undefined, startable: true, why: 'initdb failed:\n  no space' },
    ])
    expect(skipped).toBe(
      'those that stop a Redis (no redis-server on this machine); those on PostgreSQL (initdb failed: no space)',
    )
  })
})
