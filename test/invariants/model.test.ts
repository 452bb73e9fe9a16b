import { ensure, type Operation, until } from 'effection'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { QueueFullError, type TaskContext, type TaskHandle, TaskManager, type TaskStatus } from '../../src/index.ts'
import { createGate, type Gate, settle } from '../../src/testing.ts'
import { patience, runs } from '../fuzz/runs.ts'

const USUAL = 400
const MAX_PENDING = 4

type Kind = 'hears' | 'deaf' | 'operation'

interface ModelTask {
  readonly priority: number
  readonly kind: Kind
  status: TaskStatus
  /** Its work was called and has not stopped. */
  works: boolean
}

/** All there is to know about a manager, in thirty lines. */
class Model {
  readonly tasks: ModelTask[] = []
  maxTasks = 2
  paused = false
  closed = false

  pump(): void {
    for (;;) {
      const working = this.tasks.filter(task => task.works).length
      const [head] = this.tasks.filter(task => task.status === 'pending').sort((a, b) => b.priority - a.priority)
      if (head === undefined || this.paused || working >= this.maxTasks) return
      head.status = 'running'
      head.works = true
    }
  }

  finish(task: ModelTask, ok: boolean): void {
    task.works = false
    if (task.status === 'running') task.status = ok ? 'done' : 'failed'
    if (task.status === 'stopping') task.status = ok ? 'cancelled' : 'failed'
  }

  cancel(task: ModelTask): void {
    if (task.status === 'pending') task.status = 'cancelled'
    if (task.status === 'running') task.status = task.kind === 'deaf' ? 'cancelled' : 'stopping'
  }

  get idle(): boolean {
    return this.tasks.every(task => task.status !== 'pending' && !task.works)
  }

  get full(): boolean {
    const free = this.paused ? 0 : Math.max(0, this.maxTasks - this.tasks.filter(task => task.works).length)
    return this.count('pending') >= MAX_PENDING + free
  }

  count(status: TaskStatus): number {
    return this.tasks.filter(task => task.status === status).length
  }
}

class Real {
  readonly manager: TaskManager
  readonly handles: TaskHandle<void>[] = []
  readonly gates: Gate<boolean>[] = []
  closeReturned = false
  drains = 0

  constructor(manager: TaskManager) {
    this.manager = manager
  }
}

/** The task ends, or ends its cleanup, when the gate opens: with an error of its own when it opens to `false`. */
const bodies = {
  deaf: (gate: Gate<boolean>) => async () => check(await gate),
  hears:
    (gate: Gate<boolean>) =>
    async ({ signal }: TaskContext) => {
      const aborted = new Promise(resolve => signal.addEventListener('abort', resolve))
      await Promise.race([gate, aborted])
      check(await gate)
      signal.throwIfAborted()
    },
  operation: (gate: Gate<boolean>) =>
    function* (): Operation<void> {
      let ended = false
      yield* ensure(function* () {
        if (!ended) check(yield* until(gate))
      })
      const ok = yield* until(gate)
      ended = true
      check(ok)
    },
}

function check(ok: boolean): void {
  if (!ok) throw new Error('an error of its own')
}

type Command = fc.AsyncCommand<Model, Real>

/** A command: what it does to both, with the comparison that follows each. */
function command(
  name: string,
  apply: (model: Model, real: Real) => void,
  possible: (model: Model) => boolean = () => true,
): Command {
  return {
    toString: () => name,
    check: model => possible(model),
    async run(model, real) {
      apply(model, real)
      model.pump()
      await settle()
      compare(model, real)
    },
  }
}

function compare(model: Model, { manager, handles, closeReturned, drains }: Real): void {
  const { pending, running, stopping, done, failed, cancelled, maxTasks, paused, closed, abandoned } = manager.stats()
  expect(handles.map(handle => handle.status)).toEqual(model.tasks.map(task => task.status))
  expect({ pending, running, stopping, done, failed, cancelled }).toEqual({
    pending: model.count('pending'),
    running: model.count('running'),
    stopping: model.count('stopping'),
    done: model.count('done'),
    failed: model.count('failed'),
    cancelled: model.count('cancelled'),
  })
  expect({ maxTasks, paused, closed, abandoned }).toEqual({
    maxTasks: model.maxTasks,
    paused: model.paused,
    closed: model.closed,
    abandoned: 0,
  })
  expect(closeReturned).toBe(model.closed && model.idle)
  if (model.idle) expect(drains).toBe(0)
}

const spawn = fc
  .tuple(fc.constantFrom<Kind>('hears', 'deaf', 'operation'), fc.integer({ min: -1, max: 1 }))
  .map(([kind, priority]) =>
    command(
      `spawn(${kind}, priority ${priority})`,
      (model, real) => {
        const gate = createGate<boolean>()
        const spawnOne = () => real.manager.spawn<void>(bodies[kind](gate), { priority })
        if (model.full) return expect(spawnOne).toThrow(QueueFullError)
        real.gates.push(gate)
        real.handles.push(spawnOne())
        model.tasks.push({ kind, priority, status: 'pending', works: false })
      },
      model => !model.closed,
    ),
  )

const finish = fc.tuple(fc.nat({ max: 9 }), fc.boolean()).map(([which, ok]) =>
  command(
    `finish(${which}, ${ok})`,
    (model, real) => {
      const [index, task] = pick(which, model)
      real.gates[index]?.open(ok)
      model.finish(task, ok)
    },
    model => model.tasks.some(task => task.works),
  ),
)

/** One of the tasks whose work goes on. */
function pick(which: number, model: Model): [number, ModelTask] {
  const working = [...model.tasks.entries()].filter(([, task]) => task.works)
  return working[which % working.length] as [number, ModelTask]
}

const cancel = fc.nat({ max: 9 }).map(which =>
  command(
    `cancel(${which})`,
    (model, real) => {
      const index = which % model.tasks.length
      real.handles[index]?.cancel()
      model.cancel(model.tasks[index] as ModelTask)
    },
    model => model.tasks.length > 0,
  ),
)

const drain = fc.constant(
  command('drain()', (model, real) => {
    real.drains += 1
    real.manager.drain().then(() => {
      expect(model.idle).toBe(true)
      real.drains -= 1
    })
  }),
)

const pause = fc.constant(
  command('pause()', (model, real) => {
    real.manager.pause()
    model.paused = !model.closed
  }),
)

const resume = fc.constant(
  command('resume()', (model, real) => {
    real.manager.resume()
    model.paused = false
  }),
)

const maxTasks = fc.integer({ min: 1, max: 4 }).map(value =>
  command(`maxTasks = ${value}`, (model, real) => {
    real.manager.maxTasks = value
    model.maxTasks = value
  }),
)

const close = fc.constantFrom<('run' | 'cancel')[]>('run', 'cancel').map(pending =>
  command(`close({ pending: '${pending}' })`, (model, real) => {
    real.manager.close({ pending }).then(() => {
      real.closeReturned = true
    })
    model.closed = true
    model.paused = false
    if (pending === 'cancel') for (const task of model.tasks) if (task.status === 'pending') model.cancel(task)
  }),
)

describe('invariants 4 to 8 and 10, against a model', () => {
  it(
    'agree with it in every status and every count after every step',
    async () => {
      const commands = [spawn, spawn, spawn, finish, finish, cancel, drain, pause, resume, resume, maxTasks, close]
      const property = fc.asyncProperty(fc.commands(commands, { maxCommands: 40, size: 'max' }), async steps => {
        const forever = Number.POSITIVE_INFINITY
        const options = {
          maxTasks: 2,
          maxPending: MAX_PENDING,
          closeTimeout: forever,
          cleanupTimeout: forever,
          logger: false,
        } as const
        const manager = await TaskManager.start(options)
        await fc.asyncModelRun(() => ({ model: new Model(), real: new Real(manager) }), steps)
      })
      await fc.assert(property, runs(USUAL))
    },
    patience(USUAL),
  )
})
