import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { cleanErrors, driverCode } from '../../src/connection/driver-errors.ts'
import { ConnectionError, isTransient, refusalOf } from '../../src/connection/errors.ts'

const SECRET = 'c4n/ary@1:#?'

function shown(error: unknown): string {
  return inspect(error, { depth: 10, showHidden: true })
}

describe('an error of a driver', () => {
  const clean = cleanErrors({ password: SECRET, tls: { key: Buffer.from('k3y of TLS'), passphrase: 'p4ssphrase' } })

  it('loses all fields but those that say what happened', () => {
    const original = Object.assign(new RangeError('WRONGPASS invalid'), {
      command: { name: 'auth', args: [SECRET] },
      client: { password: SECRET },
      detail: `Failing row contains (${SECRET})`,
      [Symbol('options')]: SECRET,
      syscall: 'read',
    })
    const error = clean(original)
    expect(error).toBe(original)
    expect(error).toBeInstanceOf(RangeError)
    expect(Reflect.ownKeys(error).sort()).toEqual(['message', 'stack', 'syscall'])
    expect(driverCode(error)).toBe('WRONGPASS')
  })

  it('keeps the detail by which BullMQ tells on a PostgreSQL that a lock is lost', () => {
    expect(clean(Object.assign(new Error('lost'), { code: 'BM001', detail: '-2' }))).toHaveProperty('detail', '-2')
  })

  it.each([
    `it is ${SECRET}`,
    `it is ${encodeURIComponent(SECRET)}`,
    'k3y of TLS, p4ssphrase',
    "ERR unknown command 'auth', with args beginning with: 'c4n' 'ary",
    'getaddrinfo ENOTFOUND redis://c4n:ary@cache',
    'host=db password=c4nary',
    "host=db password='c4n ary'",
    'sslpassword: c4nary',
  ])('hides secrets in texts, causes and members: %s', text => {
    const inner = Object.assign(new Error(text), { command: SECRET })
    const error = clean(new AggregateError([inner], text, { cause: new Error(text, { cause: inner }) }))
    expect(shown(error)).not.toMatch(/c4n|ary|k3y|p4ss/)
    expect(shown(clean(text))).not.toMatch(/c4n|ary|k3y|p4ss/)
    expect(shown(clean(Object.freeze(inner)))).not.toMatch(/c4n|ary|k3y|p4ss/)
  })

  it('hides the passwords of a URL, also of one that is not escaped', () => {
    for (const connectionString of ['postgres://me:c4n%2Fary@db', 'postgres://me:c4n/ary@db', 'me:c4n/ary@db']) {
      const hidden = cleanErrors({ connectionString })(new Error('what came was c4n/ary'))
      expect(hidden.message).toBe('what came was ***')
    }
  })

  it('keeps where it was thrown', () => {
    const { stack } = new Error('was thrown')
    expect(clean(Object.assign(new Error('was thrown'), { stack })).stack).toBe(stack)
  })

  it('that can not be read, or goes in circles, is an error all the same', () => {
    const circle = new Error('circle')
    circle.cause = circle
    const hostile = Object.defineProperty(new Error('x'), 'message', {
      get() {
        throw new Error(SECRET)
      },
    })
    const { proxy, revoke } = Proxy.revocable(new Error('x'), {})
    revoke()
    for (const thrown of [circle, hostile, proxy, undefined, null, Object.create(null), Symbol('x')]) {
      const error = clean(thrown)
      expect(error).toBeInstanceOf(Error)
      expect(driverCode(error)).toBeDefined()
      expect(shown(error)).not.toContain(SECRET)
    }
  })

  it.each([
    ['NOREPLICAS Not enough good replicas to write.', 'NOREPLICAS'],
    ['ERR Error running script (call to f_1): @user_script:33: WRONGTYPE Operation against a key', 'WRONGTYPE'],
    ['WRONGTYPE Operation against a key holding the wrong kind of value script: 1', 'WRONGTYPE'],
    ['Connection is closed.', 'ECONNRESET'],
    ['Connection terminated unexpectedly', 'ECONNRESET'],
    ['Command timed out', 'ETIMEDOUT'],
    ['timeout exceeded when trying to connect', 'ETIMEDOUT'],
    ['SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string', ''],
  ])('has a code: %s', (message, code) => {
    expect(driverCode(clean(new Error(message)))).toBe(code)
  })

  it('is a ConnectionError to callers, with the code of the server', () => {
    const cause = clean(new Error('OOM command not allowed'))
    const error = refusalOf('the queue q on redis://cache', cause)
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error).toMatchObject({
      message: 'the queue q on redis://cache: OOM command not allowed',
      code: 'ERR_CONNECTION',
      serverCode: 'OOM',
      cause,
    })
    const mine = new Error('OOM command not allowed')
    expect(refusalOf('the queue q', mine)).toBe(mine)
  })
})

describe('trouble that passes', () => {
  const clean = cleanErrors({})

  it.each(['LOADING Redis is loading', 'READONLY You can not write', 'Connection is closed.', 'Query read timeout'])(
    'is what a driver says: %s',
    message => expect(isTransient(clean(new Error(message)))).toBe(true),
  )

  it.each(['ECONNREFUSED', 'ECONNRESET', 'EAI_AGAIN', 'ENOTFOUND', '57P01', '08006', '53300'])(
    'has a code of Node or of the server: %s',
    code => expect(isTransient(clean(Object.assign(new Error('x'), { code })))).toBe(true),
  )

  it.each(['OOM command not allowed', 'NOREPLICAS Not enough', 'WRONGTYPE Operation', 'there is no function loading'])(
    'is not what a server refuses: %s',
    message => expect(isTransient(clean(new Error(message)))).toBe(false),
  )

  it.each([
    new Error('there is no function readonly'),
    new Error('LOADING Redis is loading the dataset in memory'),
    new Error('Connection is closed.'),
    Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:80'), { code: 'ECONNREFUSED' }),
    'ECONNRESET',
  ])('is nothing that others throw, whatever it says: %s', error => expect(isTransient(error)).toBe(false))
})
