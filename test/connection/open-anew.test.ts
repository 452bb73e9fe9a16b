import { expect, it, onTestFinished, vi } from 'vitest'
import { cleanErrors } from '../../src/connection/driver-errors.ts'
import { ConnectionError } from '../../src/connection/errors.ts'
import { openAnew } from '../../src/connection/persistence.ts'
import type { Server } from '../../src/connection/target.ts'
import { runVirtual } from '../../src/testing.ts'
import { failureOf } from '../work.ts'

const SERVER: Server = { kind: 'redis', options: {}, label: 'redis://there', identity: 'redis://there' }
const TIMEOUT = 1_000

const ofDriver = (code: string) => cleanErrors({})(Object.assign(new Error(`it said ${code}`), { code }))

it('opens what has lost its connection, within the time that is left', async () => {
  const left: number[] = []
  const { value } = await runVirtual(() =>
    openAnew(SERVER, TIMEOUT, async time => {
      left.push(time)
      if (left.length < 4) throw ofDriver('ECONNRESET')
      return 'open'
    }),
  )
  expect(value).toBe('open')
  expect(left).toEqual([1_000, 900, 800, 700])
})

it('gives the first attempt all of the time, which a server that is away is said to have had', async () => {
  const ticking = vi.spyOn(performance, 'now')
  for (let tick = 0; tick < 10; tick += 1) ticking.mockReturnValueOnce(tick)
  onTestFinished(() => ticking.mockRestore())
  expect(await openAnew(SERVER, TIMEOUT, async left => left)).toBe(TIMEOUT)
})

it('says after that time that the server could not be reached, and why', async () => {
  const { value, elapsed } = await runVirtual(() =>
    failureOf(openAnew(SERVER, TIMEOUT, () => Promise.reject(ofDriver('EPIPE')))),
  )
  expect(value).toBeInstanceOf(ConnectionError)
  expect(value).toMatchObject({
    serverCode: 'EPIPE',
    message: expect.stringContaining('redis://there could not be reached'),
  })
  expect(elapsed).toBeLessThanOrEqual(TIMEOUT)
})

it.each([
  ['what the server refuses', ofDriver('WRONGTYPE')],
  ['a server that could not be reached', new ConnectionError('away', { cause: ofDriver('ECONNREFUSED') })],
  ['what is no fault of a server', Object.assign(new Error('mine'), { code: 'ECONNRESET' })],
])('does not try again for %s', async (_, error) => {
  let attempts = 0
  const open = () => {
    attempts += 1
    return Promise.reject(error)
  }
  expect(await failureOf(openAnew(SERVER, TIMEOUT, open))).toBe(error)
  expect(attempts).toBe(1)
})

it('says what it has met rather than that the rest of its time was too short', async () => {
  const away = new ConnectionError('not reached within 3 ms', { cause: ofDriver('ETIMEDOUT') })
  const refused = new ConnectionError('refused', { cause: ofDriver('WRONGPASS') })
  for (const [last, code] of [
    [away, 'READONLY'],
    [refused, 'WRONGPASS'],
  ] as const) {
    const met = [ofDriver('READONLY'), last]
    const { value } = await runVirtual(() => failureOf(openAnew(SERVER, TIMEOUT, () => Promise.reject(met.shift()))))
    expect(value).toMatchObject({ code: 'ERR_CONNECTION', serverCode: code })
  }
})
