import { describe, expect, it } from 'vitest'
import { SerializationError } from '../../../src/base/errors.ts'
import { fromWorker, toWorker } from '../../../src/worker/messages/protocol.ts'

const MODULE = { kind: 'module', url: 'file:///m.ts', name: 'f' }
const CALL: readonly unknown[] = ['call', 1, 1, MODULE, { value: [] }, 1, 'f', 1]

describe('fromWorker', () => {
  it.each([
    [['ready']],
    [['result', 1, { value: 1 }]],
    [['failure', 1, { value: 1 }]],
    [['stopped', 1]],
    [['progress', 1, { completed: 1, total: 2, message: 'half' }]],
    [['request', 1, 2, { value: 1 }]],
    [['items', 1, { value: [1, 2] }]],
    [['memory', 1_000]],
    [['noisy']],
    [['quiet', 0, 0]],
    [['uncaught', { value: 1 }]],
    [['late', { value: 1 }]],
    [['said', null]],
  ])('takes %j', message => {
    expect(fromWorker(message)).toEqual(message)
  })

  it.each([
    [undefined],
    [null],
    ['ready'],
    [{ 0: 'ready', length: 1 }],
    [[]],
    [[['ready']]],
    [['toString']],
    [['result']],
    [['result', '1']],
    [['failure', Number.NaN]],
    [['stopped', {}]],
    [['progress', 1]],
    [['progress', '1', { completed: 1 }]],
    [['progress', 1, { completed: '1' }]],
    [['progress', 1, { completed: 1, message: {} }]],
    [['request', 1]],
    [['items']],
    [['memory', Number.POSITIVE_INFINITY]],
    [['memory', -1]],
    [['quiet', 1]],
  ])('refuses %j', message => {
    expect(() => fromWorker(message)).toThrow(SerializationError)
  })
})

describe('toWorker', () => {
  it.each([
    [CALL],
    [CALL.with(3, undefined)],
    [CALL.with(3, { kind: 'source', source: 'x => x', name: '' })],
    [['abort', 1, {}]],
    [['credit', 1, 16]],
    [['answer', 1, {}]],
    [['refusal', 1, {}]],
    [['memory']],
    [['stop']],
    [['setup', MODULE, undefined, {}, 1]],
  ])('takes %j', message => {
    expect(toWorker(message)).toEqual(message)
  })

  it.each<[unknown]>([
    [null],
    ['memory'],
    [[]],
    [['call']],
    ...CALL.flatMap((_, at) => (at === 4 ? [] : [[CALL.with(at, null)] as [unknown]])),
    [CALL.with(3, { kind: 'module', source: 'x => x', name: 'f' })],
    [['abort']],
    [['answer', '1']],
    [['credit', 1]],
    [['credit', 1, 0]],
    [['credit', 1, Number.NaN]],
    [['credit', 1, '1']],
    [['setup', MODULE, undefined, {}]],
    [['setup', {}, undefined, {}, 1]],
  ])('refuses %j', message => {
    expect(() => toWorker(message)).toThrow(SerializationError)
  })
})
