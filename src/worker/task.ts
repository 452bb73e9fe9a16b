import { INSPECT, type Inspection, inspected } from '../base/inspect.ts'
import { callback, knownOptions } from '../base/options.ts'
import type { WaitOptions } from '../base/wait-timeout.ts'
import type { TaskStream } from '../streams/types.ts'
import type { Outcome, TaskHandle } from '../task/types.ts'
import { CALL_OPTIONS, CallSettings, configuration } from './call.ts'
import { importedNow, insideWorker } from './functions/nesting.ts'
import { type AnyFunction, markWrapper, register } from './functions/registry.ts'
import { TaskWorker } from './task-worker.ts'
import type { Called, CallOptions, TaskFunction, WorkerMode, WorkerOptions } from './types.ts'
import { WORKER_OPTIONS } from './worker-settings.ts'

/** A method as a task: called on an instance, which is its `this`. One that gives a stream is an `async *` method. */
export type TaskMethod<This, A extends readonly unknown[], R> = (
  this: This,
  ...args: A
) => [R] extends [AsyncIterable<infer T>] ? (0 extends 1 & R ? Called<R> : TaskStream<T>) : Called<R>

/** A decorator of methods: TC39, as in TypeScript 5. */
export type TaskDecorator = <This, A extends readonly unknown[], R>(
  method: (this: This, ...args: A) => R,
  context: ClassMethodDecoratorContext<This, (this: This, ...args: A) => R>,
) => TaskMethod<This, A, R>

/**
 * Makes a function run as a task, wherever `mode` says, with everything a task has: a handle, cancelling, timeouts,
 * retries, limits, progress. Calling it submits; it has `map`, `stop` and the other methods of a {@link TaskWorker}.
 *
 * ```ts
 * const square = task((x: number) => x * x, { mode: 'async', maxWorkers: 4 })
 * console.log(await square(5))
 * console.log(await square.map([1, 2, 3]).toArray())
 * await square.stop()
 * ```
 *
 * An `async function*` gives a {@link TaskStream}, in every mode: its calls are at most `buffer` items ahead of the loop, and
 * leaving the loop waits until the function has stopped.
 *
 * In threads and processes the function is found by its module, `module: import.meta.url`, and its name; without `module`
 * its source is sent, which then must need nothing from outside itself.
 *
 * As a decorator of methods, `@task` or `@task({ … })`, in the modes sync and async: all instances share the slots. In
 * TypeScript the method must return a promise, or be an `async *` method that says it returns an `AsyncIterable`, and callers
 * see that: a decorator can't change the type of a method.
 */
export function task<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  options?: WorkerOptions<NoInfer<A>, NoInfer<Outcome<R>>>,
): TaskFunction<A, R>
export function task(options?: WorkerOptions): TaskDecorator
export function task<This, A extends readonly unknown[], R>(
  method: (this: This, ...args: A) => R,
  context: ClassMethodDecoratorContext<This, (this: This, ...args: A) => R>,
): TaskMethod<This, A, R>
export function task(first?: unknown, second?: unknown): unknown {
  if (typeof first !== 'function') {
    const options = given(first)
    return (method: AnyFunction, context: unknown) => taskMethod(method, context, options)
  }
  if (isDecoratorContext(second)) return taskMethod(first as AnyFunction, second, {})
  return taskFunction(first as AnyFunction, given(second))
}

/** The workers of task functions, made by the first call. */
const workers = new WeakMap<object, () => TaskWorker>()

/** The worker of a task function, made now if need be; `undefined` for anything else. */
export function workerOf(value: unknown): TaskWorker | undefined {
  return typeof value === 'function' ? workers.get(value)?.() : undefined
}

function given(options: unknown): WorkerOptions {
  return knownOptions('options', options as WorkerOptions | undefined, WORKER_OPTIONS) ?? {}
}

function taskFunction(fn: AnyFunction, options: WorkerOptions): TaskFunction {
  const { module, name = fn.name } = options
  if (module !== undefined && (insideWorker() || importedNow() !== undefined)) register(module, name, fn)
  // Checked where the mistake is made, and started where it is first used: most modules are imported, few are called.
  const worker = lazily(() => TaskWorker.make({ ...options, fn }))
  if (!insideWorker()) checkOptions(options, fn)
  return withCalls(fn, worker, options, undefined)
}

function withCalls(
  fn: AnyFunction,
  worker: () => TaskWorker,
  options: WorkerOptions,
  calls: CallSettings | undefined,
): TaskFunction {
  const submit = (...args: readonly unknown[]) => {
    const [first, ...others] = args
    return typeof first === 'function'
      ? worker().run(first as AnyFunction, others, undefined, calls)
      : worker().run(fn, args, undefined, calls)
  }
  const members = {
    submit,
    call: (...args: readonly unknown[]) => worker().run(fn, args, undefined, calls),
    map: (...given: readonly unknown[]) => worker().mapWith(options, given),
    with: (more: CallOptions) => {
      const merged = { ...options, ...knownOptions('options', more, CALL_OPTIONS) }
      return withCalls(fn, worker, merged, new CallSettings(merged))
    },
    stats: () => worker().stats(),
    drain: (options?: WaitOptions) => worker().drain(options),
    on: (...listening: Parameters<TaskWorker['on']>) => worker().on(...listening),
    close: (closeOptions?: Parameters<TaskWorker['close']>[0]) => worker().close(closeOptions),
    stop: () => worker().stop(),
    [Symbol.asyncDispose]: () => worker()[Symbol.asyncDispose](),
  }
  const wrapper = Object.assign((...args: readonly unknown[]) => submit(...args), members)
  markWrapper(wrapper, fn, options.name ?? fn.name)
  // Without the worker, which is made by the first call and not by a look.
  const { mode, name = fn.name } = options
  const told = (...inspection: Inspection) =>
    inspected('TaskFunction', { name, ...(mode !== undefined && { mode }) }, ...inspection)
  Object.defineProperty(wrapper, INSPECT, { value: told })
  workers.set(wrapper, worker)
  return named(wrapper, fn) as unknown as TaskFunction
}

function taskMethod(method: AnyFunction, context: unknown, options: WorkerOptions): AnyFunction {
  callback('the decorated method', method)
  if (!isDecoratorContext(context) || context.kind !== 'method') {
    throw new TypeError(
      '@task decorates methods only, with the decorators of TC39 (TypeScript 5 without experimentalDecorators)',
    )
  }
  const { mode } = options
  checkOptions(options, method)
  if (mode !== undefined && !isInLoop(mode)) {
    throw new TypeError(
      `@task runs methods in the modes sync and async, got '${mode}': an instance can't be carried elsewhere`,
    )
  }
  const worker = lazily(() => {
    // A default that is meant for functions may be one of the other modes.
    const { mode: usual = 'async' } = configuration()
    return TaskWorker.make({ ...options, mode: mode ?? (isInLoop(usual) ? usual : 'async'), fn: method })
  })
  function decorated(this: unknown, ...args: readonly unknown[]): TaskHandle<unknown> | TaskStream<unknown> {
    return worker().run(method, args, this)
  }
  return named(decorated, method)
}

function isInLoop(mode: WorkerMode): boolean {
  return mode === 'sync' || mode === 'async'
}

/** Refuses wrong options; what was made for that holds nothing. */
function checkOptions(options: WorkerOptions, fn: AnyFunction): void {
  TaskWorker.check({ ...options, fn })
}

function named<F extends object>(wrapper: F, fn: AnyFunction): F {
  for (const key of ['name', 'length'] as const) {
    Object.defineProperty(wrapper, key, { value: fn[key], configurable: true })
  }
  return wrapper
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

function isDecoratorContext(value: unknown): value is ClassMethodDecoratorContext {
  const { kind, metadata, addInitializer } = Object(value) as Partial<ClassMethodDecoratorContext>
  return typeof kind === 'string' && (typeof addInitializer === 'function' || metadata !== undefined)
}
