import { describe, expect, it } from 'vitest'
import { SerializationError, WorkerCrashedError } from '../../../src/base/errors.ts'
import { failure, KINDS, run, runSource } from './hosts.ts'
import { TAMPER, tamperingFlags } from './tampering.ts'

describe.each(KINDS)('the channel of a %s', (kind, start) => {
  describe('ends a worker that sends', () => {
    it.each([
      ['no array', { result: 1 }],
      ['text', 'result'],
      ['a kind that nobody knows', ['other', '$call']],
      ['a list for a kind', [['result'], '$call']],
      ['a result of no call', ['result']],
      ['a result of a call that is no number', ['result', '1', { value: 1 }]],
      ['a result without a value', ['result', '$call']],
      ['a failure without an error', ['failure', '$call', null]],
      ['a failure of no call', ['failure', Number.NaN, { value: 1 }]],
      ['a stop of no call', ['stopped']],
      ['progress that is none', ['progress', '$call', { completed: 'half' }]],
      ['progress without any', ['progress', '$call']],
      ['a request without a number', ['request', '$call', null, { value: 1 }]],
      ['items that are no list', ['items', '$call', { value: 1 }]],
      ['a size that is no number', ['memory', 'much']],
      ['a negative size', ['memory', -1]],
      ['counts that are no numbers', ['quiet', 'a', 1]],
      ['an uncaught error that is none', ['uncaught', null]],
    ])('%s', async (_, forged) => {
      const host = start({ execArgv: tamperingFlags(kind) })
      const other = failure(run(host, 'hang'))
      const error = await failure(runSource(host, TAMPER, 'out', 'result', forged))
      for (const lost of [error, await other]) {
        expect(lost).toBeInstanceOf(WorkerCrashedError)
        expect(lost.message).toContain("was ended because it sent what can't be understood")
        expect(lost.cause).toBeInstanceOf(Error)
      }
      expect(await host.exited).toMatchObject({ requested: false })
    })
  })

  it('names what it can not understand', async () => {
    const host = start({ execArgv: tamperingFlags(kind) })
    const { cause } = await failure(runSource(host, TAMPER, 'out', 'result', ['other', '$call']))
    expect(cause).toBeInstanceOf(SerializationError)
    expect((cause as Error).message).toBe('a worker sent what is no message: "other"')
  })

  describe('ends a worker that is sent', () => {
    it.each([
      ['no array', { call: 1 }],
      ['a kind that nobody knows', ['other', '$call']],
      ['a call without anything', ['call']],
      ['a call of a function it was not told of', ['call', '$call', 99, undefined, { value: [] }, 1, 'f', 1]],
      [
        'a call of a function that is none',
        ['call', '$call', 99, { kind: 'module', name: 'f' }, { value: [] }, 1, 'f', 1],
      ],
      ['an abort without a reason', ['abort', '$call']],
      ['an answer to nothing', ['answer']],
      ['a credit of nothing', ['credit', '$call', 0]],
    ])('%s', async (_, forged) => {
      const host = start({ execArgv: tamperingFlags(kind) })
      await runSource(host, TAMPER, 'in', 'call', forged)
      const error = await failure(run(host, 'add', [1, 2], { onProgress: () => {} }))
      expect(error).toMatchObject({ code: 'ERR_WORKER_CRASHED', exitCode: 1, cause: expect.any(Error) })
    })
  })
})
