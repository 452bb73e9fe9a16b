import { expect, it } from 'vitest'
import { CallAnswers } from '../../../src/distributed/call/call-answers.ts'
import { decodeThrown } from '../../../src/distributed/protocol/protocol.ts'

it('a request that can not be read is answered with that', async () => {
  const published: Readonly<Record<string, string>>[] = []
  const call = { request: { onRequest: async () => 'nothing', signal: new AbortController().signal } }
  const answers = new CallAnswers(
    async (_, fields) => void published.push(fields),
    () => [call as never],
  )
  await answers.answer('job', '1', 'of another version')
  expect(published).toEqual([{ jobId: 'job', request: '1', error: expect.any(String) }])
  expect(decodeThrown(published[0]?.error as string)).toMatchObject({ code: 'ERR_SERIALIZATION' })
})
