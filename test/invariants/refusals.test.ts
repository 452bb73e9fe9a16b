import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CloseOptions, type MapOptions, type SpawnOptions, TaskManager, type Work } from '../../src/index.ts'
import { settle } from '../../src/testing.ts'
import { patience, runs } from '../fuzz/runs.ts'

const USUAL = 60

/** Anything at all that may be handed over by mistake. */
const garbage: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSparseArray: true }),
  fc.double(),
  fc.constantFrom<unknown>(0, -0, -1, 1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.constantFrom<unknown>(null, '', '5', 'run', 'throw', 5n, true, [], {}, Symbol('a symbol'), () => {}, class {}),
  fc.constantFrom<unknown>(Promise.resolve(), new Map(), Object.create(null), new Proxy({}, {}), new Error('an error')),
  fc.constantFrom<unknown>(
    new AbortController(),
    new AbortController().signal,
    { aborted: false },
    new Date(Number.NaN),
  ),
)

type Verdict = 'right' | 'wrong type' | 'wrong value'
type Rule = (value: unknown) => Verdict

/** A rule for values of one type; `undefined` always stands for the default. */
const rule =
  (type: string, holds: (value: never) => boolean): Rule =>
  value => {
    if (value === undefined) return 'right'
    if (typeof value !== type) return 'wrong type'
    return holds(value as never) ? 'right' : 'wrong value'
  }

const whole = (value: number) => Number.isSafeInteger(value) || value === Number.POSITIVE_INFINITY
const duration = rule('number', (value: number) => value >= 0)
const capacity = rule('number', (value: number) => whole(value) && value >= 1)
const count = rule('number', (value: number) => whole(value) && value >= 0)
const ordering = rule('number', (value: number) => !Number.isNaN(value))
const string = rule('string', () => true)
const boolean = rule('boolean', () => true)
const callback = rule('function', () => true)
const oneOf = (...choices: string[]) => rule('string', (value: string) => choices.includes(value))
const signal: Rule = value => (value === undefined || value instanceof AbortSignal ? 'right' : 'wrong type')

const ofManager: Record<string, Rule> = {
  maxTasks: capacity,
  maxPending: count,
  closeTimeout: duration,
  cleanupTimeout: duration,
  failFast: boolean,
  name: string,
  signal,
  logger: value => (value === undefined || value === false ? 'right' : 'wrong type'),
  onError: callback,
  autoStart: boolean,
}

const ofSpawn: Record<string, Rule> = {
  name: string,
  type: string,
  priority: ordering,
  timeout: duration,
  deadline: duration,
  signal,
}

const ofMap: Record<string, Rule> = {
  ...ofSpawn,
  buffer: capacity,
  ordered: boolean,
  onError: oneOf('throw', 'collect'),
  progress: value => {
    if (value === undefined || typeof value === 'boolean' || typeof value === 'function') return 'right'
    // No option of it has a name that is made here, but the methods of a Map have.
    if (typeof value !== 'object' || value === null || Array.isArray(value) || 'clear' in value) return 'wrong type'
    return Object.keys(value).length === 0 ? 'right' : 'wrong type'
  },
}

const ofClose: Record<string, Rule> = { timeout: duration, pending: oneOf('run', 'cancel') }
const ofWait: Record<string, Rule> = { timeout: duration, signal }

/** What a call threw, or rejected with. */
async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call()
    return undefined
  } catch (error) {
    return error
  }
}

/** Checks that `error` says what the verdict asks for, and names the option. */
function expectRefusal(error: unknown, verdict: Verdict, name: string): void {
  if (verdict === 'right') {
    expect(error).toBeUndefined()
    return
  }
  expect(error).toBeInstanceOf(verdict === 'wrong type' ? TypeError : RangeError)
  expect((error as Error).message).toContain(name)
  expect((error as Error).message).toMatch(/ must (be|have) /)
}

function everyGarbage(check: (value: unknown) => Promise<void>): Promise<void> {
  return fc.assert(fc.asyncProperty(garbage, check), runs(USUAL))
}

const nothing = { pending: 0, running: 0, stopping: 0, done: 0, failed: 0, cancelled: 0 }

describe('invariant 16: wrong options are refused at the call, by name, and nothing is kept', () => {
  it.each(Object.entries(ofManager))(
    '%s of a manager',
    async (option, verdict) => {
      await everyGarbage(async value => {
        const error = await thrownBy(() => TaskManager.start({ [option]: value }))
        expectRefusal(error, verdict(value), option)
      })
    },
    patience(USUAL),
  )

  it.each(Object.entries(ofSpawn))(
    '%s of spawn',
    async (option, verdict) => {
      await everyGarbage(async value => {
        const manager = await TaskManager.start()
        const called: unknown[] = []
        const error = await thrownBy(
          () => void manager.spawn(() => called.push(value), { [option]: value } as SpawnOptions),
        )
        expectRefusal(error, verdict(value), option)
        await settle()
        if (verdict(value) === 'right') return
        expect(called).toEqual([])
        expect(manager.stats()).toMatchObject(nothing)
      })
    },
    patience(USUAL),
  )

  it.each(Object.entries(ofMap))(
    '%s of map',
    async (option, verdict) => {
      await everyGarbage(async value => {
        const manager = await TaskManager.start()
        const taken: unknown[] = []
        const items = {
          [Symbol.iterator]: () => {
            taken.push('an iterator')
            return [][Symbol.iterator]()
          },
        }
        const error = await thrownBy(() => void manager.map(items, () => {}, { [option]: value } as MapOptions))
        expectRefusal(error, verdict(value), option)
        expect(taken).toEqual([])
      })
    },
    patience(USUAL),
  )

  it.each(Object.entries(ofClose))(
    '%s of close, which then closes nothing',
    async (option, verdict) => {
      await everyGarbage(async value => {
        const manager = await TaskManager.start()
        const error = await thrownBy(() => void manager.close({ [option]: value } as CloseOptions))
        expectRefusal(error, verdict(value), option)
        expect(manager.stats().closed).toBe(verdict(value) === 'right')
      })
    },
    patience(USUAL),
  )

  it.each(Object.entries(ofWait))(
    '%s of wait',
    async (option, verdict) => {
      const manager = await TaskManager.start()
      const handle = manager.spawn(() => {})
      await everyGarbage(async value => {
        expectRefusal(await thrownBy(() => handle.wait({ [option]: value })), verdict(value), option)
      })
    },
    patience(USUAL),
  )

  it(
    'maxTasks set later, which then stays',
    async () => {
      await everyGarbage(async value => {
        if (value === undefined) return
        const manager = await TaskManager.start(7)
        const error = await thrownBy(() => {
          manager.maxTasks = value as number
        })
        expectRefusal(error, capacity(value), 'maxTasks')
        expect(manager.maxTasks).toBe(capacity(value) === 'right' ? value : 7)
      })
    },
    patience(USUAL),
  )

  it(
    'what is no options object',
    async () => {
      await everyGarbage(async value => {
        if (value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value))) return
        const manager = await TaskManager.start()
        const options = value as object
        for (const call of [
          () => void manager.spawn(() => {}, options),
          () => void manager.map([], () => {}, options),
          () => void manager.close(options),
          () => (typeof value === 'number' ? undefined : TaskManager.start(options)),
        ]) {
          const error = await thrownBy(call)
          if (typeof value !== 'number' || error !== undefined) expectRefusal(error, 'wrong type', 'options')
        }
        expect(manager.stats()).toMatchObject({ ...nothing, closed: false })
      })
    },
    patience(USUAL),
  )

  it(
    'an event that does not exist, and a listener that is no function',
    async () => {
      const manager = await TaskManager.start()
      await everyGarbage(async value => {
        const event = typeof value === 'string' ? 'wrong value' : 'wrong type'
        expectRefusal(await thrownBy(() => void manager.on(value as 'done', () => {})), event, 'event')
        if (value === undefined) return
        const listener = await thrownBy(() => void manager.on('done', value as () => void))
        expectRefusal(listener, callback(value), 'listener')
      })
    },
    patience(USUAL),
  )
})

describe('invariant 16: wrong work is refused at the call, by name, and nothing is kept', () => {
  it(
    'by spawn',
    async () => {
      await everyGarbage(async value => {
        if (typeof value === 'function') return
        const manager = await TaskManager.start()
        const error = await thrownBy(() => void manager.spawn(value as Work<unknown>))
        expectRefusal(error, 'wrong type', 'work')
        expect(manager.stats()).toMatchObject(nothing)
      })
    },
    patience(USUAL),
  )

  it(
    'by map, as are items that are no iterable',
    async () => {
      await everyGarbage(async value => {
        const manager = await TaskManager.start()
        if (typeof value !== 'function') {
          expectRefusal(await thrownBy(() => void manager.map([], value as () => void)), 'wrong type', 'fn')
        }
        const { [Symbol.iterator]: iterator } = Object(value ?? {}) as Partial<Iterable<unknown>>
        if (typeof iterator === 'function') return
        const error = await thrownBy(() => void manager.map(value as Iterable<unknown>, () => {}))
        expectRefusal(error, 'wrong type', 'items')
      })
    },
    patience(USUAL),
  )

  it('with the reason, for a promise and for an operation', async () => {
    const manager = await TaskManager.start()
    const operation = function* () {}
    expect(() => manager.spawn(Promise.resolve() as never)).toThrow(/already running/)
    expect(() => manager.spawn(operation() as never)).toThrow(/pass the function that makes it/)
  })

  it(
    'of a progress that is none, to the work that reports it',
    async () => {
      const manager = await TaskManager.start()
      await everyGarbage(async value => {
        const fraction = rule('number', (part: number) => part >= 0 && part <= 1)
        const error = await manager.spawn(task => thrownBy(() => task.progress(value as number)))
        const isObject = typeof value === 'object' && value !== null
        expectRefusal(
          error,
          value === undefined ? 'wrong type' : fraction(value),
          isObject ? 'progress.completed' : 'progress',
        )
      })
    },
    patience(USUAL),
  )
})
