import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type Connection, serverOf } from '../../src/connection/target.ts'

function thrownBy(action: () => unknown): unknown {
  try {
    return action()
  } catch (error) {
    return error
  }
}

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

  it.each([
    'redis://u:12/S3CRET@cache',
    'redis://u:12/0?S3CRET@cache',
    'redis://u:12#S3CRET@cache',
    'redis://u:S3CRET%zz@cache',
    'redis:u:S3CRET@cache',
    'postgres:u:S3CRET@db',
    'u:S3CRET@cache',
    'S3CRET@cache',
    'S3CRET',
    'host=db password=S3CRET',
    "host=db password='S3 CRET'",
    'not a url://me:S3CRET@cache',
    'redis://me:se:S3CRET/@cache',
    'mysql://me:S3CRET@cache',
    'http://S3CRET@cache',
    'redis://:one\nS3CRET@cache/name',
  ])('that is refused tells nothing of what may be its password: %s', given => {
    const error = thrownBy(() => serverOf(given))
    expect(error).toBeInstanceOf(RangeError)
    expect(inspect(error, { showHidden: true })).not.toContain('S3CRET')
    expect(inspect(error, { showHidden: true })).not.toContain('CRET')
  })

  it.each<[Connection, label: string]>([
    ['redis://S3CRET@cache', 'redis://***@cache'],
    ['redis://S3CRET:@cache', 'redis://***@cache'],
    ['redis://me:S3CRET@cache:7000/3', 'redis://me:***@cache:7000/3'],
    ['redis://:a\nS3CRET@cache', 'redis://:***@cache'],
    ['redis://:a@S3CRET@cache', 'redis://:***@cache'],
    ['redis://:a:S3CRET@cache', 'redis://:***@cache'],
    ['REDIS://:S3CRET@cache', 'REDIS://:***@cache'],
    ['redis://cache?password=S3CRET&db=2', 'redis://cache?password=***&db=2'],
    ['postgres://me@db/name', 'postgres://me@db/name'],
    ['postgres://db/name?sslpassword=S3CRET', 'postgres://db/name?sslpassword=***'],
    ['postgres://db/name?PassWord=S3CRET&ssl=true', 'postgres://db/name?PassWord=***&ssl=true'],
    ['postgres://db/name?p%61ssword=S3CRET', 'postgres://db/name?password=***'],
    ['postgres://db/name?options=-c%20x%3DS3CRET', 'postgres://db/name?options=***'],
    ['postgres://db/name?S3CRET', 'postgres://db/name?***'],
    ['postgres://db/name#S3CRET', 'postgres://db/name#***'],
    ['postgres://u:12/S3CRET@db', 'postgres://***'],
    ['postgres:///name?host=/run/postgresql', 'postgres:///name?host=/run/postgresql'],
    [{ postgres: { connectionString: 'host=db password=S3CRET' } }, '***'],
    [{ postgres: { connectionString: 'postgres:u:S3CRET@db' } }, '***'],
    [{ postgres: { connectionString: '/run/postgresql name' } }, 'postgres:/run/postgresql name'],
    [{ postgres: { host: '/run/postgresql', password: 'S3CRET' } }, 'postgres:///run/postgresql:5432'],
    [{ redis: { host: 'redis://:S3CRET@cache' } }, 'redis://***:6379'],
    [{ redis: { host: 'cache', port: 'S3CRET@1', password: 'S3CRET' } }, 'redis://cache:***'],
    [{ redis: { path: 'redis://:S3CRET@cache' } }, 'redis:***'],
    [{ redis: { host: '::1', username: 'S3CRET' } }, 'redis://::1:6379'],
  ])('is named without what may be a secret: %j', (connection, label) => {
    expect(serverOf(connection).label).toBe(label)
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
    expect(() => serverOf('redis://me:se:cr/et@cache')).toThrow(/"redis:\/\/\*\*\*"; special characters in a password/)
  })
})
