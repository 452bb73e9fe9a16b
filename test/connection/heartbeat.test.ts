import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { endWhenSilent } from '../../src/connection/heartbeat.ts'
import { LONGEST_SILENCE } from '../../src/connection/longest-silence.ts'
import { runVirtual } from '../../src/testing.ts'
import { delay } from '../work.ts'

/** A connection; what it has read so far is set by the test. */
class Connection extends PassThrough {
  bytesRead = 0
}

it('ends a connection that does not answer, and says why', async () => {
  const connection = new Connection()
  let asked = 0
  const { value, elapsed } = await runVirtual(async () => {
    endWhenSilent(connection, async () => void (asked += 1))
    return (await once(connection, 'error')) as [Error]
  })
  expect(value[0]).toMatchObject({ code: 'ETIMEDOUT', message: expect.stringContaining('nothing has arrived') })
  expect([asked, elapsed]).toEqual([1, 2 * LONGEST_SILENCE])
})

it('keeps one that answers, and asks anew each time that it has been silent', async () => {
  const connection = new Connection()
  let asked = 0
  await runVirtual(async () => {
    endWhenSilent(connection, async () => {
      asked += 1
      connection.bytesRead += 1
    })
    await delay(10.5 * LONGEST_SILENCE)
    connection.destroy()
  })
  expect([asked, connection.errored]).toEqual([5, null])
})

it('asks nothing of one that is used', async () => {
  const connection = new Connection()
  await runVirtual(async () => {
    endWhenSilent(connection, () => Promise.reject(new Error('not asked')))
    for (let time = 0; time < 10; time += 1) {
      connection.bytesRead += 1
      await delay(LONGEST_SILENCE)
    }
    connection.destroy()
  })
  expect(connection.errored).toBeNull()
})
