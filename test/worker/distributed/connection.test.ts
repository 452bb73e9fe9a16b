import { describe, expect, it } from 'vitest'
import { serverOf } from '../../../src/worker/distributed/connection.ts'

describe('a connection', () => {
  it.each([
    ['redis://127.0.0.1', { host: '127.0.0.1', port: 6379, db: 0 }],
    ['redis://cache:7000/3', { host: 'cache', port: 7000, db: 3 }],
    ['redis://cache?db=2', { host: 'cache', port: 6379, db: 2 }],
    ['redis://[::1]:7000', { host: '::1', port: 7000, db: 0 }],
    ['redis://me:s%40crt@cache', { host: 'cache', port: 6379, db: 0, username: 'me', password: 's@crt' }],
    ['redis://:secret@cache', { host: 'cache', port: 6379, db: 0, password: 'secret' }],
    ['rediss://cache', { host: 'cache', port: 6379, db: 0, tls: {} }],
  ])('may be the URL of a Redis: %s', (url, options) => {
    expect(serverOf(url)).toMatchObject({ kind: 'redis', options })
    expect(serverOf(new URL(url))).toMatchObject({ kind: 'redis', options })
  })

  it.each(['postgres://me:secret@db:5433/name', 'postgresql://db/name'])('may be the URL of a PostgreSQL: %s', url => {
    expect(serverOf(url)).toMatchObject({ kind: 'postgres', options: { connectionString: url } })
  })

  it('may be the options of a driver', () => {
    expect(serverOf({ redis: { host: 'cache' } })).toMatchObject({ kind: 'redis', label: 'redis://cache:6379' })
    expect(serverOf({ redis: { path: '/run/redis' } })).toMatchObject({ label: 'redis:/run/redis' })
    expect(serverOf({ postgres: { host: 'db' } })).toMatchObject({ kind: 'postgres', label: 'postgres://db:5432' })
    const connectionString = 'postgres://me:secret@db/name'
    expect(serverOf({ postgres: { connectionString } }).label).toBe('postgres://me:***@db/name')
  })

  it.each(['redis://:secret@cache', 'postgres://me:secret@db/name', 'redis://:sec@ret@cache'])(
    'is named without its password: %s',
    url => {
      expect(serverOf(url).label).not.toMatch(/sec|ret/)
      expect(serverOf(url).label).toMatch(/\*\*\*@/)
    },
  )

  it('is named without a password among its parameters', () => {
    const { label } = serverOf('postgres://db/name?user=me&password=s3cret&ssl=true')
    expect(label).toBe('postgres://db/name?user=me&password=***&ssl=true')
  })

  it.each([5, null, undefined, {}, [], { redis: 5 }, { redis: {}, postgres: {} }, () => {}])(
    'is nothing else: %s',
    given => {
      expect(() => serverOf(given as never)).toThrow(TypeError)
    },
  )

  it.each(['', 'cache', '127.0.0.1:6379', 'http://cache', 'redis://cache/name', 'redis://cache/-1'])(
    'is no other text: %s',
    given => {
      expect(() => serverOf(given)).toThrow(RangeError)
    },
  )

  it('that is refused does not tell its password', () => {
    expect(() => serverOf('http://me:secret@cache')).toThrow(/http:\/\/me:\*\*\*@cache/)
    for (const given of ['not a url://me:secret@cache', 'redis://me:se:cr/et@cache']) {
      expect(() => serverOf(given)).toThrow(/:\*\*\*@cache/)
    }
  })
})
