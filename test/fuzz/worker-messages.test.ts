import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SerializationError, WorkerCrashedError } from '../../src/base/errors.ts'
import { plainThrown } from '../../src/serialize/thrown.ts'
import { packValue } from '../../src/worker/functions/carry.ts'
import type { Link, LinkListener } from '../../src/worker/messages/link.ts'
import { fromWorker, toWorker } from '../../src/worker/messages/protocol.ts'
import { WorkerHost } from '../../src/worker/parent/worker-host.ts'
import { KINDS, run, runSource } from '../worker/host/hosts.ts'
import { TAMPER, tamperingFlags } from '../worker/host/tampering.ts'
import { mutated } from './mutated.ts'
import { watchPrototypes } from './prototypes.ts'
import { patience, runs } from './runs.ts'

/** Messages to one host, whose calls are 1, 2 and 3. */
const TOGETHER = 8
const CALLS = [1, 2, 3]
const USUAL = 60
/** Each starts a worker: one in `npm test`. */
const USUAL_REAL = 0.5

const packed = (value: unknown): unknown => packValue(value).data
const thrown = (error: unknown): unknown => plainThrown(error, structuredClone)

const VALUES = [3, 'text', { a: [1, { b: null }] }, [new RangeError('one', { cause: new TypeError('two') })]].map(
  packed,
)
const FAILURE = Object.assign(new RangeError('refused', { cause: new Error('cause') }), { code: 'ERR_REFUSED' })

/** What a worker says of a call. */
const saidOf = (call: unknown): unknown[][] => [
  ...VALUES.map(value => ['result', call, value]),
  ['failure', call, thrown(FAILURE)],
  ['stopped', call],
  ['progress', call, { completed: 1, total: 2, message: 'half' }],
  ['request', call, 7, packed({ acquire: 'tokens' })],
  ['items', call, packed([1, new RangeError('two')])],
]
const SAID = [
  ...CALLS.flatMap(saidOf),
  ['ready'],
  ['memory', 1_000],
  ['noisy'],
  ['quiet', 0, 0],
  ['uncaught', thrown(FAILURE)],
  ['said', { kind: 'mine' }],
]

/** What is said to a worker about a call. */
const toldOf = (call: unknown): unknown[][] => [
  ['call', call, 99, { kind: 'source', source: 'x => x', name: 'f' }, packed([1]), 1, 'f', 1],
  ['call', call, 1, undefined, packed([1, { a: 'b' }]), 1, 'f', 2, true],
  ['call', call, 1, undefined, packed([1]), 1, 'f', 1, undefined, undefined, undefined, true],
  ['credit', call, 3],
  ['abort', call, thrown(FAILURE)],
  ['answer', 7, packed('granted')],
  ['refusal', 7, thrown(FAILURE)],
  ['memory'],
]

const anyOf = (messages: readonly unknown[]) => fc.constantFrom(...messages).chain(mutated)

/** A host whose worker says what it is told to; it ends as a worker does, a moment after it is told to. */
function scriptedHost() {
  const heard = Promise.withResolvers<LinkListener>()
  let ended = false
  const start = (listener: LinkListener): Link => {
    heard.resolve(listener)
    return {
      kind: 'thread',
      id: 1,
      post(message) {
        structuredClone(message)
        if (message[0] === 'stop') this.end()
      },
      carry: structuredClone,
      drained: async () => {},
      printed: async () => {},
      hold: () => {},
      end() {
        ended = true
        queueMicrotask(() => listener.exited({ exitCode: 1, signal: null }))
      },
    }
  }
  const host = new WorkerHost(start, { onMessage: () => {} })
  return { host, listener: heard.promise, ended: () => ended }
}

/** Which calls are spoken of until a message is none; nothing more is believed after that. */
function settledBy(messages: readonly unknown[]): { readonly calls: Set<unknown>; readonly misshapen: boolean } {
  const calls = new Set<unknown>()
  for (const message of messages) {
    try {
      const [kind, call] = fromWorker(message)
      if (kind === 'result' || kind === 'failure' || kind === 'stopped') calls.add(call)
    } catch (error) {
      expect(error).toBeInstanceOf(SerializationError)
      return { calls, misshapen: true }
    }
  }
  return { calls, misshapen: false }
}

describe('mutated messages of a worker', () => {
  it(
    'throw nothing where they arrive, settle no call that they do not name, and end a worker whose are misshapen',
    async () => {
      const unchanged = watchPrototypes()
      const sequence = fc.array(anyOf(SAID), { minLength: 1, maxLength: TOGETHER })
      const property = fc.asyncProperty(sequence, async messages => {
        const { host, listener, ended } = scriptedHost()
        const outcomes = CALLS.map(call => run(host, 'add', [call, call]))
        const link = await listener
        const travelled = messages.map(message => structuredClone(message))
        for (const message of travelled) link.message(message)
        for (const call of CALLS) link.message(['result', call, packed(`mine ${call}`)])
        const { calls, misshapen } = settledBy(travelled)
        if (misshapen) expect(ended()).toBe(true)
        const crashed = ended()
        const settled = await Promise.allSettled(outcomes)
        for (const [index, call] of CALLS.entries()) {
          if (calls.has(call)) continue
          if (crashed) expect(settled[index]).toMatchObject({ reason: expect.any(WorkerCrashedError) })
          else expect(settled[index]).toEqual({ status: 'fulfilled', value: `mine ${call}` })
        }
        unchanged()
        await host.stop()
      })
      await fc.assert(property, runs(USUAL))
    },
    patience(USUAL),
  )
})

describe('mutated messages to a worker', () => {
  it('are taken or refused, and nothing else', () => {
    const unchanged = watchPrototypes()
    const property = fc.property(anyOf(toldOf(1)), message => {
      try {
        expect(toWorker(message)).toBe(message)
      } catch (error) {
        expect(error).toBeInstanceOf(SerializationError)
      }
    })
    fc.assert(property, runs(10 * USUAL))
    unchanged()
  })
})

describe.each(KINDS)('a %s that changes a message', (kind, start) => {
  it(
    'harms its own calls at most, which all settle',
    async () => {
      const unchanged = watchPrototypes()
      const bystander = start()
      const changed = fc.oneof(
        anyOf(saidOf('$call')).map(forged => ['out', 'result', forged] as const),
        anyOf(toldOf('$call')).map(forged => ['in', 'call', forged] as const),
      )
      const property = fc.asyncProperty(changed, async ([direction, what, forged]) => {
        const host = start({ execArgv: tamperingFlags(kind) })
        const first = runSource(host, TAMPER, direction, what, forged)
        const outcomes = [first, run(host, 'add', [1, 2]), run(host, 'add', [3, 4])]
        const settled = Promise.allSettled(outcomes)
        expect(await run(bystander, 'add', [5, 6])).toBe(11)
        await Promise.race([settled, run(host, 'later', ['fine', 20]).catch(() => {})])
        await host.stop()
        for (const [index, outcome] of (await settled).entries()) {
          if (outcome.status === 'fulfilled') continue
          expect([index, outcome.reason]).toEqual([index, expect.any(Error)])
        }
        unchanged()
      })
      await fc.assert(property, runs(USUAL_REAL))
      expect(await run(bystander, 'add', [5, 6])).toBe(11)
    },
    patience(20 * USUAL_REAL),
  )
})

describe('a process that writes bytes of its own into its pipe', () => {
  const [, start] = KINDS[1]
  const WRITE = `(at, text) => { for (const fd of [3, 4, 5]) try { process.getBuiltinModule('node:fs').writeSync(fd, Buffer.from(text, 'base64')) } catch {} ; return at }`

  it(
    'harms its own calls at most, which all settle',
    async () => {
      const unchanged = watchPrototypes()
      const property = fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async bytes => {
        const host = start()
        const [, after] = await Promise.allSettled([
          runSource(host, WRITE, 1, Buffer.from(bytes).toString('base64')),
          run(host, 'add', [1, 2]),
        ])
        if (after?.status === 'fulfilled') expect(after.value).toBe(3)
        else expect(after).toMatchObject({ reason: expect.any(WorkerCrashedError) })
        await host.stop()
        unchanged()
      })
      await fc.assert(property, runs(USUAL_REAL))
    },
    patience(20 * USUAL_REAL),
  )
})
