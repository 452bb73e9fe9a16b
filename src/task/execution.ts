import type { Operation, Task as Running, Scope } from 'effection'
import { inContext, isOperation } from '../base/operation.ts'
import { type AsyncContext, captureContext, runEntered } from '../base/platform.ts'
import { isThenable, settled } from '../base/thenable.ts'
import { untilSettled } from '../base/yielded.ts'
import type { AttemptContext } from './context/context.ts'
import { type CurrentTask, currentTask } from './current.ts'
import type { SlotOwner } from './deadlock/wait.ts'
import { boundContext, callTraced, runs } from './run-trace.ts'
import type { SpawnSettings } from './spawn-settings.ts'
import type { TaskHandle, Work } from './types.ts'

/** A task of which an attempt is run. */
export interface ExecutedTask extends CurrentTask {
  readonly id: number
  readonly name: string
  readonly settings: Pick<SpawnSettings, 'type' | 'origin'>
  readonly work: Work<unknown> | undefined
  readonly handle: TaskHandle<unknown>
  /** The spawner's. */
  readonly asyncContext: AsyncContext | undefined
  readonly owner: SlotOwner & {
    /** The effection scope in which operations run; made when first needed. */
    readonly scope: Scope
    readonly settings: { readonly name: string }
  }
  /** The attempt's work has stopped, with its result or its error; nothing of it runs any more. */
  attemptEnded(context: AttemptContext, ok: boolean, value: unknown, cleanup?: { readonly error: unknown }): void
  /** How to stop an attempt that is an operation. */
  haltWith(context: AttemptContext, halt: () => void): void
  /** The body of an operation is over and its scope is being torn down: a stop from now on can't change how it ended. */
  bodyEnded(context: AttemptContext, ok: boolean, value: unknown): void
}

/**
 * Runs one attempt. The only place that knows what kind of work it is: whatever the function returns, the task hears
 * `attemptEnded` once, when the work has really stopped.
 */
export function execute(task: ExecutedTask, context: AttemptContext, asyncContext: AsyncContext): void {
  let returned: unknown
  try {
    // Within the spawner's async context, so that what is entered there ends with the call.
    returned = asyncContext.runInAsyncScope(enter, undefined, task, context)
    if (isPlainPromise(returned)) return executePromise(task, context, returned)
    if (isObject(returned)) {
      if (isOperation(returned) && task.status === 'running') return executeOperation(task, context, returned)
      if (isThenable(returned)) return executePromise(task, context, returned)
    }
  } catch (error) {
    return task.attemptEnded(context, false, error)
  }
  task.attemptEnded(context, true, returned)
}

function enter(task: ExecutedTask, context: AttemptContext): unknown {
  return runEntered(currentTask, task, callWork, task, context)
}

function callWork(task: ExecutedTask, context: AttemptContext): unknown {
  const work = task.work as NonNullable<typeof task.work>
  if (!runs.hasSubscribers) return work(context)
  const { id, name, settings, handle, owner } = task
  const { type, origin } = settings
  return callTraced(
    context,
    { id, name, type, attempt: context.attempt, manager: owner.settings.name, handle, origin },
    () => work(context),
  )
}

/** For speed, what most work returns: a native promise that is no operation as well. */
function isPlainPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise && value.then === Promise.prototype.then && !(Symbol.iterator in value)
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

function executePromise(task: ExecutedTask, context: AttemptContext, promise: PromiseLike<unknown>): void {
  const native = promise instanceof Promise ? promise : adopt(task, context, promise)
  native.then(
    value => task.attemptEnded(context, true, value),
    error => task.attemptEnded(context, false, error),
  )
}

/** The `then` of a thenable is the task's own code, and is called in the context in which the promise was made. */
function adopt(task: ExecutedTask, context: AttemptContext, thenable: PromiseLike<unknown>): Promise<unknown> {
  const resolve = () => settled(thenable)
  const asyncContext = boundContext(context) ?? task.asyncContext
  return asyncContext === undefined ? resolve() : asyncContext.runInAsyncScope(resolve)
}

/**
 * The outcome of the body is kept apart from the teardown of its scope, because effection lets a teardown error replace
 * the body's (and `halt` rejects with the body's error when it lands during the cleanup, thefrontside/effection#1235).
 */
function executeOperation(task: ExecutedTask, context: AttemptContext, operation: Operation<unknown>): void {
  let body: { ok: boolean; value: unknown } | undefined
  const stepContext = boundContext(context) ?? captureContextOf(task)
  const ended = (teardownFailed: boolean, teardownError?: unknown) => {
    if (body === undefined) {
      return teardownFailed
        ? task.attemptEnded(context, false, teardownError)
        : task.attemptEnded(context, true, undefined)
    }
    if (!teardownFailed) return task.attemptEnded(context, body.ok, body.value)
    if (body.ok) return task.attemptEnded(context, false, teardownError)
    if (teardownError === body.value) return task.attemptEnded(context, false, body.value)
    task.attemptEnded(context, false, body.value, { error: teardownError })
  }
  let running: Running<void> | undefined
  let halting = false
  const halt = () => {
    halting = true
    if (running === undefined) return
    haltIn(stepContext, running).then(
      () => ended(false),
      error => ended(true, error),
    )
  }
  // Before the start: the body runs to its first suspension at once, and may have itself cancelled there.
  task.haltWith(context, halt)
  const run = function* () {
    try {
      let value = yield* inContext(operation, stepContext)
      if (isThenable(value) && (value as unknown) !== operation) value = yield* untilSettled(value)
      body = { ok: true, value }
    } catch (error) {
      body = { ok: false, value: error }
    }
    task.bodyEnded(context, body.ok, body.value)
  }
  running = stepContext.runInAsyncScope(() => task.owner.scope.run(run))

  if (halting) return halt()
  running.then(
    () => halting || ended(false),
    error => halting || ended(true, error),
  )
}

/** The cleanup is the task's own code. Halting is lazy, so to ask for its outcome in the context is what starts it there. */
function haltIn(context: AsyncContext, running: Running<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    context.runInAsyncScope(() => running.halt().then(resolve, reject))
  })
}

/** The spawner's context with the task entered, for all later steps of an operation. */
function captureContextOf(task: ExecutedTask): AsyncContext {
  return (task.asyncContext as AsyncContext).runInAsyncScope(() => currentTask.run(task, captureContext))
}
